"""Checks of services that commands started or stopped: their tables of edge cases."""

from __future__ import annotations

import pytest

from labkit.checks.registry import CHECKS
from labkit.commands import Transcript
from labkit.container import Answer
from labkit.errors import Absent, SandboxError, StepTimeout
from labkit.result import Outcome
from labkit.testing import FakeContainer, FakeEvidence, FakeServices

BOUND = {"3000/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8071"}]}


def judge(check, evidence, /, **arguments):
    found = CHECKS[check](evidence, **arguments)
    if found.outcome is Outcome.FAIL:
        assert found.want
        assert found.why
    return found.outcome is Outcome.PASS, found.saw


def service(ports=None, container=None, **state):
    seen = {"State": {"Status": "running", "ExitCode": 0, **state}, "NetworkSettings": {"Ports": ports}}
    return FakeEvidence(world=FakeServices({"web": seen}, services={"web": container or FakeContainer()}))


NOTHING = StepTimeout("Nothing answered. Inside, the app listens on 127.0.0.1:3000.", fix="-")


@pytest.mark.parametrize(
    ("evidence", "good", "says"),
    [
        (service(BOUND), True, "status 200"),
        (service({"3000/tcp": [{"HostPort": "8071"}, {"HostPort": "8071"}]}), True, "port 8071"),  # IPv4 and IPv6
        (service({**BOUND, "9/tcp": None, "53/udp": [{"HostPort": "53"}]}), True, "port 8071"),
        (service({"8071/tcp": [{"HostPort": "3000"}]}), False, "port 3000 of the machine → 8071 of the container"),
        (service({"3000/udp": [{"HostPort": "8071"}]}), False, "no port"),
        (service({"3000/tcp": None}), False, "no port"),
        (service(None), False, "no port"),
        (service({}, Status="exited"), False, "The container ended."),
        (service(None, FakeContainer(answered=SandboxError("-", fix="-"))), False, "The container ended."),  # just now
        (service({}, Status="created"), False, "created"),
        (service(BOUND, FakeContainer(answered=NOTHING)), False, "port 3000 of web. Nothing answered. Inside"),
        (service(BOUND, FakeContainer(answered=SandboxError("It ended.", fix="-"))), False, "It ended."),
        (service(BOUND, FakeContainer(answered=Answer(503, "ok"))), False, "503"),
        (service(BOUND, FakeContainer(answered=Answer(200, "no"))), False, "'no'"),
    ],
)
def test_published_answers(evidence, good, says):
    found, saw = judge("published_answers", evidence, name="web", host=8071, contains="ok")
    assert found is good
    assert says in saw


def test_published_answers_can_keep_what_is_to_be_found_out():
    evidence = service(BOUND, FakeContainer(answered=NOTHING))
    good, saw = judge("published_answers", evidence, name="web", host=8071, tells=False)
    assert (good, saw) == (False, "Port 8071 leads to port 3000 of web. Nothing answered there.")


def test_published_answers_of_a_container_that_is_not_there():
    with pytest.raises(Absent):
        judge("published_answers", FakeEvidence(world=FakeServices()), name="web", host=8071)


@pytest.mark.parametrize(
    ("names", "good", "says"),
    [
        (["web"], True, "No other"),
        ([], True, "No other"),
        (["wbe"], True, "No other"),  # that it has the wrong name, another check says
        (["other", "web"], False, "1 more is left: other."),
        (["a", "b"], False, "2 more are left: a, b."),
    ],
)
def test_only_container(names, good, says):
    found, saw = judge("only_container", FakeEvidence(world=FakeServices({each: {} for each in names})), name="web")
    assert found is good
    assert says in saw


@pytest.mark.parametrize(
    ("text", "good", "says"),
    [
        ("$ docker run x\nhello you\n", True, "hello"),
        ("$ echo hello\n", False, "They printed nothing."),
        ("$ docker run -d hello\n0123\n", False, "'0123'"),
        ("", False, "nothing"),
    ],
)
def test_commands_say(text, good, says):
    found, saw = judge("commands_say", FakeEvidence(commands=Transcript(text, 0)), text="hello")
    assert found is good
    assert says in saw


@pytest.mark.parametrize(
    ("evidence", "good", "says"),
    [
        (service(container=FakeContainer("open\nclosed\n"), Status="exited"), True, "'closed'"),
        (service(container=FakeContainer("closed"), Status="running"), False, "running"),
        (service(container=FakeContainer("closed"), Status="exited", ExitCode=137), False, "SIGKILL"),
        (service(container=FakeContainer("closed"), Status="exited", ExitCode=143), False, "143"),
        (service(container=FakeContainer("open"), Status="exited"), False, "never wrote"),
        (FakeEvidence(world=FakeServices()), False, "no container named web"),
    ],
)
def test_ended_by_itself(evidence, good, says):
    found, saw = judge("ended_by_itself", evidence, name="web", says="closed")
    assert found is good
    assert says in saw


@pytest.mark.parametrize(
    ("running", "good"),
    [
        (["node web.js"], True),
        (["/usr/local/bin/node /app/web.js --port 3000"], True),
        (["node web.js", "sleep 1"], False),
        (["sh -c node web.js"], False),
        (["node"], False),
        (["node worker.js"], False),
        (["/sbin/docker-init -- entry.sh node web.js", "node web.js"], True),
        (["tini -- node web.js", "node web.js", "sleep 1"], False),
        (["sh start.sh", "node web.js"], False),
        (["tini"], False),
        (["", "node web.js"], False),
        ([], False),
    ],
)
def test_runs_one_process(monkeypatch, running, good):
    monkeypatch.setattr("labkit.checks.service.SETTLED", 0)
    evidence = service(BOUND, FakeContainer(running=running))
    found, saw = judge("runs_one_process", evidence, name="web", command="node web.js")
    assert found is good
    assert all(command in saw for command in running)


def test_one_that_has_ended_runs_nothing():
    evidence = service(BOUND, FakeContainer(end="It ended with exit code 3."), Status="exited")
    assert judge("runs_one_process", evidence, name="web", command="node web.js") == (
        False,
        "It ended with exit code 3.",
    )
