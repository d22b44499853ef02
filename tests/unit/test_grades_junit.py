from __future__ import annotations

from xml.etree import ElementTree as ET

from grade_samples import ABOUT, HOSTILE, all_outcomes, finding, grade, hostile_class

from labkit.report.grades import FORMATS
from labkit.result import Outcome


def suites(grades):
    return list(ET.fromstring(FORMATS["junit"].render(grades, ABOUT)))  # noqa: S314  our own text


def said(suite):
    return {each.get("name"): each.get("value") for each in suite.find("properties")}


def test_a_suite_for_each_learner_and_exercise():
    found = suites([grade(finding()), grade(finding(), exercise="11-non-root"), grade(finding(), learner="b.ob")])
    names = ["ada: 06-layer-order", "ada: 11-non-root", "b.ob: 06-layer-order"]
    assert [suite.get("name") for suite in found] == names
    assert found[2].find("testcase").get("classname").rpartition(".")[::2] == ("b.ob", "06-layer-order")


def test_outcomes_become_what_readers_know():
    (suite,) = suites([all_outcomes(penalty=0.5, notes=("late",))])
    assert [suite.get(key) for key in ("tests", "failures", "errors", "skipped")] == ["6", "2", "2", "1"]
    children = [[child.tag for child in case] for case in suite.iter("testcase")]
    assert children == [[], ["failure"], ["skipped"], ["error"], ["failure"], ["error"]]
    assert suite[0].tag == "properties"  # the schema wants them first
    assert (suite.get("time"), suite.get("timestamp")) == ("1.500", "2026-05-05T10:00:00+02:00")
    assert said(suite) | {"points": "1", "open_points": "2", "max_points": "12", "hidden": "5 6"} == said(suite)
    assert (said(suite)["penalty"], said(suite)["note"]) == ("0.5", "late")


def test_what_was_not_run_has_no_time():
    (suite,) = suites([grade(finding(Outcome.TODO))])
    assert suite.get("time") is None
    assert "hidden" not in said(suite)


def test_hostile_text_is_legal():
    found = suites(hostile_class())
    assert len(found) == len(HOSTILE)
    messages = [suite.find("testcase/failure").get("message") for suite in found]
    assert messages[HOSTILE.index("two\nlines")] == "two\nlines"
    assert messages[HOSTILE.index("\udcff\ud83d")] == r"\udcff\ud83d"
    assert "\\u202e" in found[HOSTILE.index("eve\u202etxt.exe")].get("name")
