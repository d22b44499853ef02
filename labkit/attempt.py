"""One learner's work on one exercise: the same for the notebook's panel and for the terminal."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from labkit import course
from labkit.engine import Engine, connect
from labkit.errors import LabError
from labkit.history import answering, own_history
from labkit.progress import silent
from labkit.result import Outcome
from labkit.run import run
from labkit.seat import engine_key
from labkit.words import language
from labkit.workspace import Snapshot, Workspace, starter_files

if TYPE_CHECKING:
    from pathlib import Path

    from labkit.progress import Progress
    from labkit.remembered import Note
    from labkit.result import Report
    from labkit.spec import Exercise


class NotGreen(LabError):  # noqa: N818
    """A solution did not pass its own checks."""


class Attempt:
    """A learner's work on one exercise.

    Args:
        exercise: the exercise.
        engine: the engine; found when first needed where it is None.
    """

    def __init__(self, exercise: Exercise, engine: Engine | None = None) -> None:
        self.exercise, self._given = exercise, engine
        self.workspace, self._history = Workspace(course.root()), own_history()
        self._key = exercise.slug, course.exercise_hash(exercise)

    @cached_property
    def _engine(self) -> Engine:
        return self._given or connect()

    @property
    def folder(self) -> Path:
        """Where the learner edits, made if need be."""
        return self.workspace.start(self.exercise)

    @property
    def note(self) -> Note:
        """What is remembered."""
        return self._history.note(self._key)

    @property
    def course_done(self) -> tuple[int, int]:
        """How many exercises of the course were passed, and how many there are."""
        slugs = {exercise.slug for exercise in course.exercises()}
        return len(slugs & self._history.passed()), len(slugs)

    def files(self) -> dict[str, str]:
        """The files to edit, as text."""
        return self.workspace.texts(self.exercise)

    def save(self, name: str, text: str) -> None:
        """Write one of them."""
        self.workspace.write(self.exercise, name, text)
        self._history.worked(self._key)

    def check(self, progress: Progress = silent, *, anew: bool = False) -> Report:
        """Check what is on disk now. What was checked before on this engine is not built again.

        Args:
            progress: told about each step.
            anew: build all the same.

        Raises:
            NotGreen: LABKIT_ANSWERS=solutions is set and a check did not pass.
        """
        snapshot = self.workspace.snapshot(self.exercise)
        inputs = "/".join(
            (snapshot.digest, course.version(), engine_key(self._engine), str(self._engine.about), language())
        )
        report = None if anew else self._history.known(self._key, inputs)
        report = report or run(self.exercise, snapshot, self._engine, progress=progress, lingers=True)
        self._history.checked(self._key, inputs, report)
        return _green(report) if answering() else report

    def hint(self) -> tuple[int, int, str]:
        """The next hint: its number, how many there are, its text; the last one comes again."""
        hints = self.exercise.hints
        number = min(self.note.hints + 1, len(hints))
        self._history.hint_read(self._key, number)
        return number, len(hints), hints[number - 1]

    def reset(self) -> Path | None:
        """Put the starter back; return where the files were kept."""
        kept = self.workspace.reset(self.exercise)
        self._history.begun_anew(self._key)
        return kept

    def starter(self) -> dict[str, str]:
        """The starter's files as text."""
        found = starter_files(self.exercise)
        return {name: Snapshot(found).text(name) for name in self.exercise.files}

    def solution(self) -> tuple[dict[str, str], str]:
        """The solution's files as text, and why they are right (Markdown)."""
        answer = self.workspace.solution(self.exercise)
        return {name: answer.text(name) for name in self.exercise.files}, self.workspace.why(self.exercise)


def _green(report: Report) -> Report:
    if not report.passed:
        first = next(finding for finding in report.findings if finding.outcome is not Outcome.PASS)
        raise NotGreen(f"{report.exercise}: {first.check}: {first.saw}", fix="mend the solution or the check")
    return report
