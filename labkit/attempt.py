"""One learner's work on one exercise: the same for the notebook's panel and for the terminal."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from labkit import course
from labkit.engine import Engine, connect
from labkit.errors import LabError
from labkit.jsonfile import JsonFile
from labkit.progress import silent
from labkit.result import Outcome
from labkit.run import run
from labkit.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from labkit.progress import Progress
    from labkit.result import Report
    from labkit.spec import Exercise

STATUS = {Outcome.PASS: "done", Outcome.FAIL: "not yet", Outcome.TODO: "to do", Outcome.ERROR: "trouble"}


@dataclass(frozen=True, slots=True)
class Note:
    """What is remembered of an exercise: its status, whether it ever passed, how many hints were read."""

    status: str = "to do"
    passed: bool = False
    hints: int = 0


class Notes:
    """What is remembered of all exercises, in one small file beside the learner's work.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        self._file = JsonFile(path)

    def get(self, slug: str) -> Note:
        """What is remembered of one exercise."""
        try:
            return Note(**self._file.read().get(slug, {}))
        except TypeError:  # of another version: begin anew
            return Note()

    def put(self, slug: str, note: Note) -> None:
        """Remember."""
        self._file.put(slug, asdict(note))


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
        self.workspace = Workspace(course.root())
        self._notes = Notes(self.workspace.root / ".progress.json")

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
        return self._notes.get(self.exercise.slug)

    @property
    def course_done(self) -> tuple[int, int]:
        """How many exercises of the course were passed, and how many there are."""
        slugs = [exercise.slug for exercise in course.exercises()]
        return sum(self._notes.get(slug).passed for slug in slugs), len(slugs)

    def _remember(self, **change: object) -> None:
        if not answering():
            self._notes.put(self.exercise.slug, Note(**{**asdict(self.note), **change}))

    def files(self) -> dict[str, str]:
        """The files to edit, as text."""
        return self.workspace.texts(self.exercise)

    def save(self, name: str, text: str) -> None:
        """Write one of them."""
        self.workspace.write(self.exercise, name, text)

    def check(self, progress: Progress = silent) -> Report:
        """Check what is on disk now.

        Raises:
            NotGreen: LABKIT_ANSWERS=solutions is set and a check did not pass.
        """
        report = run(self.exercise, self.workspace.snapshot(self.exercise), self._engine, progress=progress)
        self._remember(status=STATUS[report.outcome], passed=report.passed or self.note.passed)
        if answering() and not report.passed:
            first = next(finding for finding in report.findings if finding.outcome is not Outcome.PASS)
            raise NotGreen(f"{self.exercise.slug}: {first.check}: {first.saw}", fix="mend the solution or the check")
        return report

    def hint(self) -> tuple[int, int, str]:
        """The next hint: its number, how many there are, its text; the last one comes again."""
        hints = self.exercise.hints
        number = min(self.note.hints + 1, len(hints))
        self._remember(hints=number)
        return number, len(hints), hints[number - 1]

    def reset(self) -> Path | None:
        """Put the starter back; return where the files were kept."""
        kept = self.workspace.reset(self.exercise)
        self._remember(status="to do", hints=0)
        return kept

    def solution(self) -> tuple[dict[str, str], str]:
        """The solution's files as text, and why they are right (Markdown)."""
        answer = self.workspace.solution(self.exercise)
        return {name: answer.text(name) for name in self.exercise.files}, self.workspace.why(self.exercise)


def answering() -> bool:
    """Whether the notebooks run with the course's solutions in the learner's place."""
    return os.environ.get("LABKIT_ANSWERS") == "solutions"
