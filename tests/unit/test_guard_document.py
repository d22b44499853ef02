from __future__ import annotations

import pytest

from labkit.guard import models
from labkit.guard.document import read
from labkit.guard.refusal import Malformed, Refused
from labkit.guard.walls import WALLS, wall

EMPTY = [None, "", 0, False, [], {}, [""]]
FULL = ["x", 1, True, ["x"], {"x": 1}, [[1]]]


@pytest.mark.parametrize("value", EMPTY)
@pytest.mark.parametrize("key", ["Privileged", "privileged", "PRIVILEGED", "Devices", "NoSuchField", "hostConfig"])
def test_an_unknown_field_without_a_value_is_left_out(key, value):
    body = {"Image": "a", key: value, "HostConfig": {key: value, "Memory": 5}}
    assert read(models.Container, body).document() == {"Image": "a", "HostConfig": {"Memory": 5}}


@pytest.mark.parametrize("value", FULL)
@pytest.mark.parametrize("key", sorted(WALLS))
def test_a_wall_says_what_why_and_what_instead(key, value):
    known = {field.alias for field in models.HostConfig.model_fields.values()} | models.HostConfig.DROPPED
    assert key not in known
    with pytest.raises(Refused) as found:
        read(models.HostConfig, {key: value})
    assert str(found.value) == str(wall(key))
    assert found.value.status == 403
    assert WALLS[key][0] in str(found.value)


@pytest.mark.parametrize(
    "key", ["privileged", "PRIVILEGED", "Priv\u0131leged", "device\u017f", "binds", "BINDS", "hostconfig"]
)
@pytest.mark.parametrize("level", [models.Container, models.HostConfig])
def test_another_spelling_is_no_known_field(level, key):
    with pytest.raises(Malformed, match="does not know the field"):
        read(level, {key: ["x"]})


def test_a_top_level_field_of_the_host_config_is_refused():
    with pytest.raises(Malformed, match="Binds"):
        read(models.Container, {"Image": "a", "Binds": ["/:/host"]})


@pytest.mark.parametrize("key", ["MaskedPaths", "ReadonlyPaths"])
def test_an_empty_list_that_means_all_is_refused(key):
    assert read(models.HostConfig, {key: None}).document() == {}
    with pytest.raises(Refused, match="systempaths"):
        read(models.HostConfig, {key: []})


@pytest.mark.parametrize(
    ("model", "body", "where"),
    [
        (models.Container, {"Cmd": 5}, "Cmd"),
        (models.Container, {"Tty": "true"}, "Tty"),
        (models.Container, {"Tty": 1}, "Tty"),
        (models.Container, {"Env": {"A": "1"}}, "Env"),
        (models.Container, {"Image": "a\0b"}, "Image"),
        (models.Container, {"Hostname": "a\nb"}, "Hostname"),
        (models.Container, {"Hostname": "a\n"}, "Hostname"),
        (models.Container, {"ExposedPorts": {"80-90/tcp": {}}}, "ExposedPorts"),
        (models.Container, {"ExposedPorts": {"80/sctp": {}}}, "ExposedPorts"),
        (models.Container, {"ExposedPorts": {"80/tcp\n": {}}}, "ExposedPorts"),
        (models.Container, {"ExposedPorts": {f"{n}/tcp": {} for n in range(17)}}, "ExposedPorts"),
        (models.Container, {"Volumes": {"data": {}}}, "Volumes"),
        (models.Container, {"Volumes": {"/d": {"x": 1}}}, "Volumes"),
        (models.Container, {"HostConfig": []}, "HostConfig"),
        (models.HostConfig, {"Memory": "512m"}, "Memory"),
        (models.HostConfig, {"Memory": 1 << 63}, "Memory"),
        (models.HostConfig, {"Memory": True}, "Memory"),
        (models.HostConfig, {"PortBindings": {"80": [{"HostPort": 80}]}}, "PortBindings"),
        (models.HostConfig, {"PortBindings": {"80": [{"HostPort": "1"}] * 17}}, "PortBindings"),
        (models.HostConfig, {"Tmpfs": {"tmp": ""}}, "Tmpfs"),
        (models.HostConfig, {"Binds": ["a:/b"] * 17}, "Binds"),
        (models.Exec, {"ConsoleSize": [1, 2, 3]}, "ConsoleSize"),
        (models.ExecStart, ["x"], "body"),
        (models.ExecStart, "x", "body"),
    ],
)
def test_what_is_not_as_the_api_has_it(model, body, where):
    with pytest.raises(Malformed, match=rf"(?s)The field {where}.* is not as the API has it"):
        read(model, body)


@pytest.mark.parametrize("body", [None, {}])
def test_no_body_is_an_empty_one(body):
    assert read(models.ExecStart, body).document() == {}


def test_a_message_does_not_repeat_a_value():
    with pytest.raises(Malformed) as found:
        read(models.Container, {"Env": [{"PASSWORD": "hunter2"}]})
    assert "hunter2" not in str(found.value)


@pytest.mark.parametrize("model", [models.Network, models.Volume])
def test_drivers_options_are_walls(model):
    with pytest.raises(Refused, match="driver's options"):
        read(
            model,
            {"Name": "a", "DriverOpts": {"device": "/etc", "o": "bind"}}
            if model is models.Volume
            else {"Name": "a", "DriverOpts": {"x": "1"}},
        )


def test_addresses_of_a_network_are_the_labs():
    with pytest.raises(Malformed, match="Config"):
        read(models.Network, {"Name": "a", "IPAM": {"Config": [{"Subnet": "8.8.8.0/24"}]}})
    with pytest.raises(Malformed, match="IPAMConfig"):
        read(models.Endpoint, {"IPAMConfig": {"IPv4Address": "10.0.0.1"}})


def test_exec_has_no_privileges():
    with pytest.raises(Refused, match="--privileged"):
        read(models.Exec, {"Cmd": ["id"], "Privileged": True})
