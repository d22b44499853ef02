"""Layers and archives come out byte for byte the same, and say what they were given."""

import hashlib
import io
import json
import tarfile

import pytest

from labkit.images.layer import Layer, StoredLayer, image_config, image_id, write_archive


def written(layer):
    stream = io.BytesIO()
    return layer.write(stream), stream.getvalue()


def small():
    layer = Layer()
    layer.folder("tmp", 0o1777)
    layer.file("etc/passwd", "root:x:0:0::/:/bin/sh\n", 0o640, 0, 42)
    layer.link("bin/sh", "/bin/busybox")
    return layer


def test_same_bytes_whatever_the_order():
    other = Layer()
    other.link("bin/sh", "/bin/busybox")
    other.file("etc/passwd", b"root:x:0:0::/:/bin/sh\n", 0o640, 0, 42)
    other.folder("tmp", 0o1777)
    assert written(small()) == written(other)


def test_diff_id_is_the_digest_of_the_tar():
    diff_id, content = written(small())
    assert diff_id == f"sha256:{hashlib.sha256(content).hexdigest()}"


def test_modes_owners_and_parents():
    with tarfile.open(fileobj=io.BytesIO(written(small())[1])) as archive:
        found = {one.name: one for one in archive}
    assert sorted(found) == ["bin", "bin/sh", "etc", "etc/passwd", "tmp"]
    assert (found["tmp"].mode, found["etc"].mode) == (0o1777, 0o755)
    assert (found["etc/passwd"].mode, found["etc/passwd"].gid) == (0o640, 42)
    assert found["bin/sh"].linkname == "/bin/busybox"
    assert {one.mtime for one in found.values()} == {1_700_000_000}


def test_a_folder_keeps_its_mode_when_files_come_below_it():
    layer = Layer()
    layer.folder("root", 0o700)
    layer.file("root/.profile", "")
    assert layer.entries["root"].mode == 0o700


@pytest.mark.parametrize("path", ["../etc/passwd", "a/../../b"])
def test_no_path_leaves_the_layer(path):
    with pytest.raises(ValueError, match="leaves the layer"):
        Layer().file(path, "")


def test_long_paths_survive():
    layer = Layer()
    name = "/".join(["node_modules"] * 20) + "/index.js"
    layer.file(name, "x")
    with tarfile.open(fileobj=io.BytesIO(written(layer)[1])) as archive:
        assert name in archive.getnames()


def test_archive_names_config_and_layers(tmp_path):
    path = tmp_path / "layer.tar"
    with path.open("wb") as stream:
        diff_id = small().write(stream)
    layer = StoredLayer(diff_id, path, "a test")
    config = image_config([layer], {"Cmd": ["/bin/sh"]})
    write_archive(tmp_path / "a.tar", "a:1", config, [layer])
    write_archive(tmp_path / "b.tar", "a:1", config, [layer])
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()
    with tarfile.open(tmp_path / "a.tar") as archive:
        (manifest,) = json.load(archive.extractfile("manifest.json"))
        stored = archive.extractfile(manifest["Config"]).read()
        assert archive.extractfile(manifest["Layers"][0]).read() == path.read_bytes()
    assert manifest["RepoTags"] == ["a:1"]
    assert image_id(stored) == f"sha256:{manifest['Config'].removesuffix('.json')}" == image_id(config)
    assert json.loads(stored)["rootfs"]["diff_ids"] == [diff_id]
