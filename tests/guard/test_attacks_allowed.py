"""Requests that are not refused but tamed: what the engine then has differs from a plain container as it may."""

from __future__ import annotations

import json
import secrets

import pytest
from attacks_allowed import CREATE, KINDS, UPDATE
from live_guard import SMALL
from world import ask

from labkit.guard.rules.networks import pool

PLAIN = {"Image": SMALL, "Cmd": ["sleep", "60"]}
pytestmark = pytest.mark.usefixtures("unchanged")


@pytest.fixture
def make(guard, me, engine):
    """Make a container; give what the bare engine says of it. All are removed, with their volumes."""
    names = []

    def made(body, seat=me):
        names.append(f"tame{secrets.token_hex(4)}")
        status, found = ask(guard, seat, "POST", f"/containers/create?name={names[-1]}", {**PLAIN, **body})
        assert status == 201, found
        return engine.client.api.inspect_container(found["Id"])

    yield made
    for name in names:
        volumes = ask(guard, me, "GET", f"/containers/{name}/json")[1]["Mounts"]
        assert ask(guard, me, "DELETE", f"/containers/{name}?force=1&v=1")[0] == 204
        for each in volumes:
            ask(guard, me, "DELETE", f"/volumes/{each.get('Name')}")


def differences(one, other):
    return {key: value for key, value in one.items() if value != other.get(key)}


def bare(mounts):
    """Mounts without what the engine, or the lab, adds to them."""
    found = []
    for each in mounts or []:
        kept = {key: value for key, value in each.items() if key not in ("VolumeOptions", "ReadOnly") and value != ""}
        assert not each.get("ReadOnly")
        assert not (each.get("VolumeOptions") or {}).get("DriverConfig")
        found.append(kept)
    return found


def is_walled(me, it):
    """What holds of every container of a seat."""
    host, config = it["HostConfig"], it["Config"]
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert (host["Privileged"], host["CapDrop"], host["NetworkMode"]) == (False, ["ALL"], f"lk-{me}-bridge")
    assert not any(host[key] for key in ("Binds", "Devices", "VolumesFrom", "PidMode", "UTSMode", "CgroupParent"))
    assert {each["Type"] for each in it["Mounts"]} <= {"volume", "tmpfs"}
    assert 0 <= config["StopTimeout"] <= 30
    assert not config.get("OnBuild")
    reserved = {key: value for key, value in config["Labels"].items() if key.casefold().startswith("labkit.guard")}
    assert reserved.keys() == {"labkit.guard", "labkit.guard.intent"}
    assert reserved["labkit.guard"] == me
    assert reserved["labkit.guard.intent"] != "0" * 32
    assert (config.get("Healthcheck") or {}).get("Interval", 5_000_000_000) >= 5_000_000_000


@pytest.mark.parametrize("name", CREATE)
def test_create(world, me, make, name):
    body, may_differ = CREATE[name]
    plain = make({})["HostConfig"]
    it = make(world.fill(body))
    found = differences(it["HostConfig"], plain)
    if "Mounts" in found:
        found["Mounts"] = bare(found["Mounts"])
    assert found == world.fill(may_differ)
    is_walled(me, it)


@pytest.mark.parametrize("name", KINDS)
def test_kinds_of_content(world, guard, me, engine, name):
    """The guard reads JSON whatever a request calls it, and hands none of these headers on."""
    body, target = json.dumps(PLAIN), f"/containers/create?name=kind{secrets.token_hex(4)}"
    head = f"POST {target} HTTP/1.1\r\nHost: d\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
    answer = guard.raw(me, (head + world.fill(KINDS[name]) + "\r\n" + body).encode(), half=False)
    assert answer.startswith(b"HTTP/1.1 201"), answer
    made = json.loads(answer.split(b"\r\n\r\n", 1)[1])["Id"]
    is_walled(me, engine.client.api.inspect_container(made))
    assert ask(guard, me, "DELETE", f"/containers/{made}")[0] == 204


@pytest.mark.parametrize("name", UPDATE)
def test_update(guard, me, engine, make, name):
    body, may_differ = UPDATE[name]
    before = make({})
    assert ask(guard, me, "POST", f"/containers/{before['Id']}/update", body)[0] == 200
    it = engine.client.api.inspect_container(before["Id"])
    assert differences(it["HostConfig"], before["HostConfig"]) == may_differ
    is_walled(me, it)


def test_old_start_with_a_hostconfig(guard, me, engine, make):
    """Before API 1.24 a start could change everything (source: Engine API 1.23, ContainerStart)."""
    before = make({})
    body = {"Privileged": True, "Binds": ["/:/m"]}
    assert ask(guard, me, "POST", f"/v1.25/containers/{before['Id']}/start", body)[0] == 204
    it = engine.client.api.inspect_container(before["Id"])
    assert it["HostConfig"] == before["HostConfig"]
    is_walled(me, it)


def test_an_exec_has_no_more_than_its_container(guard, me, engine, make):
    it = make({})
    assert ask(guard, me, "POST", f"/containers/{it['Id']}/start")[0] == 204
    body = {"Cmd": ["id"], "Privileged": False, "User": "0", "Container": "other", "Tty": False}
    status, found = ask(guard, me, "POST", f"/containers/{it['Id']}/exec", body)
    assert status == 201
    there = engine.client.api.exec_inspect(found["Id"])
    assert there["ContainerID"] == it["Id"]
    assert not there["ProcessConfig"]["privileged"]


def test_what_an_image_brings_along(guard, me, make):
    """Its labels and its health check are not the lab's word."""
    name = f"brings{secrets.token_hex(4)}"
    changes = "LABEL%20labkit.guard=x%20labkit.guard.intent=y"
    source = make({"Healthcheck": {"Test": ["CMD", "true"], "Interval": 6_000_000_000}})
    assert ask(guard, me, "POST", f"/commit?container={source['Id']}&repo={name}&changes={changes}", {})[0] == 201
    is_walled(me, make({"Image": name}))
    assert ask(guard, me, "DELETE", f"/images/{name}?force=1")[0] == 200


def test_a_network_has_what_the_lab_gives(guard, me, engine):
    name = f"net{secrets.token_hex(4)}"
    body = {"Name": name, "Attachable": True, "EnableIPv6": False, "Options": {}, "Scope": "", "Labels": {"a": "b"}}
    status, found = ask(guard, me, "POST", "/networks/create", body)
    assert status == 201
    it = engine.client.api.inspect_network(found["Id"])
    assert ask(guard, me, "DELETE", f"/networks/{found['Id']}")[0] == 204
    assert (it["Driver"], it["Attachable"], it["Ingress"], it["EnableIPv6"]) == ("bridge", False, False, False)
    assert it["Options"] == {"com.docker.network.bridge.enable_ip_masquerade": "false"}
    assert it["IPAM"]["Config"][0]["Subnet"].startswith(f"{pool(engine.client.info())}.")


def test_a_volume_of_anothers_name_is_another(world, guard, me, engine):
    for key in ("vvol", "byvol"):
        status, found = ask(guard, me, "POST", "/volumes/create", {"Name": world.words[key], "DriverOpts": {}})
        assert (status, found["Name"]) == (201, world.words[key].replace(guard.names(me).prefix, ""))
        mine = guard.names(me).prefix + world.words[key]
        assert engine.client.api.inspect_volume(mine)["Options"] in (None, {})
        assert ask(guard, me, "DELETE", f"/volumes/{found['Name']}")[0] == 204
