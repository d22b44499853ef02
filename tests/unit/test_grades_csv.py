from __future__ import annotations

import csv
import io

import pytest
from grade_samples import ABOUT, HOSTILE, all_outcomes, finding, grade, hostile_class

from labkit.report.grades import FORMATS
from labkit.report.grades.shared import CONTROL
from labkit.result import Outcome

NUMBERS = {"number", "points", "max_points", "open_points", "penalty", "total", "max", "06-layer-order"}


def rows(name, grades):
    return list(csv.DictReader(io.StringIO(FORMATS[name].render(grades, ABOUT)), strict=True))


def test_a_row_for_each_check():
    found = rows("csv", [all_outcomes(penalty=0.5, notes=("one.", "two."), source="inbox")])
    assert [row["outcome"] for row in found] == ["pass", "fail", "todo", "error", "fail", "error"]
    assert [row["points"] for row in found] == ["1", "0", "0", "0", "0", "0"]
    assert [row["open_points"] for row in found] == ["0", "0", "0", "1", "0", "1"]
    assert [row["hidden"] for row in found] == ["no"] * 4 + ["yes"] * 2
    assert [row["number"] for row in found] == list("123456")
    told = [found[0][key] for key in ("max_points", "penalty", "submitted", "source", "notes", "check", "title", "saw")]
    assert told == ["2", "0.5", "2026-05-04T12:30:00+00:00", "inbox", "one. two.", "shown_pass", "shown pass", "seen"]


def test_a_row_for_each_learner():
    found = rows(
        "csv-wide",
        [
            all_outcomes(penalty=0.5),
            grade(finding(points=3), exercise="11-non-root"),
            grade(finding(Outcome.TODO), learner="bob", name="Bob"),
        ],
    )
    head = ["learner", "name", "06-layer-order", "11-non-root", "total", "max", "open_points", "set_aside"]
    assert list(found[0]) == head
    assert list(found[0].values()) == ["ada", "ada", "1", "3", "4", "15", "2", "yes"]
    assert list(found[1].values()) == ["bob", "Bob", "0", "", "0", "1", "0", "no"]  # nothing to give is no zero


def test_both_agree():
    grades = [all_outcomes(penalty=0.3), all_outcomes(exercise="11-non-root", penalty=0.1)]
    (wide,) = rows("csv-wide", grades)
    long = rows("csv", grades)
    for sums, part in (("total", "points"), ("max", "max_points"), ("open_points", "open_points")):
        assert sum(float(row[part]) for row in long) == pytest.approx(float(wide[sums]))


def test_who_handed_in_nothing_is_there():
    assert [row["learner"] for row in rows("csv", [grade(), grade(finding(Outcome.TODO), learner="bob")])] == [
        "ada",
        "bob",
    ]


@pytest.mark.parametrize("name", ["csv", "csv-wide"])
def test_no_cell_is_a_formula_and_a_row_is_a_line(name):
    text = FORMATS[name].render(hostile_class(), ABOUT)
    found = rows(name, hostile_class())
    assert len(text.splitlines()) == len(found) + 1
    assert not CONTROL.search(text.replace("\n", ""))
    cells = [value for row in found for key, value in row.items() if key not in NUMBERS]
    assert [cell for cell in cells if cell.lstrip()[:1] in tuple("=+-@")] == []


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1", "'=1"),
        ("-1", "'-1"),
        ("+1", "'+1"),
        ("@a", "'@a"),
        ("  =1", "'  =1"),
        ("\t=1", r"'\t=1"),
        ("\r1", r"'\r1"),
        ("\uff1d1", "'\uff1d1"),
        ("a=1", "a=1"),
        ("two\nlines", r"two\nlines"),
        ("eve\u202e", r"eve\u202e"),
    ],
)
def test_a_cell(text, cell):
    assert rows("csv-wide", [grade(finding(), learner=text)])[0]["learner"] == cell


def test_hostile_learners_stay_apart():
    assert len({row["learner"] for row in rows("csv-wide", hostile_class())}) == len(HOSTILE)
