from __future__ import annotations

import pytest
from fake_guard import seat

from labkit.guard import models, mounts
from labkit.guard.document import read
from labkit.guard.refusal import Malformed, Refused

LABELS = {"labkit.guard": "ada"}
ANONYMOUS = "9f" * 32


def mounted(host, volumes=None, it=None):
    body = read(models.Container, {"Image": "a", "HostConfig": host, "Volumes": volumes or {}})
    return mounts.mounts(body, it or seat(), LABELS)


def volume(source, target, *, read_only=False, no_copy=False):
    return {
        "Type": "volume",
        "Source": source,
        "Target": target,
        "ReadOnly": read_only,
        "VolumeOptions": {"Labels": LABELS, "NoCopy": no_copy},
    }


@pytest.mark.parametrize(
    ("bind", "there"),
    [
        ("data:/d", volume("lk-ada-data", "/d")),
        ("data:/d:ro", volume("lk-ada-data", "/d", read_only=True)),
        ("data:/d:rw,nocopy", volume("lk-ada-data", "/d", no_copy=True)),
        ("data:/d:z", volume("lk-ada-data", "/d")),
    ],
)
def test_a_bind_of_a_name_is_a_volume(bind, there):
    assert mounted({"Binds": [bind]}) == [there]


@pytest.mark.parametrize(
    "bind",
    [
        *("/:/host", "/etc:/d:ro", "./x:/d", "../x:/d", "~:/d", "~/x:/d", ".:/d", "..:/d", "C:\\x:/d", "a\\b:/d"),
        *("data:d", "data:", "data", "//x:/d"),
    ],
)
def test_a_bind_of_a_folder_is_a_wall(bind):
    with pytest.raises(Refused, match="folder of the machine") as found:
        mounted({"Binds": [bind]})
    assert "docker cp" in str(found.value)


@pytest.mark.parametrize("bind", ["data:/d:rshared", "data:/d:ro:rw", "data:/d:slave", "a/b:/d", "-x:/d", "é:/d"])
def test_a_bind_that_is_none(bind):
    with pytest.raises(Malformed):
        mounted({"Binds": [bind]})


@pytest.mark.parametrize("kind", ["bind", "Bind", "", "npipe", "cluster", "image", "Volume", "VOLUME"])
def test_a_mount_of_another_kind_is_a_wall(kind):
    with pytest.raises(Refused, match="folder of the machine"):
        mounted({"Mounts": [{"Type": kind, "Source": "data", "Target": "/d"}]})


@pytest.mark.parametrize(
    "more",
    [
        {"VolumeOptions": {"DriverConfig": {"Name": "local", "Options": {"o": "bind"}}}},
        {"VolumeOptions": {"Subpath": "../.."}},
        {"BindOptions": {"Propagation": "rshared"}},
        {"TmpfsOptions": {"Options": [["exec"]]}},
    ],
)
def test_a_mounts_options(more):
    with pytest.raises(Refused):
        mounted({"Mounts": [{"Type": "volume", "Source": "data", "Target": "/d", **more}]})


def test_a_volume_of_a_mount_keeps_the_labs_labels():
    wish = {"Type": "volume", "Source": "data", "Target": "/d", "VolumeOptions": {"Labels": {"labkit.guard": "eve"}}}
    assert mounted({"Mounts": [wish]}) == [volume("lk-ada-data", "/d")]


def test_one_without_a_name():
    assert mounted({}, volumes={"/d": {}}) == [volume("", "/d")]
    assert mounted({"Mounts": [{"Type": "volume", "Target": "/d"}]}, volumes={"/d": {}}) == [volume("", "/d")]


def test_one_that_the_engine_named_itself_goes_by_that_name():
    it = seat()
    it.own("volume", ANONYMOUS, ANONYMOUS)
    assert mounted({"Binds": [f"{ANONYMOUS}:/d"]}, it=it) == [volume(ANONYMOUS, "/d")]
    with pytest.raises(Malformed, match="Invalid name"):
        mounted({"Binds": [f"{ANONYMOUS}:/d"]}, it=seat("eve"))


def test_another_seats_name_is_only_a_name():
    assert mounted({"Binds": ["lk-eve-data:/d"]})[0]["Source"] == "lk-ada-lk-eve-data"


@pytest.mark.parametrize(("size", "there"), [(0, 64 << 20), (-1, 64 << 20), (5, 5), (1 << 40, 256 << 20)])
def test_memory(size, there):
    wish = {"Type": "tmpfs", "Target": "/t", "TmpfsOptions": {"SizeBytes": size, "Mode": 0o1777}}
    assert mounted({"Mounts": [wish]}) == [{"Type": "tmpfs", "Target": "/t", "TmpfsOptions": {"SizeBytes": there}}]


@pytest.mark.parametrize("kind", ["volume", "tmpfs"])
def test_a_target_is_a_path(kind):
    with pytest.raises(Malformed, match="absolute"):
        mounted({"Mounts": [{"Type": kind, "Target": "d"}]})
