"""What runs is shared by all checks of a run, and stopping it takes it from nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from labkit import course
from labkit.container import Container
from labkit.errors import timeouts
from labkit.evidence import Evidence
from labkit.ledger import SEAT
from labkit.sandbox import Sandbox
from labkit.seat import seat
from labkit.workspace import Workspace

pytestmark = pytest.mark.usefixtures("use_shared_state")


@pytest.fixture
def evidence(engine):
    exercise = course.exercise("non-root")
    with Sandbox(engine) as box:
        yield Evidence(box, exercise, Workspace(Path(__file__).parents[2]).solution(exercise))


def test_what_is_stopped_is_the_service_and_who_asks_later_gets_a_new_one(evidence):
    first = evidence.service
    assert evidence.stop(5).exit_code == 0
    assert not first.running
    assert evidence.service.id != first.id
    assert "ok" in evidence.answer(3000, "/health").text


def test_a_service_that_has_ended_is_not_what_is_stopped(evidence):
    first = evidence.service
    first.stop(5)
    assert evidence.stop(5).exit_code == 0
    assert evidence.service.id != first.id


def test_the_service_comes_up_ahead_of_who_asks_for_it_and_is_the_only_one(evidence, engine):
    evidence.ready()
    assert [evidence.service.id] == [each["Id"] for each in engine.containers(f"{SEAT}={seat()}")]
    assert evidence.stop(5).exit_code == 0


def test_a_service_that_nobody_asks_for_goes_with_its_sandbox(engine):
    exercise = course.exercise("non-root")
    with Sandbox(engine) as box:
        Evidence(box, exercise, Workspace(Path(__file__).parents[2]).solution(exercise)).ready()
    assert engine.containers(f"{SEAT}={seat()}") == []


HEEDLESS = {
    "a shell waits for its child": (["sh", "-c", "sleep 60; true"], {}, True),
    "it has no handler": (["sleep", "60"], {}, True),
    "it has a handler that does nothing": (["sh", "-c", "trap : TERM; while :; do sleep 1; done"], {}, False),
    "a small init passes it to who ignores it": (["sh", "-c", "trap '' TERM; sleep 60"], {"init": True}, False),
}


@pytest.mark.parametrize("name", HEEDLESS)
def test_whether_more_time_would_change_anything_when_it_is_stopped(name, engine):
    argv, options, ignored = HEEDLESS[name]
    container = Container(engine, engine.create("alpine:3.20", argv, network_mode="none", **options))
    try:
        engine.start(container.id)
        before = timeouts()
        stop = container.stop(1)
        assert (stop.exit_code, stop.ignored, timeouts() - before) == (None, ignored, int(not ignored))
    finally:
        container.remove()
