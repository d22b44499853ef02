"""A grading from end to end: submissions → jobs → results → a grade for each learner and exercise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from labkit import course
from labkit.errors import LabError
from labkit.grading.job import Job, job, not_run
from labkit.result import Finding, Grade, Outcome
from labkit.run import unrun
from labkit.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from labkit.grading.book import Book
    from labkit.grading.job import Key, Record
    from labkit.grading.late import Late
    from labkit.grading.submission import Submission
    from labkit.result import Report
    from labkit.spec import Exercise


class NotProved(LabError):  # noqa: N818  reads as what happened
    """An exercise's own solution does not pass here, so that nobody's could be graded fairly."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A submission without its files.

    Attributes:
        submission: the learner's; its files are in the book.
        key: what its result is found by; None where there is nothing to run.
        report: what there is to say without running anything; None where there is a key.
    """

    submission: Submission
    key: Key | None
    report: Report | None


class Slow:
    """Failures in which time ran out: each is seen twice before it counts, the second time in calm.

    Attributes:
        found: the exercises of those that were seen once, by what they are known by.
    """

    def __init__(self) -> None:
        self.found: dict[Key, str] = {}

    def waits(self, record: Record) -> bool:
        """Whether a result is such a failure, and was not seen before; it is remembered then."""
        report = record.report
        if report.outcome is not Outcome.FAIL or not report.timed_out or record.key in self.found:
            return False
        self.found[record.key] = report.exercise
        return True


class Grading:
    """Everybody's submissions of some exercises.

    Args:
        exercises: the course's.
        book: where files and results are kept.
    """

    def __init__(self, exercises: Sequence[Exercise], book: Book) -> None:
        self._exercises = {each.slug: each for each in exercises}
        self._book = book
        self._entries: list[_Entry] = []
        self._open: dict[Key, str] = {}
        self._slow = Slow()
        self._findings: dict[Finding, Finding] = {}

    def take(self, submissions: Iterable[Submission]) -> None:
        """Read all submissions once. Their files go into the book, so that few are in memory at any time."""
        for each in submissions:
            exercise = self._exercises[each.exercise]
            if each.fault or not each.files:
                self._entries.append(_Entry(each, None, not_run(exercise, each.fault)))
                continue
            this = job(exercise, each.files)
            self._book.keep(this.key, each.files)
            self._entries.append(_Entry(replace(each, files={}), this.key, None))
            if not self._book.has(this.key):
                self._open[this.key] = each.exercise

    @property
    def open(self) -> int:
        """How many results are still to be had; equal submissions have one."""
        return len(self._open)

    def jobs(self) -> Iterator[Job]:
        """What is to be done, exercise by exercise: submissions of one share most of their layers."""
        return self._jobs(sorted(self._open.items(), key=lambda each: each[1]))

    def slow_jobs(self) -> list[Job]:
        """What failed where time ran out: to be done again when nothing else is under way."""
        return list(self._jobs(self._slow.found.items()))

    def _jobs(self, some: Iterable[tuple[Key, str]]) -> Iterator[Job]:
        for key, exercise in some:
            yield Job(key, exercise, self._book.files(key))

    def result(self, record: Record) -> None:
        """Write a result down; but a failure in which time ran out, only when it was seen twice."""
        if not self._slow.waits(record):
            self._book.put(record)

    def proofs(self, about: tuple[str, dict[str, str]] | None) -> list[Job]:
        """The solutions of what is to be graded.

        Args:
            about: an engine and the ids of its base images, to leave out those that were seen to pass there.
        """
        workspace = Workspace(course.root())
        answers = {slug: workspace.answer(self._exercises[slug]) for slug in sorted(set(self._open.values()))}
        jobs = [job(self._exercises[slug], files) for slug, files in answers.items()]
        for each in jobs:
            self._book.keep(each.key, each.files)
        return [each for each in jobs if not self._is_proved(each.key, about)]

    def _is_proved(self, key: Key, about: tuple[str, dict[str, str]] | None) -> bool:
        record = self._book.get(key)
        if record is None or not record.report.passed:
            return False
        return about == (record.provenance.engine, record.provenance.base_images)

    def proved(self, record: Record) -> None:
        """Write down how a solution did.

        Raises:
            NotProved: it does not pass, so that nobody's could be graded fairly.
        """
        if not record.report.passed:
            first = next(f for f in record.report.findings if f.outcome is not Outcome.PASS)
            raise NotProved(
                f"The course's own solution of {record.report.exercise} does not pass here: {first.title}: {first.saw}",
                fix="see `labkit doctor`; if the engine and the base images are well, report this",
                why="Grades of this exercise would not be fair, so none was given.",
            )
        self._book.put(record)

    def grades(self, late: Late) -> list[Grade]:
        """Everybody's grades; what has no result yet is an error and costs nobody points."""
        return [self._grade(entry, late) for entry in self._entries]

    def _grade(self, entry: _Entry, late: Late) -> Grade:
        each, provenance, report = entry.submission, None, entry.report
        if entry.key and (record := self._book.get(entry.key)):
            findings = tuple(self._findings.setdefault(found, found) for found in record.report.findings)  # most recur
            report, provenance = replace(record.report, evidence={}, findings=findings), record.provenance
        if report is None:
            fault = Finding(Outcome.ERROR, "It was not graded yet.", "Run the same command again.")
            report = unrun(self._exercises[each.exercise], fault)
        return Grade(
            each.learner,
            each.name,
            report,
            each.submitted,
            late.penalty(each.submitted),
            each.source,
            each.notes,
            provenance,
        )
