from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import jsonschema
import pytest
from grade_samples import ABOUT, all_outcomes, finding, grade, hostile_class, provenance
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.report.grades import FORMATS
from labkit.result import Outcome

SCHEMAS = Path(__file__).with_name("schemas")
FILES = {"gradescope": "gradescope-results.json", "classroom50": "classroom50-result-v1.json"}
VALIDATORS = {
    name: jsonschema.Draft202012Validator(json.loads((SCHEMAS / file).read_text())) for name, file in FILES.items()
}


def rendered(name, *grades, about=ABOUT):
    data = json.loads(FORMATS[name].render(grades, about))
    if name in VALIDATORS:
        VALIDATORS[name].validate(data)
    return data


def column(data, key):
    return [test.get(key) for test in data["tests"]]


@pytest.mark.parametrize("name", ["gradescope", "classroom50", "classroom"])
def test_hostile_text(name):
    for each in hostile_class():
        assert len(rendered(name, each)["tests"]) == 5


points = st.sampled_from([0, 0.25, 0.5, 1, 1.5, 2, 3, 0.1, 0.333, 7])
findings = st.builds(finding, st.sampled_from(Outcome), points=points)
classes = st.lists(findings, max_size=8)


class TestGradescope:
    def test_scores_are_those_after_the_late_policy_and_an_error_costs_nothing(self):
        data = rendered("gradescope", all_outcomes(penalty=0.1))
        assert column(data, "score") == [1.8, 0, 0, 1.8, 0, 1.8]
        assert column(data, "max_score") == [2] * 6
        assert column(data, "status") == ["passed", "failed", "failed", None, "failed", None]
        assert data["score"] == 5.4

    def test_hidden_checks_wait_for_the_grades(self):
        data = rendered("gradescope", all_outcomes())
        assert column(data, "visibility") == ["visible"] * 4 + ["after_published"] * 2
        assert data["visibility"] == "visible"

    def test_texts(self):
        outputs = column(rendered("gradescope", all_outcomes()), "output")
        assert outputs[:3] == ["", "Seen: seen\nWanted: wanted\nWhy: because", "Seen: seen"]
        assert outputs[3].endswith("a person will look at it. Until then you have its points.\nSeen: seen")

    def test_late_policy_and_notes_are_told(self):
        said = rendered("gradescope", all_outcomes(penalty=0.125, notes=("A link was left out.",)))["output"]
        assert "06-layer-order: Late: 12.5 % of the points" in said
        assert "A link was left out." in said

    def test_time_is_a_number(self):
        two = (grade(finding(), provenance=provenance(1.25)), grade(finding(), provenance=provenance(2.5)), grade())
        assert rendered("gradescope", *two)["execution_time"] == 3.75

    @settings(deadline=None, max_examples=50)
    @given(classes, st.sampled_from([0, 0.1, 1 / 3, 1]))
    def test_the_sum_agrees(self, found, penalty):
        data = rendered("gradescope", grade(*found, penalty=penalty))
        assert data["score"] == pytest.approx(sum(column(data, "score")))


class TestClassroom50:
    @pytest.mark.parametrize("key", [key for key in ABOUT if key != "title"])
    def test_what_is_missing_is_named(self, key):
        with pytest.raises(ValueError, match=rf"needs to be told: {key}\."):
            rendered("classroom50", all_outcomes(), about=ABOUT | {key: ""})

    def test_all_that_is_missing_is_named(self):
        with pytest.raises(ValueError, match=r"classroom, assignment, .*, datetime\."):
            rendered("classroom50", all_outcomes(), about={})

    def test_whole_points_stay_as_they_are(self):
        data = rendered("classroom50", all_outcomes())
        assert (data["score"], data["max-score"]) == (6, 12)
        assert column(data, "score") == [2, 0, 0, 2, 0, 2]
        assert column(data, "passed") == [True] + [False] * 5

    def test_times_are_utc(self):
        assert rendered("classroom50", all_outcomes())["graded_at"] == "2026-05-05T08:00:00Z"
        assert "graded_at" not in rendered("classroom50", grade(finding()))

    def test_the_factor_is_the_same_for_all_learners(self):
        checks = [0.5, 1]
        for penalty in (0, 0.1, 1):
            for outcome in Outcome:
                each = grade(*(finding(outcome, points=each) for each in checks), penalty=penalty)
                assert column(rendered("classroom50", each), "max-score") == [1, 2]

    def test_a_late_policy_does_not_eat_small_checks(self):
        data = rendered("classroom50", grade(*(finding() for _ in range(10)), penalty=0.1))
        assert (data["score"], sorted(column(data, "score"))) == (9, [0] + [1] * 9)

    def test_half_a_point_is_the_learners(self):
        assert rendered("classroom50", grade(finding(), penalty=0.5))["score"] == 1
        assert rendered("classroom50", grade(finding(), penalty=0.51))["score"] == 0

    @settings(deadline=None, max_examples=50)
    @given(classes, st.sampled_from([0, 0.1, 0.25, 1 / 3, 0.5, 1]))
    def test_scores_are_at_most_their_maximum_and_add_up(self, found, penalty):
        data = rendered("classroom50", grade(*found, penalty=penalty))
        assert data["score"] == sum(column(data, "score"))
        assert data["max-score"] == sum(column(data, "max-score"))
        assert all(test["score"] <= test["max-score"] for test in data["tests"])
        kept = (Outcome.PASS, Outcome.ERROR)
        assert all(test["score"] == 0 for test in data["tests"] if Outcome(test["outcome"]) not in kept)


def table(data):
    """What the reporter's table shows."""
    passed = column(data, "status").count("pass")
    return passed / len(data["tests"]) * data["max_score"] if data["tests"] else 0


class TestClassroom:
    @settings(deadline=None, max_examples=50)
    @given(st.lists(st.builds(finding, st.sampled_from([Outcome.PASS, Outcome.FAIL, Outcome.TODO]), points=points)))
    def test_table_and_sum_agree(self, found):
        data = rendered("classroom", grade(*found))
        exact = sum(Fraction(str(each.earned)) for each in found)
        assert sum(column(data, "score")) == pytest.approx(float(exact), abs=0.01)
        if len(data["tests"]) > len(found) or len({each.points for each in found if each.points}) == 1:
            assert table(data) == pytest.approx(float(exact), abs=0.01)

    def test_a_check_that_is_worth_more_is_several_tests(self):
        data = rendered("classroom", grade(finding(points=1), finding(Outcome.FAIL, points=1.5, title="U")))
        names = ["T (1 of 2)", "T (2 of 2)", "U (1 of 3)", "U (2 of 3)", "U (3 of 3)"]
        assert column(data, "name") == [f"06-layer-order: {name}" for name in names]
        assert column(data, "score") == [0.5, 0.5, 0, 0, 0]
        assert data["max_score"] == 2.5
        assert (data["status"], table(data)) == ("fail", 1)
        assert [bool(message) for message in column(data, "message")] == [False, False, True, False, False]

    def test_late_policy_and_errors_are_in_the_sum(self):
        data = rendered("classroom", all_outcomes(penalty=0.1))
        assert column(data, "score") == [1.8, 0, 0, 1.8, 0, 1.8]
        assert column(data, "status") == ["pass", "fail", "fail", "error", "fail", "error"]
        assert data["status"] == "error"

    def test_too_many_tests_are_not_made(self):
        data = rendered("classroom", grade(finding(points=0.01), finding(points=10)))
        assert column(data, "score") == [0.01, 10]

    def test_all_passed(self):
        assert rendered("classroom", grade(finding()))["status"] == "pass"


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("gradescope", {"execution_time": "1.5"}),
        ("gradescope", {"visibility": "sometimes"}),
        ("gradescope", {"more": 1}),
        ("classroom50", {"score": 1.5}),
        ("classroom50", {"submission": "main"}),
        ("classroom50", {"more": 1}),
    ],
)
def test_the_schemas_refuse_what_the_platforms_refuse(name, change):
    with pytest.raises(jsonschema.ValidationError):
        VALIDATORS[name].validate(rendered(name, all_outcomes()) | change)
