"""What the panel needs to know of an exercise, and nothing of engines: `labkit.attempt.Attempt` is one of these."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from labkit.progress import Progress
    from labkit.result import Report


class Described(Protocol):
    """The exercise as its author wrote it."""

    @property
    def slug(self) -> str:
        """Its name with its number, such as ``06-layer-order``."""

    @property
    def title(self) -> str:
        """Its title."""

    @property
    def section(self) -> str:
        """The chapter's section."""

    @property
    def minutes(self) -> int:
        """How long it takes."""

    @property
    def task(self) -> str:
        """The task, as Markdown."""


class Remembered(Protocol):
    """What is remembered of the learner's work on it."""

    @property
    def status(self) -> str:
        """One of "to do", "not yet", "done", "trouble": how the last check ended."""

    @property
    def passed(self) -> bool:
        """Whether it ever passed."""

    @property
    def attempts(self) -> int:
        """How many checks there were."""

    @property
    def seconds(self) -> float:
        """How long it was worked on."""

    @property
    def changed(self) -> bool:
        """Whether the exercise has changed since it was passed."""


class Controller(Protocol):
    """One learner's work on one exercise. Every method may raise LabError."""

    @property
    def exercise(self) -> Described:
        """The exercise."""

    @property
    def note(self) -> Remembered:
        """What is remembered, as of now."""

    @property
    def folder(self) -> Path:
        """Where the learner's files are."""

    @property
    def course_done(self) -> tuple[int, int]:
        """How many exercises of the course are done, and how many there are."""

    def files(self) -> dict[str, str]:
        """The learner's files as they are on the disk now: text by relative path, in the order to show."""

    def save(self, name: str, text: str, /) -> None:
        """Write one of them."""

    def check(self, progress: Progress, /, *, anew: bool = False) -> Report:
        """Check what is on the disk now, where need be also what was checked before; called in a thread."""

    def hint(self) -> tuple[int, int, str]:
        """The next hint: its number, how many there are, its text (Markdown)."""

    def reset(self) -> Path | None:
        """Put the starter back; return where the learner's files were kept."""

    def starter(self) -> dict[str, str]:
        """The starter's files as text."""

    def solution(self) -> tuple[dict[str, str], str]:
        """The solution's files as text, and why they are right (Markdown)."""
