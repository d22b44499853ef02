"""The checks of what commands left: what each must refuse, and the odd things that it must accept."""

from __future__ import annotations

import pytest

from labkit.checks.registry import CHECKS
from labkit.commands import Transcript
from labkit.errors import Absent
from labkit.result import Outcome
from labkit.testing import FakeEvidence, FakeImage, FakeWorld

MIB = 1 << 20


def inspected(status="running", code=0, **others):
    return {
        "State": {"Status": status, "ExitCode": code, "OOMKilled": others.get("oom", False)},
        "Config": {"Image": "web:1"},
        "HostConfig": {"Memory": others.get("memory", 0), "PortBindings": others.get("ports")},
        "Image": "sha256:1",
    }


def outcome(check, evidence, /, **arguments):
    finding = CHECKS[check](evidence, **arguments)
    assert finding.saw
    assert finding.outcome is Outcome.PASS or (finding.want and finding.why)
    return finding.outcome is Outcome.PASS


def world(**containers):
    images = {"web:1": FakeImage("sha256:1"), "other:1": FakeImage("sha256:2"), "also:1": FakeImage("sha256:1")}
    return FakeEvidence(world=FakeWorld(containers, images, {"web:/data/a": b"one\n", "web:/empty": b""}))


@pytest.mark.parametrize(("code", "passes"), [(0, True), (1, False), (125, False)])
def test_commands_succeed(code, passes):
    evidence = FakeEvidence(commands=Transcript("$ docker ps\nCONTAINER\n$ docker rm x\n", code))
    assert outcome("commands_succeed", evidence) is passes
    assert "2 of them" in CHECKS["commands_succeed"](evidence).saw or not passes


@pytest.mark.parametrize(
    ("seen", "arguments", "passes"),
    [
        (inspected(), {"state": "running"}, True),
        (inspected("exited", 1), {"state": "running"}, False),
        (inspected("exited", 1), {"state": "exited"}, True),
        (inspected(), {"state": "absent"}, False),
        (inspected(), {"state": "running", "image": "web:1"}, True),
        (inspected(), {"state": "running", "image": "also:1"}, True),  # another name of the same image
        (inspected(), {"state": "running", "image": "other:1"}, False),
    ],
)
def test_container_is(seen, arguments, passes):
    assert outcome("container_is", world(web=seen), name="web", **arguments) is passes


def test_a_container_that_is_not_there():
    assert outcome("container_is", world(), name="web", state="absent")
    with pytest.raises(Absent):
        outcome("container_is", world(), name="web", state="running")


@pytest.mark.parametrize(
    ("ports", "passes"),
    [
        ({"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}, True),
        ({"80/tcp": [{"HostIp": "", "HostPort": "9"}, {"HostIp": "::", "HostPort": "8080"}]}, True),
        ({"8080/tcp": [{"HostIp": "", "HostPort": "80"}]}, False),  # the wrong way round
        ({"80/udp": [{"HostIp": "", "HostPort": "8080"}]}, False),
        ({"80/tcp": [{"HostIp": "", "HostPort": ""}]}, False),
        ({"80/tcp": None}, False),
        (None, False),
    ],
)
def test_port_published(ports, passes):
    assert outcome("port_published", world(web=inspected(ports=ports)), name="web", port=80, host=8080) is passes


@pytest.mark.parametrize(("memory", "passes"), [(64 * MIB, True), (0, False), (64_000_000, False), (65 * MIB, False)])
def test_memory_limited(memory, passes):
    assert outcome("memory_limited", world(web=inspected(memory=memory)), name="web", mebibytes=64) is passes


@pytest.mark.parametrize(
    ("seen", "passes"), [(inspected("exited", 137, oom=True), True), (inspected("exited", 137), False)]
)
def test_ended_for_memory(seen, passes):
    assert outcome("ended_for_memory", world(web=seen), name="web") is passes


@pytest.mark.parametrize(
    ("path", "contains", "passes"),
    [
        ("/data/a", "", True),
        ("/data/a", "one", True),
        ("/data/a", "two", False),
        ("/b", "", False),
        ("/empty", "", True),
    ],
)
def test_container_holds(path, contains, passes):
    assert outcome("container_holds", world(web=inspected()), name="web", path=path, contains=contains) is passes


@pytest.mark.parametrize(("path", "passes"), [("/data/a", False), ("/empty", False), ("/data", True)])
def test_container_lacks(path, passes):
    assert outcome("container_lacks", world(web=inspected()), name="web", path=path) is passes


@pytest.mark.parametrize(("same_as", "passes"), [("", True), ("also:1", True), ("other:1", False)])
def test_image_tagged(same_as, passes):
    assert outcome("image_tagged", world(), name="web:1", same_as=same_as) is passes


@pytest.mark.parametrize(
    ("facts", "passes"),
    [
        ({"port": "8080"}, True),
        ({"port": 8080}, True),
        ({"port": " 8080 "}, True),
        ({"port": "80"}, False),
        ({}, False),
    ],
)
def test_fact_found(facts, passes):
    evidence = FakeEvidence(facts=facts)
    assert outcome("fact_found", evidence, file="facts.toml", name="port", equals=["8080", "08080"]) is passes


@pytest.mark.parametrize(
    ("mode", "status", "passes"),
    [
        ("container:one", "running", True),
        ("container:one", "exited", False),
        ("container:other", "running", False),
        ("none", "running", False),
        ("bridge", "running", False),
    ],
)
def test_shares_network(mode, status, passes):
    web, db = inspected(status), inspected()
    web["HostConfig"]["NetworkMode"], db["Id"] = mode, "one"
    assert outcome("shares_network", world(web=web, db=db), name="web", other="db") is passes


@pytest.mark.parametrize(("image", "passes"), [("sha256:1", True), ("sha256:2", False)])
def test_same_image(image, passes):
    other = {**inspected(), "Image": image}
    assert outcome("same_image", world(web=inspected(), later=other), name="later", other="web") is passes
