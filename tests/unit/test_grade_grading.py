"""From submissions to grades, with results made by hand in place of an engine's."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pool_tools import record

from labkit import course
from labkit.grading.book import Book
from labkit.grading.grading import Grading, NotProved
from labkit.grading.late import Late
from labkit.grading.submission import Submission
from labkit.report import RENDERERS
from labkit.result import Finding, Outcome
from labkit.run import run
from labkit.workspace import SourceFile

EXERCISE = course.exercise("first-check")
DUE = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture
def book(tmp_path):
    with Book(tmp_path / "grading.sqlite") as opened:
        yield opened


def handed_in(learner, text="", *, fault="", days=0):
    files = {"Dockerfile": SourceFile(text.encode())} if text else {}
    return Submission(learner, learner.title(), EXERCISE.slug, files, f"class/{learner}", DUE + timedelta(days), fault)


def grading(book, *submissions):
    found = Grading([EXERCISE], book)
    found.take(submissions)
    return found


def test_nothing_handed_in_is_not_started(book):
    (grade,) = grading(book, handed_in("ada")).grades(Late())
    assert (grade.points, grade.max_points, grade.report.outcome) == (0, 2, Outcome.TODO)
    assert grade.report.findings[0].saw == "Nothing was handed in."


def test_what_cannot_be_read_is_said_once(book):
    found = grading(book, handed_in("ada", fault="Dockerfile is a link."))
    (grade,) = found.grades(Late())
    assert found.open == 0
    assert [finding.outcome for finding in grade.report.findings] == [Outcome.FAIL, Outcome.TODO]
    assert grade.report.findings[0].saw == "Dockerfile is a link."


def test_equal_submissions_are_graded_once(book):
    found = grading(book, handed_in("ada", "FROM a"), handed_in("bob", "FROM a"), handed_in("cy", "FROM b"))
    assert found.open == len(list(found.jobs())) == 2


def test_what_is_recorded_is_not_graded_again(book):
    (job,) = grading(book, handed_in("ada", "FROM a")).jobs()
    book.put(record(job))
    again = grading(book, handed_in("ada", "FROM a"), handed_in("bob", "FROM a"))
    assert again.open == 0
    assert [grade.report.passed for grade in again.grades(Late())] == [True, True]


def test_an_error_is_graded_again_and_costs_nothing(book):
    (job,) = grading(book, handed_in("ada", "FROM a")).jobs()
    book.put(record(job, Outcome.ERROR))
    again = grading(book, handed_in("ada", "FROM a"))
    (grade,) = again.grades(Late())
    assert again.open == 1
    assert (grade.set_aside, grade.points, grade.open_points) == (True, 0, 1)


def test_what_has_no_result_yet_costs_nothing(book):
    (grade,) = grading(book, handed_in("ada", "FROM a")).grades(Late())
    assert (grade.set_aside, grade.points, grade.open_points) == (True, 0, 2)


def test_lateness_costs_what_the_policy_says_whenever_it_is_asked(book):
    found = grading(book, handed_in("ada", "FROM a", days=1.5), handed_in("bob", "FROM a", days=-1))
    book.put(record(next(found.jobs())))
    assert [grade.points for grade in found.grades(Late(DUE, per_day=0.2))] == [0.6, 1]
    assert [grade.points for grade in found.grades(Late())] == [1, 1]


def test_a_failure_in_which_time_ran_out_is_seen_twice_before_it_counts(book):
    found = grading(book, handed_in("ada", "FROM a"), handed_in("bob", "FROM b"))
    slow, other = found.jobs()
    late = record(slow, Outcome.FAIL)
    late = replace(late, report=replace(late.report, timed_out=True))
    found.result(late)
    found.result(record(other, Outcome.FAIL))
    assert (book.has(slow.key), book.has(other.key)) == (False, True)
    assert found.slow_jobs() == [slow]
    found.result(late)
    assert book.get(slow.key) == late


class TestSolutionsFirst:
    HERE = ("E", {"a": "b"})

    def test_each_is_tried_once_on_an_engine(self, book):
        found = grading(book, handed_in("ada", "FROM a"))
        (proof,) = found.proofs(self.HERE)
        assert b"Ahoy" in proof.files["Dockerfile"].data
        found.proved(record(proof))
        assert found.proofs(self.HERE) == []
        assert found.proofs(("another engine", {"a": "b"})) == found.proofs(("E", {"a": "other"})) == [proof]

    def test_one_that_fails_ends_the_grading(self, book):
        found = grading(book, handed_in("ada", "FROM a"))
        (proof,) = found.proofs(None)
        with pytest.raises(NotProved, match="solution of 00-first-check does not pass here: C: seen"):
            found.proved(record(proof, Outcome.FAIL))
        assert not book.has(proof.key)


def test_a_learner_does_not_run_hidden_checks():
    hidden = EXERCISE.checks[1].model_copy(update={"hidden": True})
    exercise = EXERCISE.model_copy(update={"checks": [EXERCISE.checks[0], hidden]})
    untouched = type("Untouched", (), {"touched": False, "digest": ""})()
    report = run(exercise, untouched, None)
    assert ([finding.check for finding in report.findings], report.not_run) == (["image_builds"], 1)
    assert RENDERERS["text"](report).endswith("These are the public checks; 1 more will be run for the grade.\n")


@pytest.mark.parametrize(
    ("details", "told"), [("full", ("s", "w", "y")), ("actual", ("s", "", "")), ("none", ("", "", ""))]
)
def test_a_failure_tells_the_learner_what_it_may(details, told):
    finding = Finding(Outcome.FAIL, "s", "w", "y", details=details)
    seen = finding.for_learner()
    assert (seen.saw, seen.want, seen.why) == told
    passed = replace(finding, outcome=Outcome.PASS)
    assert passed.for_learner() == passed
