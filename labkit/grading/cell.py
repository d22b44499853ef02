"""`labkit.grade`: what a grade cell of an nbgrader notebook calls; its value is the cell's points.

nbgrader takes a cell's result for points only where it is a bare float. A cell that ends in an error or writes
anything to stderr has 0 points; one whose result is anything else, or that has none, has all of them.
source: nbgrader, utils.py, determine_grade and get_partial_grade.
"""

from __future__ import annotations

import io
import logging
import math
import os
import warnings
from contextlib import contextmanager, redirect_stderr, suppress
from typing import TYPE_CHECKING

from labkit import course, ledger
from labkit.engine import connect
from labkit.errors import LabError
from labkit.grading import in_english
from labkit.grading.folders import FolderTree
from labkit.grading.job import NOTHING, do, job, not_run
from labkit.grading.take import Taken, Wanted, take
from labkit.report import text
from labkit.report.grades.shared import visible
from labkit.result import Outcome, Report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labkit.spec import Exercise

NOT_TAKEN = " is in it, but"  # how `take` says so
BESIDE = ("timestamp.txt",)  # what nbgrader puts beside a notebook
ZERO = "nbgrader counts a cell that ends in an error as 0 points; here that says nothing about the learner's work."
AGAIN = "then autograde this submission once more"
LONGER = "give nbgrader's cells more time (`c.Execute.timeout = 900` in nbgrader_config.py)"


class NotGraded(LabError):  # noqa: N818  reads as what happened
    """A cell has no points, for a reason that is not the learner's: a person has to look at it."""

    def __init__(self, name: str, what: str, fix: str) -> None:
        super().__init__(f"{name} was not graded, and a person must look: {what}", fix=f"{fix}, {AGAIN}", why=ZERO)


@in_english
def grade(name: str, *, points: float) -> float:
    """Grade the files beside the notebook, with hidden checks; what was found is printed as a learner may read it.

    The last line of a grade cell, with nothing after it::

        labkit.grade("first-check", points=2)

    Args:
        name: the exercise's, such as ``first-check``.
        points: what the cell is worth, the same number as in its metadata.

    Returns:
        The cell's points, from 0 to ``points``: the share of the exercise's points that the checks give. A check that
        ended in an error costs none, and the text says that a person must look.

    Raises:
        NotGraded: no check could decide anything, so that any number would be wrong.
    """
    try:
        worth = _worth(points)
        with _nothing_on_stderr():
            report, notes = _graded(course.exercise(name))
        value = _share(report) * worth
    except LabError as error:
        raise NotGraded(name, error.what, error.fix) from error
    except KeyboardInterrupt:  # nbgrader interrupts what takes longer than it allows
        raise NotGraded(name, "It was stopped before its end.", LONGER) from None
    except Exception as error:  # whatever it is, it is no result
        raise NotGraded(name, f"{type(error).__name__}: {error}", "see what the error says, or report it") from error
    print(_said(report, notes, f"This cell: {value:g} of {worth:g} points"))  # noqa: T201  the cell's output
    return value


def _worth(points: float) -> float:
    """What a cell is worth, as a plain float.

    Raises:
        LabError: nbgrader would take the result for something else.
    """
    if not (math.isfinite(points) and points >= 0):
        raise LabError(f"A cell cannot be worth {points} points.", fix="give the number of the cell's metadata")
    return float(points)


@contextmanager
def _nothing_on_stderr() -> Iterator[None]:
    """Keep stderr empty, whatever a library warns of or a learner's cell has set up: it would cost all points."""
    level = logging.root.manager.disable
    logging.disable()  # a handler that a learner's cell has made holds the stream itself
    try:
        with redirect_stderr(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)


def _graded(exercise: Exercise) -> tuple[Report, list[str]]:
    """Grade what is beside the notebook as `labkit grade` does; and what to know besides."""
    taken, own = _beside(exercise)
    notes = [note for note in taken.notes if note.partition(NOT_TAKEN)[0] not in own]
    if taken.fault:
        return not_run(exercise, taken.fault), notes
    if not taken.files:
        wanted = f"{NOTHING} Looked beside the notebook and in {exercise.slug}/ for: {', '.join(exercise.files)}."
        return not_run(exercise), [wanted]
    try:
        return do(job(exercise, taken.files)).report, notes
    finally:
        with suppress(LabError):  # it takes its images along; where that fails, the next one does it
            ledger.sweep(connect())


def _beside(exercise: Exercise) -> tuple[Taken, set[str]]:
    """The learner's files of an exercise in the current folder; and the names there that are nobody's mistake."""
    top = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        tree = FolderTree(top)
        taken = take(tree, Wanted.of(exercise), alone=True)
        return taken, {name for name in tree.names(()) if name.endswith(".ipynb") or name in BESIDE}
    finally:
        os.close(top)


def _share(report: Report) -> float:
    """The share of its points that a report gives, 0 to 1; what ended in an error is not the learner's loss.

    Raises:
        LabError: there is trouble, and nothing besides.
    """
    decided = [each for each in report.findings if each.outcome in (Outcome.PASS, Outcome.FAIL)]
    if report.outcome is Outcome.ERROR and not decided:
        first = next(each for each in report.findings if each.outcome is Outcome.ERROR)
        raise LabError(first.saw, fix=first.want.rstrip(".") or "see `labkit doctor`")
    return min(1.0, (report.points + report.open_points) / report.max_points)


def _said(report: Report, notes: list[str], points: str) -> str:
    """What is printed; control characters in it, which may be the learner's, can be seen and do nothing."""
    lines = [*text.render(report.for_learner()).rstrip("\n").split("\n"), *notes]
    if report.open_points:
        lines.append(
            f"A person must look: trouble that is not the learner's left {report.open_points:g} of the exercise's "
            f"{report.max_points:g} points undecided. They are counted as given."
        )
    return "\n".join(visible(line) for line in [*lines, points])
