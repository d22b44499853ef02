from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from labkit.errors import LabError
from labkit.grading.late import Late

DUE = datetime(2026, 1, 31, 18, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


@pytest.mark.parametrize(
    ("after", "costs"),
    [
        (-365 * 24 * HOUR, 0),
        (0 * HOUR, 0),
        (2 * HOUR, 0),
        (2 * HOUR + timedelta(microseconds=1), 0.125),
        (26 * HOUR, 0.125),
        (26 * HOUR + SECOND, 0.25),
        (24 * 4 * HOUR, 0.5),
        (24 * 5 * HOUR, 0.5),
        (24 * 5000 * HOUR, 0.5),
    ],
)
def test_each_begun_day_after_the_grace(after, costs):
    assert Late(DUE, 2 * HOUR, 0.125, 0.5).penalty(DUE + after) == costs


def test_what_is_not_known_costs_nothing():
    assert Late(DUE, per_day=1.0).penalty(None) == 0
    assert Late(None, per_day=1.0).penalty(DUE) == 0
    assert Late(DUE).penalty(DUE + 240 * HOUR) == 0


def test_time_zones_are_heeded():
    late = Late(DUE, per_day=0.5)
    assert late.penalty(datetime(2026, 1, 31, 19, tzinfo=timezone(HOUR))) == 0
    assert late.penalty(datetime(2026, 1, 31, 18, tzinfo=timezone(-HOUR))) == 0.5


def test_an_hour_that_clocks_leave_out():
    """From noon to noon, over the night in which clocks are put back, are 25 hours: two begun days."""
    try:
        zone = ZoneInfo("Europe/Berlin")
    except KeyError:
        pytest.skip("this system has no time zones")
    late = Late(datetime(2026, 10, 24, 12, tzinfo=zone), per_day=0.25)
    assert late.penalty(datetime(2026, 10, 25, 12, tzinfo=zone)) == 0.5


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"due": datetime(2026, 1, 31)}, "no time zone"),  # noqa: DTZ001
        ({"grace": -SECOND}, "grace is negative"),
        ({"per_day": -0.1}, "cannot cost -0.1 of the points a day"),
        ({"per_day": 10.0}, "cannot cost 10.0"),
        ({"per_day": float("nan")}, "cannot cost nan"),
        ({"at_most": 1.5}, "cannot cost 1.5 of the points at most"),
    ],
)
def test_policies_that_are_none(arguments, says):
    with pytest.raises(LabError, match=says):
        Late(**{"due": DUE, **arguments})


def test_a_submission_without_a_zone_is_a_mistake():
    with pytest.raises(ValueError, match="without a time zone"):
        Late(DUE).penalty(datetime(2026, 1, 31))  # noqa: DTZ001
