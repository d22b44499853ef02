from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from grade_samples import ABOUT, HOSTILE, all_outcomes, finding, grade, hostile_class

from labkit.report.grades import FORMATS, json_
from labkit.report.grades.shared import CONTROL, number, visible
from labkit.result import Outcome

SCHEMA = json.loads(Path(json_.__file__).with_name("grades-v1.schema.json").read_text())


def text_of(name, grades, about):
    return "".join(FORMATS[name].render(grades, about))


def rendered(grades, about=ABOUT):
    return json.loads(text_of("json", grades, about))


def test_all_is_told_and_valid():
    data = rendered([all_outcomes(penalty=0.1, notes=("n",), source="inbox/ada"), grade(finding(Outcome.TODO))])
    jsonschema.validate(data, SCHEMA)
    assert data["about"] == ABOUT
    first, second = data["grades"]
    told = ("points", "open_points", "max_points", "penalty", "set_aside", "notes", "source", "submitted")
    assert [first[key] for key in told] == [1.8, 3.6, 12, 0.1, True, ["n"], "inbox/ada", "2026-05-04T12:30:00+00:00"]
    assert first["provenance"]["graded"] == "2026-05-05T10:00:00+02:00"
    assert [found["hidden"] for found in first["findings"]] == [False] * 4 + [True] * 2
    assert first["findings"][4]["saw"] == "secret"  # this file is for the person who grades
    assert (second["provenance"], second["submitted"], second["set_aside"]) == (None, None, False)


def test_what_nobody_asked_for_is_left_out():
    data = rendered([], {"token": "x", "title": "Spring"})
    jsonschema.validate(data, SCHEMA)
    assert data == {"schema": "labkit/grades/v1", "about": {"title": "Spring"}, "grades": []}


@pytest.mark.parametrize(
    "where", [(), ("about",), ("grades", 0), ("grades", 0, "findings", 0), ("grades", 0, "provenance")]
)
def test_schema_refuses_what_it_does_not_know(where):
    data = rendered([all_outcomes()])
    inner = data
    for step in where:
        inner = inner[step]
    inner["more"] = 1
    with pytest.raises(jsonschema.ValidationError, match=r"'more' was unexpected|is not valid under any"):
        jsonschema.validate(data, SCHEMA)


def test_hostile_text_reads_back_as_it_was_and_hides_nothing():
    text = text_of("json", hostile_class(), ABOUT)
    assert [each["learner"] for each in json.loads(text)["grades"]] == list(HOSTILE)
    assert not CONTROL.search(text.replace("\n", ""))
    text.encode("utf-8")


@pytest.mark.parametrize(("value", "wanted"), [(3 * 0.9, "2.7"), (2.0, "2"), (-0.0, "0"), (1 / 3, "0.3333")])
def test_numbers(value, wanted):
    assert str(number(value)) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a\nb\tc\r", r"a\nb\tc\r"),
        ("\x1b\x9b\u202e\ufeff\udcff", r"\x1b\x9b\u202e\ufeff\udcff"),
        ("\U000e0041", r"\U000e0041"),
        ("مريم Ångström 李 👩\u200d💻", "مريم Ångström 李 👩\u200d💻"),
    ],
)
def test_what_cannot_be_seen_is_written_out(text, wanted):
    assert visible(text) == wanted


def test_kept_characters_stay():
    assert visible("a\nb\r", keep="\n") == "a\nb\\r"


@pytest.mark.parametrize("name", FORMATS)
class TestEveryFormat:
    def test_takes_hostile_text_and_can_be_written(self, name):
        for grades in [hostile_class()] if not FORMATS[name].each else [[each] for each in hostile_class()]:
            text = text_of(name, grades, ABOUT)
            text.encode("utf-8")
            assert text.endswith("\n")
            assert not set("\u202e\u2066\x00\x1b") & set(text)

    def test_takes_no_grades(self, name):
        assert text_of(name, [], ABOUT)

    def test_takes_an_exercise_without_findings(self, name):
        assert text_of(name, [grade()], ABOUT)

    def test_does_not_depend_on_how_often_it_is_asked(self, name):
        assert text_of(name, [all_outcomes()], ABOUT) == text_of(name, [all_outcomes()], ABOUT)

    def test_needs_nothing_that_only_one_platform_needs(self, name):
        if name != "classroom50":
            assert text_of(name, [all_outcomes()], {})


def test_files_have_names_of_their_own():
    assert len({form.file for form in FORMATS.values()}) == len(FORMATS)


LEARNERS = [name for name, form in FORMATS.items() if form.each]


@pytest.mark.parametrize("name", LEARNERS)
def test_a_learner_reads_only_what_a_failure_may_tell(name):
    told = finding(Outcome.FAIL, saw="sawthis", want="wantthis", why="whythis")
    for details, wanted in (("full", [1, 1, 1]), ("actual", [1, 0, 0]), ("none", [0, 0, 0])):
        text = text_of(name, [grade(replace(told, details=details))], ABOUT)
        assert [text.count(word) for word in ("sawthis", "wantthis", "whythis")] == wanted


@pytest.mark.parametrize("name", [name for name in LEARNERS if name != "gradescope"])
def test_a_learner_reads_nothing_of_a_hidden_check(name):
    text = text_of(name, [all_outcomes()], ABOUT)
    assert "secret" not in text
    assert text.count("Hidden check") >= 2
