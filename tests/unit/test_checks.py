"""Each check's table of edge cases: what it must refuse and the odd things that it must accept."""

from __future__ import annotations

from pathlib import Path

import pytest

from labkit import course
from labkit.checks.manual import manual
from labkit.checks.registry import CHECKS, REGISTERED
from labkit.container import Answer, Stop
from labkit.errors import SandboxError, StepTimeout
from labkit.result import Outcome
from labkit.testing import FakeEvidence, FakeImage, FakeRebuild, fake_layer

ENDED = SandboxError("The container ended with exit code 1.", fix="-")
SILENT = StepTimeout("Nothing answered.", fix="-")
BASE = fake_layer("base", "usr/local/lib/node_modules/npm/index.js")
DEPS = fake_layer("deps", *(f"app/node_modules/{n}/index.js" for n in range(9)))
SRC = fake_layer("src", "app/src/index.js")


def outcome(check, evidence, /, **arguments):
    finding = CHECKS[check](evidence, **arguments)
    assert finding.saw
    assert finding.outcome is Outcome.PASS or (finding.want and finding.why)
    return finding.outcome is Outcome.PASS


def image(*layers, **fields):
    return FakeImage(layers=layers, **fields)


def rebuilt(*layers, holds=b"new", path="app/src/index.js"):
    return FakeRebuild(FakeImage("sha256:2", layers, contents={path: holds}))


@pytest.mark.parametrize(
    ("before", "after", "passes"),
    [
        (image(BASE, DEPS, SRC), rebuilt(BASE, DEPS, fake_layer("src2", "app/src/index.js")), True),
        (image(BASE, DEPS, SRC), rebuilt(BASE, fake_layer("deps2", *DEPS.files), SRC), False),
        # the edited file is not in the image: nothing was reused rightly, the source is simply missing or stale
        (image(BASE, DEPS, SRC), rebuilt(BASE, DEPS, SRC, holds=b"old"), False),
        (image(BASE, DEPS), rebuilt(BASE, DEPS), False),
        # the same image again: the edit went nowhere
        (image(BASE, DEPS, SRC), FakeRebuild(FakeImage("sha256:1", (BASE, DEPS, SRC))), False),
        # no dependencies at all; the base image's own node_modules are not the app's
        (image(BASE, SRC), rebuilt(BASE, SRC), False),
        # installed twice: the second, topmost one counts
        (image(BASE, DEPS, SRC, fake_layer("again", *DEPS.files)), rebuilt(BASE, DEPS, SRC, fake_layer("a2")), False),
        # a later layer that only touches a file of the dependencies does not hold them
        (
            image(BASE, DEPS, fake_layer("x", "app/node_modules/0/index.js", "app/src/index.js")),
            rebuilt(BASE, DEPS),
            True,
        ),
    ],
)
def test_layer_reused(before, after, passes):
    evidence = FakeEvidence(image=before, again=after)
    assert outcome("layer_reused", evidence, edit="src/index.js", holds="app/node_modules") is passes


@pytest.mark.parametrize(
    ("old", "again", "passes"),
    [
        (b"old", rebuilt(BASE, DEPS, fake_layer("dist2"), path="app/dist/index.js"), True),
        (b"new", rebuilt(BASE, DEPS, fake_layer("dist2"), path="app/dist/index.js"), False),
        (b"old", rebuilt(BASE, DEPS, fake_layer("dist2"), path="app/other.js"), False),
        (b"old", rebuilt(BASE, fake_layer("deps2"), path="app/dist/index.js"), False),
    ],
    ids=["another file", "the same file", "no file", "installed anew"],
)
def test_layer_reused_where_the_source_is_made_into_another_file(old, again, passes):
    before = image(BASE, DEPS, fake_layer("dist"), contents={"app/dist/index.js": old})
    arguments = {"edit": "src/index.ts", "holds": "app/node_modules", "into": "app/dist/index.js"}
    assert outcome("layer_reused", FakeEvidence(image=before, again=again), **arguments) is passes


@pytest.mark.parametrize(("size", "passes"), [(40, True), (50, True), (51, False), (100, False), (300, False)])
def test_image_smaller_than_single_stage(size, passes):
    evidence = FakeEvidence(image=FakeImage(size=size), baseline=FakeImage(size=100))
    assert outcome("image_smaller_than_single_stage", evidence, percent=50) is passes


@pytest.mark.parametrize(
    ("layers", "paths", "passes"),
    [
        ((BASE, SRC), ["app/node_modules"], True),
        ((BASE, DEPS), ["app/node_modules"], False),
        ((BASE, DEPS), ["app/node_modules/0"], False),
        ((BASE, SRC), ["app/src/*.js"], False),
        ((BASE, SRC), ["**/*.ts"], True),
        ((BASE, fake_layer("s", "srv/app/src/a.ts")), ["**/*.ts"], False),
        # deleted in a later layer: a container does not see it; that its bytes remain is the size's business
        ((BASE, DEPS, fake_layer("rm", removed=["app/node_modules"])), ["app/node_modules"], True),
        # emptied and filled again
        ((DEPS, fake_layer("o", "app/node_modules/1/x", removed=["app/node_modules/"])), ["app/node_modules/0"], True),
        ((DEPS, fake_layer("o", "app/node_modules/1/x", removed=["app/node_modules/"])), ["app/node_modules/1"], False),
    ],
)
def test_not_in_image(layers, paths, passes):
    evidence = FakeEvidence(image=image(*layers))
    assert outcome("not_in_image", evidence, paths=paths) is passes


@pytest.mark.parametrize(
    ("paths", "passes"),
    [(["app/src/index.js"], True), (["app/src", "app/node_modules/3"], True), (["app/src", "app/dist"], False)],
)
def test_in_image(paths, passes):
    assert outcome("in_image", FakeEvidence(image=image(DEPS, SRC)), paths=paths) is passes


@pytest.mark.parametrize(
    ("uids", "passes"),
    [
        ([100], True),
        ([65534, 1000], True),
        ([0], False),
        ([1000, 0], False),
        ([], False),
        (ENDED, False),
        (SILENT, False),
    ],
)
def test_runs_as_non_root(uids, passes):
    assert outcome("runs_as_non_root", FakeEvidence(uids=uids)) is passes


@pytest.mark.parametrize(
    ("answer", "contains", "passes"),
    [
        (Answer(200, '{"ok":true}'), "", True),
        (Answer(204, ""), "", True),
        (Answer(200, '{"ok":true}'), "ok", True),
        (Answer(200, "hello"), "ok", False),
        (Answer(404, "ok"), "ok", False),
        (Answer(500, ""), "", False),
        (ENDED, "", False),
        (SILENT, "", False),
    ],
)
def test_answers_on_port(answer, contains, passes):
    assert outcome("answers_on_port", FakeEvidence(answered=answer), port=3000, contains=contains) is passes


@pytest.mark.parametrize(
    ("exposed", "passes"),
    [
        ({"3000/tcp": {}}, True),
        ({"80/tcp": {}, "3000/tcp": {}}, True),
        ({"3000/udp": {}}, False),
        ({}, False),
        (None, False),
    ],
)
def test_exposes_port(exposed, passes):
    assert outcome("exposes_port", FakeEvidence(image=FakeImage(config={"ExposedPorts": exposed})), port=3000) is passes


@pytest.mark.parametrize(
    ("stop", "passes", "closes"),
    [
        (Stop("SIGTERM", 0.2, 0, "open\nclosed\n"), True, True),
        (Stop("SIGTERM", 0.2, 0, "open"), True, False),
        (Stop("SIGINT", 0.2, 130, "closed"), True, True),
        (Stop("SIGTERM", 0.2, 143), True, False),
        (Stop("SIGTERM", 5, None, "closed"), False, False),
        (Stop("SIGTERM", 4, 137), False, False),
        (Stop("SIGKILL", 0.1, 137, "closed"), False, False),
        (ENDED, False, False),
        (SILENT, False, False),
    ],
)
def test_stops_gracefully(stop, passes, closes):
    evidence = FakeEvidence(stopped=stop)
    assert outcome("stops_gracefully", evidence) is passes
    assert outcome("stops_gracefully", evidence, says="closed") is closes


@pytest.mark.parametrize(
    ("stop", "saw"),
    [
        (Stop("SIGTERM", 0.1, 0, "closed"), "The container ended by itself after SIGTERM, with exit code 0."),
        (Stop("SIGINT", 0.1, 130, "closed"), "The container ended by itself after SIGINT, with exit code 130."),
        (Stop("SIGTERM", 5, None), "5 seconds after SIGTERM the container still ran."),
        (Stop("SIGKILL", 0.1, 137), "SIGKILL ended it with exit code 137, which is 128 + 9, SIGKILL."),
        (Stop("SIGTERM", 0.1, 0), "After SIGTERM the container ended, with exit code 0, but never wrote 'closed'."),
        (ENDED, "The container ended with exit code 1."),
        (SILENT, "Nothing answered."),
    ],
)
def test_stops_gracefully_says_how_it_went(stop, saw):
    assert CHECKS["stops_gracefully"](FakeEvidence(stopped=stop), says="closed").saw == saw


CONFIG = {"Cmd": ["node", "a.js"], "WorkingDir": "/app/", "Env": ["A=1", "B=x=y"], "Labels": {"l": "v"}, "User": ""}


@pytest.mark.parametrize(
    ("key", "value", "passes"),
    [
        ("Cmd", ["node", "a.js"], True),
        ("Cmd", ["/bin/sh", "-c", "node a.js"], False),
        ("WorkingDir", "/app", True),
        ("WorkingDir", "/srv", False),
        ("Env.A", "1", True),
        ("Env.B", "x=y", True),
        ("Env.C", "1", False),
        ("Labels.l", "v", True),
        ("Labels.m", "v", False),
        ("User", "node", False),
        ("Entrypoint", ["x"], False),
    ],
)
def test_config_equals(key, value, passes):
    assert outcome("config_equals", FakeEvidence(image=FakeImage(config=CONFIG)), key=key, value=value) is passes


TEXT = 'FROM a AS b\nEXPOSE 80\nFROM c\nCOPY package*.json ./\nRUN npm ci\nCOPY . .\nCMD ["node", "x.js"]\n'


@pytest.mark.parametrize(
    ("arguments", "passes"),
    [
        ({"name": "CMD"}, True),
        ({"name": "cmd", "value": "node x.js"}, True),
        ({"name": "CMD", "value": "node y.js"}, False),
        ({"name": "EXPOSE"}, False),
        ({"name": "EXPOSE", "stage": "any"}, True),
        ({"name": "HEALTHCHECK"}, False),
    ],
)
def test_instruction_present(arguments, passes):
    assert outcome("instruction_present", FakeEvidence(TEXT), **arguments) is passes


@pytest.mark.parametrize(
    ("first", "then", "passes"),
    [
        ("COPY package", "RUN npm ci", True),
        ("RUN npm ci", "COPY .", True),
        ("COPY . .", "RUN npm ci", False),
        ("EXPOSE", "CMD", False),  # of another stage
        ("CMD", "HEALTHCHECK", False),
    ],
)
def test_instruction_order(first, then, passes):
    assert outcome("instruction_order", FakeEvidence(TEXT), first=first, then=then) is passes


def test_the_manual_is_as_the_checks_say():
    """Where this fails: `labkit dev manual`."""
    page = (Path(__file__).parents[2] / "docs" / "checks.md").read_text(encoding="utf-8")
    assert page == manual(course.refused())


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_every_check_has_a_headline(name):
    assert REGISTERED[name].title
