"""Everything that can go wrong, as one tree.

    LabError
    ├── EngineError           the Docker Engine
    │   ├── EngineNotFound        none answers at any known address
    │   ├── EngineForbidden       a socket is there, but this user may not use it
    │   ├── EngineTooOld          older than 20.10
    │   ├── EngineDied            it answered before and does not now
    │   └── DiskFull              the engine has no room left
    ├── ImageError            a base image could not be had
    ├── ExerciseError         exercise.toml is wrong (the author's to mend)
    ├── WorkspaceError        the learner's folder cannot be read or written
    ├── HistoryError          what a learner has done cannot be kept or read
    ├── IntakeError           a class's submissions cannot be taken as they are (labkit.grading.submission)
    ├── NotGraded             a grade cell in a notebook could not decide anything (labkit.grading.cell)
    ├── NotInBundle           a check asked for what no bundle holds (labkit.grading.bundled)
    ├── NotProved             an exercise's own solution does not pass on this engine (labkit.grading.grading)
    ├── BuildError            the learner's Dockerfile does not build (a result, not a fault)
    ├── SandboxError          a container could not be run as asked
    └── StepTimeout           a step took longer than its limit

Each error is three sentences: what happened, why it matters (may be empty), and what to do.
"""

from __future__ import annotations

from contextvars import ContextVar

from labkit.words import say

_timeouts: ContextVar[int] = ContextVar("timeouts", default=0)


class LabError(Exception):
    """Something went wrong that a person can understand and mend.

    Args:
        what: what happened, one sentence.
        fix: what to do about it, one sentence or a command.
        why: why it matters, where that is not obvious.
    """

    def __init__(self, what: str, *, fix: str, why: str = "") -> None:
        super().__init__(what)
        self.what, self.fix, self.why = what, fix, why

    def __str__(self) -> str:
        return "\n".join(part for part in (self.what, self.why, say("What to do: {fix}", fix=self.fix)) if part)

    def __reduce__(self) -> tuple[object, ...]:
        """Let it pass from one process to another, whatever arguments a subclass takes."""
        return _restored, (type(self), self.args, self.__dict__)

    def _render_traceback_(self) -> list[str]:
        """Show the three sentences and no traceback in a notebook (source: IPython, showtraceback)."""
        return str(self).splitlines()


def _restored(kind: type[LabError], args: tuple[object, ...], state: dict[str, object]) -> LabError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class EngineError(LabError):
    """The Docker Engine failed us."""


class EngineNotFound(EngineError):  # noqa: N818  the names say what happened
    """No engine answers at any known address."""


class EngineForbidden(EngineError):  # noqa: N818
    """There is a socket, but this user may not use it."""


class EngineTooOld(EngineError):  # noqa: N818
    """The engine is older than the oldest that the lab supports."""


class EngineDied(EngineError):  # noqa: N818
    """The engine answered before and does not answer now."""


class DiskFull(EngineError):  # noqa: N818
    """The engine has no room left on its disk."""


class ImageError(LabError):
    """A base image could not be had."""


class ExerciseError(LabError):
    """An exercise's definition is wrong."""


class WorkspaceError(LabError):
    """The learner's folder cannot be read or written."""


class HistoryError(LabError):
    """What a learner has done cannot be kept or read."""


class BuildError(LabError):
    """The learner's Dockerfile does not build: a result to show, not a fault of the lab."""


class SandboxError(LabError):
    """A container could not be run as asked."""


class Absent(LabError):  # noqa: N818
    """What a learner was to make is not there: a result to show, not a fault of the lab."""


class StepTimeout(LabError):  # noqa: N818
    """A step took longer than its limit."""

    def __init__(self, what: str, *, fix: str, why: str = "") -> None:
        super().__init__(what, fix=fix, why=why)
        _timeouts.set(_timeouts.get() + 1)

    def excuse(self) -> None:
        """Count it no more: more time would have changed nothing."""
        _timeouts.set(_timeouts.get() - 1)


def timeouts() -> int:
    """How many steps took too long so far, in this thread; also where a check made a finding of it."""
    return _timeouts.get()
