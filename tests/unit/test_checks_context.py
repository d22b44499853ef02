"""Checks of a build context: edge cases, with evidence made by hand."""

from __future__ import annotations

import io
import json
import tarfile

import pytest

from labkit.checks.registry import CHECKS
from labkit.layers import read_archive
from labkit.result import Outcome
from labkit.testing import FakeContextEvidence, FakeSearchedImage, fake_layer


def finding(check, evidence, /, **arguments):
    found = CHECKS[check](evidence, **arguments)
    assert found.saw
    assert found.outcome is Outcome.PASS or (found.want and found.why)
    return found


@pytest.mark.parametrize(
    ("context", "passes", "says"),
    [
        ({"Dockerfile": 100}, True, "0 kB in 1 files"),
        ({"a": 99_000, "b": 1000}, True, "100 kB in 2 files"),
        ({"a": 99_000, "b": 1001}, False, "a (99 kB)"),
        (
            {"a": 1, "web/node_modules/x/y.js": 2_000_000, "web/node_modules/z": 500_000},
            False,
            "web/node_modules/ (2.5",
        ),
        ({"logs/a": 150_000, "logs/b": 150_000, "c": 200_000}, False, "logs/ (300 kB), c (200 kB)"),
        ({}, True, "0 files"),
    ],
)
def test_context_at_most(context, passes, says):
    found = finding("context_at_most", FakeContextEvidence(context=context), kilobytes=100)
    assert (found.outcome is Outcome.PASS) is passes
    assert says in found.saw


@pytest.mark.parametrize(
    ("places", "passes", "says"),
    [
        ({}, True, "None of the 2 secrets"),
        ({"one": "app/.env"}, False, "the key (in /app/.env)."),
        ({"two": "app/gone"}, False, "the password (in /app/gone, which a later step removes)"),
        ({"one": ""}, False, "the key (in its configuration or history)"),
        ({"one": "app/.env", "two": "app/.env"}, False, "the key (in /app/.env); the password (in /app/.env)"),
    ],
)
def test_no_secret_inside(places, passes, says):
    image = FakeSearchedImage(layers=[fake_layer("copy", "app/.env")], places=places)
    secrets = {"the key": "one", "the password": "two"}
    found = finding("no_secret_inside", FakeContextEvidence(image=image), secrets=secrets)
    assert (found.outcome is Outcome.PASS) is passes
    assert says in found.saw


def tar(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def test_words_are_found_in_layers():
    below, above = tar({"./app/.env": b"KEY=lamp", "app/b": b"-"}), tar({"app/.wh..env": b"", "c": b"ink", "d": b"ink"})
    manifest = json.dumps([{"Layers": ["1/layer.tar", "2/layer.tar"]}]).encode()
    archive = tar({"2/layer.tar": above, "1/layer.tar": below, "x.json": b'{"Env": []}', "manifest.json": manifest})
    chunks = [archive[n : n + 1000] for n in range(0, len(archive), 1000)]
    first, second = read_archive(chunks, [b"lamp", b"ink", b"nothing"])
    assert first.found == {b"lamp": "app/.env", b"ink": None, b"nothing": None}
    assert second.found == {b"lamp": None, b"ink": "c", b"nothing": None}
    assert (set(first.files), second.removed) == ({"app/.env", "app/b"}, ("app/.env",))
    assert [each.found for each in read_archive([archive])] == [{}, {}]
