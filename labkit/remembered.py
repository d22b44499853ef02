"""What is remembered of a learner's work: frozen data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003

from labkit.result import Report  # noqa: TC001  pydantic reads the annotations, here and below
from labkit.status import Status  # noqa: TC001


@dataclass(frozen=True, slots=True)
class Note:
    """What is remembered of one version of an exercise.

    Attributes:
        status: how the last check ended: "to do", "not yet", "done", "trouble".
        passed: whether it, or an earlier version of it, ever passed.
        hints: how many hints were read.
        attempts: how many checks there were of changed files.
        seconds: how long it was worked on; pauses do not count.
        changed: whether only earlier versions of it were passed.
        points: the most that an attempt at this version earned.
        last: when it was last worked on, in seconds since 1970; 0 where it never was.
    """

    status: Status = "to do"
    passed: bool = False
    hints: int = 0
    attempts: int = 0
    seconds: float = 0.0
    changed: bool = False
    points: float = 0.0
    last: float = 0.0


@dataclass(frozen=True, slots=True)
class Worked:
    """How far one version of an exercise is.

    Attributes:
        exercise: the exercise's slug.
        version: the exercise's version.
        opened: when it was begun, in seconds since 1970.
        last: when it was last worked on, likewise.
        seconds: see `Note`.
        hints: see `Note`.
        status: see `Note`.
    """

    exercise: str
    version: str
    opened: float
    last: float
    seconds: float
    hints: int
    status: Status


@dataclass(frozen=True, slots=True)
class Tried:
    """One check of one's files.

    Attributes:
        uid: what it is known by everywhere.
        exercise: the exercise's slug.
        version: the exercise's version.
        at: when.
        inputs: what the result depends on; equal for equal files on the same engine with the same checks.
        report: what was found.
    """

    uid: str
    exercise: str
    version: str
    at: datetime
    inputs: str
    report: Report
