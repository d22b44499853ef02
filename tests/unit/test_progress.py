"""What long work says of itself: how far it is, how fast, and how long it will take."""

from __future__ import annotations

import io

import pytest

from labkit import progress
from labkit.progress import shown


@pytest.fixture
def clock(monkeypatch):
    """A clock that is set by hand, in seconds."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


class Terminal(io.StringIO):
    def isatty(self):
        return True


def said(clock, steps):
    out = io.StringIO()
    with shown(out) as tell:
        for clock[0], what, done, total in steps:
            tell(what, done, total)
    return out.getvalue().splitlines()


def test_a_log_has_a_line_now_and_then(clock):
    steps = [(second, "grade", second, 400) for second in range(12)]
    assert said(clock, steps) == ["grade: 0 %", "grade: 1 %", "grade: 2 %"]


def test_a_log_says_the_pace_once_there_is_one(clock):
    steps = [(0, "grade", 0, 400), (60, "grade", 40, 400), (600, "grade", 400, 400)]
    assert said(clock, steps) == ["grade: 0 %", "grade: 10 %, 40.0 a minute, 9 min left", "grade: done"]


@pytest.mark.parametrize("total", [11, 5_000_000])
def test_steps_and_bytes_have_no_pace(clock, total):
    assert said(clock, [(0, "x", 0, total), (60, "x", total / 2, total)]) == ["x: 0 %", "x: 50 %"]


def test_a_terminal_shows_rate_and_time_left():
    out = Terminal()
    with shown(out) as tell:
        for done in range(3):
            tell("grade", done, 400)
    assert "grade" in out.getvalue()
    assert "/min" in out.getvalue()
