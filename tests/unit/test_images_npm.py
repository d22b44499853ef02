"""Lock files and the npm cache that is made from them."""

import hashlib
import io
import json
import tarfile

import pytest

from labkit.errors import ImageError
from labkit.images.npm_cache import FOLDER, REGISTRY, content_path, index_path, npm_cache
from labkit.images.pins import Pin, digest_of, integrity_of, lock_files, npm_pins, pins


def tgz(**package):
    stream = io.BytesIO()
    content = json.dumps(package).encode()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        info = tarfile.TarInfo("package/package.json")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def lock(tmp_path, **packages):
    path = tmp_path / "package-lock.json"
    path.write_text(json.dumps({"lockfileVersion": 3, "packages": {"": {"name": "app"}, **packages}}))
    return path


def entry(**more):
    return {"version": "1.0.0", "integrity": "sha512-AAAA", **more}


def test_digest_and_back():
    integrity = "sha512-" + "A" * 86 + "=="
    assert digest_of(integrity) == "sha512-" + "00" * 64
    assert integrity_of(digest_of(integrity)) == integrity


@pytest.mark.parametrize(
    ("rule", "installs"),
    [
        ({}, True),
        ({"os": ["linux"], "cpu": ["x64"], "libc": ["musl"]}, True),
        ({"os": ["darwin", "linux"]}, True),
        ({"os": ["!win32"]}, True),
        ({"os": ["!linux"]}, False),
        ({"libc": ["glibc"]}, False),
        ({"libc": "glibc"}, False),
        ({"cpu": ["arm64"]}, False),
        ({"link": True}, False),
    ],
)
def test_only_what_installs_on_alpine(tmp_path, rule, installs):
    found = npm_pins((lock(tmp_path, **{"node_modules/a": entry(**rule)}),))
    assert [one.name for one in found] == (["a"] if installs else [])


def test_nested_scoped_and_renamed_packages_once_each(tmp_path):
    packages = {
        "node_modules/a": entry(),
        "node_modules/b/node_modules/a": entry(),
        "node_modules/b/node_modules/@s/c": entry(version="2.0.0"),
        "node_modules/other": entry(name="real"),
    }
    found = npm_pins((lock(tmp_path, **packages),))
    assert [str(one) for one in found] == ["@s/c 2.0.0", "a 1.0.0", "real 1.0.0"]


def test_a_package_without_digest_is_refused(tmp_path):
    with pytest.raises(ImageError, match="names a without its digest"):
        npm_pins((lock(tmp_path, **{"node_modules/a": {"version": "1.0.0"}}),))


def test_an_exercise_is_found_by_its_folder(tmp_path):
    for place in ("exercises/03-new", "notebooks/demo/cache", "elsewhere/x"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "package-lock.json").touch()
    found = [str(path.parent.relative_to(tmp_path)) for path in lock_files(tmp_path)]
    assert found == ["exercises/03-new", "notebooks/demo/cache"]


def test_the_cache_answers_for_packument_and_tarball():
    content = tgz(name="@s/a", version="1.2.0", dependencies={"b": "^1"}, scripts={"postinstall": "x"}, readme="long")
    package = Pin("npm", "@s/a", "1.2.0", f"sha512-{hashlib.sha512(content).hexdigest()}")
    layer = npm_cache([package], lambda _: content)
    tarball = f"{REGISTRY}@s/a/-/a-1.2.0.tgz"
    lines = layer.entries[f"{FOLDER}/_cacache/{index_path(tarball)}"].data.decode().strip().splitlines()
    checksum, _, text = lines[0].partition("\t")
    assert checksum == hashlib.sha1(text.encode()).hexdigest()  # noqa: S324  cacache's own choice
    assert json.loads(text)["integrity"] == integrity_of(package.digest)
    assert layer.entries[f"{FOLDER}/_cacache/{content_path(package.digest)}"].data == content
    index = layer.entries[f"{FOLDER}/_cacache/{index_path(REGISTRY + '@s%2fa')}"].data.decode()
    described = json.loads(index.strip().splitlines()[0].partition("\t")[2])
    packument = json.loads(layer.entries[f"{FOLDER}/_cacache/{content_path(digest_of(described['integrity']))}"].data)
    assert packument["dist-tags"] == {"latest": "1.2.0"}
    version = packument["versions"]["1.2.0"]
    assert version["dependencies"] == {"b": "^1"}
    assert version["hasInstallScript"] is True
    assert version["dist"] == {"integrity": integrity_of(package.digest), "tarball": tarball}
    assert "readme" not in version


def test_every_user_may_write_to_the_cache():
    content = tgz(name="a", version="1.0.0")
    layer = npm_cache([Pin("npm", "a", "1.0.0", "sha512-00")], lambda _: content)
    below = {path: one for path, one in layer.entries.items() if path.startswith(FOLDER)}
    assert {one.mode for one in below.values()} == {0o777, 0o666}


def test_latest_is_the_highest_release():
    versions = ("9.0.0", "10.0.0", "11.0.0-beta.1")
    packages = [Pin("npm", "a", version, f"sha512-{number:02x}") for number, version in enumerate(versions)]
    layer = npm_cache(packages, lambda package: tgz(name="a", version=package.version))
    packuments = [one.data for one in layer.entries.values() if one.data.startswith(b'{"dist-tags"')]
    assert json.loads(packuments[0])["dist-tags"] == {"latest": "10.0.0"}


def test_every_pin_has_a_digest_of_its_own_kind():
    for one in pins():
        algorithm, _, value = one.digest.partition("-")
        assert (algorithm, len(value)) == (("sha512", 128) if one.registry == "npm" else ("sha256", 64)), one
