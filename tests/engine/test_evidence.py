"""What runs is shared by all checks of a run, and stopping it takes it from nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from labkit import course
from labkit.evidence import Evidence
from labkit.sandbox import Sandbox
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
