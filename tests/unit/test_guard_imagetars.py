"""Archives of images: in with the seat's names, out with the plain ones."""

from __future__ import annotations

import json

import pytest
from tar_tools import MOST, entries, tar, through

from labkit.guard.imagetars import ImageIn, ImageOut
from labkit.guard.names import Names
from labkit.guard.refusal import Malformed

ID = "sha256:" + "a1" * 32
OLD_FORM = [  # as docker save writes it: 20.10
    ("f" * 64 + "/layer.tar", b"layer"),
    ("manifest.json", json.dumps([{"Config": "c.json", "RepoTags": ["shop:1"], "Layers": ["f/layer.tar"]}]).encode()),
    ("repositories", b'{"shop":{"1":"f"}}'),
]
NOTES = {"io.containerd.image.name": "docker.io/library/shop:1", "org.opencontainers.image.ref.name": "1"}
OCI = [  # and 28
    ("oci-layout", b'{"imageLayoutVersion":"1.0.0"}'),
    ("index.json", json.dumps({"schemaVersion": 2, "manifests": [{"digest": ID, "annotations": NOTES}]}).encode()),
    (
        "manifest.json",
        json.dumps([{"Config": "blobs/x", "RepoTags": ["shop:1"], "Layers": [], "LayerSources": {}}]).encode(),
    ),
]


class TestImages:
    def loaded(self, given, step=0):
        return {name: content for name, *_, content in entries(through(ImageIn(Names("ada"), MOST), tar(*given), step))}

    @pytest.mark.parametrize("step", [0, 1])
    @pytest.mark.parametrize("given", [OLD_FORM, OCI])
    def test_names_become_the_seats(self, given, step):
        found = self.loaded(given, step)
        assert json.loads(found["manifest.json"])[0]["RepoTags"] == ["labkit.invalid/ada/o/shop:1"]
        assert "repositories" not in found
        if given is OCI:
            notes = json.loads(found["index.json"])["manifests"][0]["annotations"]
            assert notes == {"io.containerd.image.name": "labkit.invalid/ada/o/shop:1"}

    def test_names_come_back(self):
        there = through(ImageOut(Names("ada")), through(ImageIn(Names("ada"), MOST), tar(*OCI)))
        assert json.loads({each[0]: each[-1] for each in entries(there)}["manifest.json"])[0]["RepoTags"] == ["shop:1"]

    @pytest.mark.parametrize("given", [OLD_FORM, OCI])
    def test_without_the_seats_names_nothing_changes_on_the_way_out(self, given):
        assert entries(through(ImageOut(Names("ada")), tar(*given))) == entries(tar(*given))

    @pytest.mark.parametrize("tags", [None, []])
    def test_an_image_without_a_name(self, tags):
        found = self.loaded([("manifest.json", json.dumps([{"Config": "c", "RepoTags": tags}]).encode())])
        assert json.loads(found["manifest.json"]) == [{"Config": "c", "RepoTags": None}]

    def test_what_is_not_known_of_an_image_is_left_out(self):
        found = self.loaded([("manifest.json", b'[{"Config": "c", "repotags": ["alpine:3.20"]}]')])
        assert json.loads(found["manifest.json"]) == [{"Config": "c", "RepoTags": None}]

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("manifest.json", b"{}"),
            ("manifest.json", b"[5]"),
            ("manifest.json", b"not JSON"),
            ("manifest.json", b'[{"RepoTags": ["cafe"]}]'),
            ("manifest.json", b'[{"RepoTags": [5]}, {"RepoTags": [[]]}]'),
            ("manifest.json", b'[{"RepoTags": 5}]'),
            ("manifest.json", b'[{"RepoTags": ["a"], "RepoTags": ["b"]}]'),
            ("./manifest.json", b"{}"),
            ("index.json", b'{"manifests": 5}'),
            ("index.json", b'{"manifests": [{"annotations": {"io.containerd.image.name": "A"}}]}'),
        ],
    )
    def test_a_list_that_is_none(self, name, content):
        with pytest.raises(Malformed):
            self.loaded([(name, content)])
