"""Whatever is asked for: what reaches the engine stays inside a list that is written here anew."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

import pytest
from fake_guard import COURSE, ask
from guard_bodies import (
    WORLD,
    bodies,
    containers,
    execs,
    filters,
    networks,
    new_world,
    things,
    updates,
    values,
    volumes,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labkit.guard import policy
from labkit.guard.messages import Answer, Relay
from labkit.guard.refusal import Refused

# The same on each run: what searches further is tests/fuzz.
FAST = settings(
    max_examples=100, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)

TEACHING = {"CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "NET_BIND_SERVICE", "SETGID", "SETUID"}
ALWAYS = {
    "Memory", "MemorySwap", "NanoCpus", "PidsLimit", "CapDrop", "CapAdd", "SecurityOpt", "LogConfig", "RestartPolicy",
    "Ulimits", "ShmSize", "IpcMode", "CgroupnsMode", "NetworkMode", "ExtraHosts", "Dns", "DnsOptions", "DnsSearch",
    "Tmpfs", "Init", "ReadonlyRootfs", "AutoRemove", "PublishAllPorts", "Mounts", "PortBindings",
}  # fmt: skip
CONFIG = {
    "Hostname", "Domainname", "User", "AttachStdin", "AttachStdout", "AttachStderr", "Tty", "OpenStdin", "StdinOnce",
    "Env", "Cmd", "Entrypoint", "Shell", "Image", "WorkingDir", "StopSignal", "StopTimeout", "NetworkDisabled",
    "Labels", "ExposedPorts", "Volumes", "Healthcheck", "HostConfig", "NetworkingConfig",
}  # fmt: skip
MARKS = {"labkit.guard": "ada"}
# Values that name nothing of the engine's: a client may write there what it likes.
FREE = {
    "author", "buildargs", "comment", "condition", "copyUIDGID", "detachKeys", "details", "digests", "dockerfile",
    "follow", "force", "h", "labels", "logs", "noOverwriteDirNonDir", "noprune", "one-shot", "path", "pause",
    "platform", "ps_args", "signal", "since", "size", "stderr", "stdin", "stdout", "stream", "tail", "target",
    "timestamps", "until", "v", "verbose", "w",
}  # fmt: skip
FOREIGN = sorted(WORLD.secrets["eve"] | WORLD.secrets["bystander"])
OWN = re.compile(r"labkit\.invalid/ada/[\w./:-]+|lk-ada-[\w.-]+")  # a name inside the seat's own part is the seat's


def foreign(value) -> list[str]:
    text = OWN.sub("", json.dumps(value))
    return [word for word in FOREIGN if word in text]


# -- bodies ----------------------------------------------------------------------------------------------------


def harmless(body) -> None:
    """The list: ContainerCreate's document, as it may be and not otherwise."""
    assert body.keys() <= CONFIG
    assert body["Image"] in {*COURSE.values(), *(image["Id"] for image in WORLD.images if not foreign(image))}
    assert body["Labels"].items() >= MARKS.items()
    assert [key for key in body["Labels"] if key.casefold().startswith("labkit")] == [*MARKS, "labkit.guard.intent"]
    assert 0 <= body["StopTimeout"] <= 30
    assert body["Volumes"] == {}
    host = body["HostConfig"]
    assert ALWAYS <= host.keys() <= ALWAYS | {"MemoryReservation"}
    assert 0 < host["Memory"] == host["MemorySwap"] <= 1 << 30
    assert 0 < host["NanoCpus"] <= 2 * 10**9
    assert 0 < host["PidsLimit"] <= 256
    assert host["CapDrop"] == ["ALL"]
    assert set(host["CapAdd"]) <= TEACHING
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert host["LogConfig"]["Type"] == "json-file"
    assert host["RestartPolicy"]["Name"] in ("no", "on-failure")
    assert host["RestartPolicy"]["MaximumRetryCount"] <= 3
    assert host["IpcMode"] in ("private", "none")
    assert host["CgroupnsMode"] == "private"
    assert 0 < host["ShmSize"] <= 256 << 20
    assert host["PublishAllPorts"] is False
    assert not [entry for entry in host["ExtraHosts"] if "gateway" in entry]
    own = {f"container:{thing.id}" for thing in WORLD.seats[0].things("container")}
    assert host["NetworkMode"] in {"none", "lk-ada-bridge", "lk-ada-wordada-net"} | own
    assert body["NetworkingConfig"]["EndpointsConfig"].keys() <= {"lk-ada-wordada-net"}
    for options in host["Tmpfs"].values():
        assert re.fullmatch(r"rw,nosuid,nodev,noexec,size=\d+(,mode=[0-7]{3,4})?", options)
    for mount in host["Mounts"]:
        assert mount["Type"] in ("volume", "tmpfs")
        assert mount.get("Source", "") == "" or mount["Source"].startswith("lk-ada-")
        assert "DriverConfig" not in mount.get("VolumeOptions", {})
    for bound in host["PortBindings"].values():
        for each in bound:
            assert each["HostIp"] == "127.0.0.1"
            assert each["HostPort"] in ("", "0") or 8000 <= int(each["HostPort"]) <= 8100


def changed(calls):
    return [each for each in calls if each.method not in ("GET", "HEAD")]


@FAST
@given(containers, st.sampled_from([*COURSE, "wordada/shop:1", "wordada/shop:1", "wordeve/shop:1", "a1a1", "x"]))
def test_any_container(body, image):
    calls, _ = ask(WORLD.seats[0], WORLD.answers, "POST", "/containers/create?name=new", {"Image": image, **body})
    for call in changed(calls):
        assert call.path in ("/containers/create", "/networks/create")
        assert not foreign([call.path, call.query, call.body["Labels"], call.body.get("HostConfig")])
        if call.path == "/containers/create":
            assert call.query == (("name", "lk-ada-new"),)
            harmless(call.body)


def test_the_list_is_reached():
    """A likely body does get through: the property above is not empty."""
    calls, found = ask(WORLD.seats[0], WORLD.answers, "POST", "/containers/create", {"Image": "alpine:3.20"})
    assert found.status == 201
    harmless(next(call.body for call in calls if call.path == "/containers/create"))


@FAST
@given(networks)
def test_any_network(body):
    calls, _ = ask(new_world().seats[0], WORLD.answers, "POST", "/networks/create", body)
    for call in changed(calls):
        document = call.body
        assert document.keys() == {"Name", "CheckDuplicate", "Driver", "Internal", "Labels", "IPAM", "Options"}
        assert document["Name"].startswith("lk-ada-")
        assert document["Driver"] == "bridge"
        assert document["Labels"].items() >= MARKS.items()
        assert re.fullmatch(r"10\.231\.\d+\.\d+/26", document["IPAM"]["Config"][0]["Subnet"])
        assert document["Options"] == {"com.docker.network.bridge.enable_ip_masquerade": "false"}


@FAST
@given(volumes)
def test_any_volume(body):
    calls, _ = ask(new_world().seats[0], WORLD.answers, "POST", "/volumes/create", body)
    for call in changed(calls):
        assert call.body.keys() <= {"Driver", "Labels", "Name"}
        assert call.body["Driver"] == "local"
        assert call.body.get("Name", "lk-ada-").startswith("lk-ada-")
        assert call.body["Labels"].items() >= MARKS.items()


@FAST
@given(execs, updates)
def test_any_exec_and_update(command, wish):
    allowed = {"AttachStdin", "AttachStdout", "AttachStderr", "Tty", "DetachKeys", "ConsoleSize", "Cmd", "Env", "User"}
    calls, _ = ask(WORLD.seats[0], WORLD.answers, "POST", "/containers/wordada-web/exec", command)
    for call in changed(calls):
        assert call.body.keys() <= allowed | {"WorkingDir"}
    calls, _ = ask(WORLD.seats[0], WORLD.answers, "POST", "/containers/wordada-web/update", wish)
    for call in changed(calls):
        assert call.body.keys() <= {
            "Memory",
            "MemorySwap",
            "MemoryReservation",
            "NanoCpus",
            "PidsLimit",
            "RestartPolicy",
        }
        assert 0 < call.body.get("Memory", 1) <= 1 << 30
        assert call.body.get("MemorySwap") == call.body.get("Memory")
        assert 0 < call.body.get("PidsLimit", 1) <= 256


# -- two seats -------------------------------------------------------------------------------------------------


@st.composite
def requests(draw):
    row = draw(st.sampled_from(policy.ROUTES))
    parts = []
    for part in row.path.strip("/").split("/"):
        named = quote(draw(things) or "x", safe="/:")
        parts += [named] if "*" in part else [draw(st.sampled_from(part.split("|")))]
    known = draw(st.lists(st.sampled_from(row.query.split() or ["x"]), max_size=3, unique=True))
    query = "&".join(f"{key}={quote(draw(filters if key == 'filters' else values))}" for key in known)
    return draw(st.sampled_from(row.methods.split("|"))), f"/{'/'.join(parts)}?{query}", draw(bodies)


@settings(FAST, max_examples=400)
@given(requests())
def test_nothing_of_anothers_is_asked_for_or_told(request):
    world = new_world()
    method, target, body = request
    calls, found = ask(world.seats[0], world.answers, method, target, body)
    assert isinstance(found, Answer | Relay | Refused)
    asked = [*calls, found.call] if isinstance(found, Relay) else calls
    for call in asked:
        assert not foreign(call.path)
        assert not foreign([value for key, value in call.query if key not in FREE])
        assert not foreign(
            {key: value for key, value in (call.body or {}).items() if key not in ("Cmd", "Env", "User")}
        )
    if isinstance(found, Answer):
        assert not [word for word in foreign(found.body) if word not in json.dumps([target, body])]


@FAST
@given(
    st.text(max_size=200) | st.binary(max_size=200).map(lambda it: it.decode("latin-1")),
    st.sampled_from(["GET", "POST"]),
)
def test_any_target_gets_an_answer(target, method):
    for given_target in (target, "/" + target, "/containers/" + target, "/images/json?" + target):
        calls, found = ask(WORLD.seats[0], WORLD.answers, method, given_target)
        assert isinstance(found, Answer | Relay | Refused)
        assert not foreign([[call.path, call.query] for call in calls])


@pytest.mark.parametrize(
    "path", ["containers/json?all=1", "images/json?all=1", "networks", "volumes", "system/df", "info"]
)
def test_lists_hold_what_is_ones_own_and_nothing_else(path):
    world = new_world()
    for it, mine, others in ((0, "ada", ("eve", "bystander")), (1, "eve", ("ada", "bystander"))):
        _, found = ask(world.seats[it], world.answers, "GET", f"/{path}")
        text = json.dumps(found.body)
        assert path == "info" or f"word{mine}" in text
        assert not [word for who in others for word in world.secrets[who] if word in text]
        assert "lk-" not in text
        assert "labkit.guard" not in text
