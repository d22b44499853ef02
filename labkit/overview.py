"""Where a learner stands in the course: every exercise with what is remembered of it, and where to go on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from labkit import course
from labkit.history import own_history

if TYPE_CHECKING:
    from pathlib import Path

    from labkit.remembered import Note
    from labkit.spec import Exercise
    from labkit.status import Status


@dataclass(frozen=True, slots=True)
class Standing:
    """An exercise, and how far it is.

    Attributes:
        exercise: the exercise.
        note: what is remembered.
        most: the points of all checks that are not hidden.
    """

    exercise: Exercise
    note: Note
    most: float

    @property
    def status(self) -> Status:
        """What is shown of it: who has passed it once has done it, whatever was tried afterwards."""
        return "done" if self.note.passed else self.note.status


@dataclass(frozen=True, slots=True)
class Overview:
    """The course, and how far it is.

    Attributes:
        standings: of each exercise, in the course's order.
    """

    standings: tuple[Standing, ...]

    @property
    def passed(self) -> int:
        """How many exercises were passed."""
        return sum(each.note.passed for each in self.standings)

    @property
    def following(self) -> Standing | None:
        """Where to go on: what was last worked on, where it is not passed yet, or else the first that is not."""
        left = [each for each in self.standings if not each.note.passed]
        latest = max(self.standings, key=lambda each: each.note.last, default=None)
        return latest if latest in left and latest.note.last else next(iter(left), None)


def overview() -> Overview:
    """Look up where the learner stands.

    Raises:
        ExerciseError: an exercise's file is wrong.
        HistoryError: what was done cannot be read.
    """
    exercises = course.exercises()
    notes = own_history().notes((each.slug, course.exercise_hash(each)) for each in exercises)
    return Overview(tuple(map(_standing, exercises, notes)))


def _standing(exercise: Exercise, note: Note) -> Standing:
    return Standing(exercise, note, sum(spec.points for spec in exercise.checks if not spec.hidden))


def notebook_title(path: Path) -> str:
    """The first heading of a notebook, or its name where there is none."""
    try:
        return _title(path, path.stat().st_mtime_ns)
    except (OSError, ValueError, KeyError):
        return path.stem


@lru_cache(maxsize=64)
def _title(path: Path, _changed: int) -> str:
    """Read it once for each state of the file: a view asks every few seconds."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    lines = (line for cell in cells if cell["cell_type"] == "markdown" for line in cell["source"])
    return next((line.lstrip("# ").strip() for line in lines if line.startswith("# ")), path.stem)
