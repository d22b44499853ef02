from __future__ import annotations

from datetime import UTC, datetime

import pytest

from labkit.grading.roster import Entry, Roster
from labkit.grading.submission import IntakeError


@pytest.fixture
def read(tmp_path):
    def made(text):
        (tmp_path / "roster.csv").write_text(text, encoding="utf-8")
        return Roster.read(tmp_path / "roster.csv")

    return made


def test_columns_in_any_order_and_others_beside(read):
    found = read("Group,Name,Learner,Source,Submitted\n1,Ada L.,ada,x_1,2026-01-01T00:00:00Z\n,,ben,,\n")
    assert list(found.entries.values()) == [
        Entry("ada", "Ada L.", datetime(2026, 1, 1, tzinfo=UTC), "x_1"),
        Entry("ben", "ben"),
    ]


@pytest.mark.parametrize(
    ("learner", "label", "who"),
    [
        ("x_1", "x_1", "ada"),
        ("x_1", "x_1.zip", "ada"),
        ("y", "y.zip", "ben"),
        ("ada", "ada", "ada"),
        ("eve", "origin/eve", "eve"),
        ("x", "x", None),
    ],
)
def test_whose_a_source_is(read, learner, label, who):
    entry = read("learner,source\nada,x_1\nben,y.zip\neve,\n").find(learner, label)
    assert (entry.learner if entry else None) == who


def test_a_name_that_is_spelled_in_two_ways(read):
    assert read("learner\nZoe\N{COMBINING DIAERESIS}\n").find("Zoë", "Zoë")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name\nAda\n", "has no column 'learner'"),
        ("learner\nada\nada\n", "roster.csv, line 3: 'ada' is on the roster twice"),
        ("learner,name\n,Ada\n", "line 2: there is no learner"),
        ("learner,source\nada,x\nben,x\n", "'x' is the source of two learners"),
        ("learner,source\nada,ben\nben,\n", "'ben' is the source of two learners"),
        ("learner,submitted\nada,2026-13-01\n", "'2026-13-01' is no time"),
    ],
)
def test_what_does_not_say_who_is_who(read, text, says):
    with pytest.raises(IntakeError, match=says):
        read(text)


def test_two_that_change_places(read):
    found = read("learner,source\nada,ben\nben,ada\n")
    assert (found.find("ada", "ada").learner, found.find("ben", "ben").learner) == ("ben", "ada")


def test_no_file(tmp_path):
    with pytest.raises(IntakeError, match="cannot be read: No such file"):
        Roster.read(tmp_path / "none.csv")
