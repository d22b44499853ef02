"""What a learner handed in, whichever way it came: a tree to look into, name by name, and to read files from."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from labkit.grading.submission import as_text

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from labkit.workspace import SourceFile

Parts = tuple[str, ...]  # a path, name by name; () is the top
JUNK = frozenset({"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini", ".git"})
ARCHIVES = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst", ".7z", ".rar")
MOST_NAMES = 2000  # of one folder that are looked at


class Kind(enum.Enum):
    """What stands at a path."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    OTHER = "other"


class Unreadable(Exception):  # noqa: N818  the name says what happened
    """A submission cannot be read; the message is a sentence for the learner."""


class Tree(Protocol):
    """A learner's files; every method raises `Unreadable` where it meets what it does not read."""

    def kind(self, path: Parts) -> Kind | None:
        """What stands at a path, links not followed; None where nothing does, Unreadable where a link is on the way."""

    def names(self, folder: Parts) -> list[str]:
        """The names in a folder, sorted, at most MOST_NAMES; none where there is no such folder."""

    def read(self, path: Parts) -> tuple[SourceFile, datetime | None]:
        """One file, and when it was handed in."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where one learner's files are.

    Attributes:
        learner: as the source names the learner.
        label: the source as the grader knows it.
        where: for the origin that listed it: a path below its folder, or a commit.
        only: the slug of the one exercise that it is for; "" for all of them.
        name: what people call the learner, where the source knows.
        submitted: when, where a list of submissions says so; this overrides all other times.
        when: when, as the source itself says; for an origin whose files have no times.
    """

    learner: str
    label: str
    where: str
    only: str = ""
    name: str = ""
    submitted: datetime | None = None
    when: datetime | None = None


class Opener(Protocol):
    """What opens one source after another."""

    def __call__(self, source: Source, /) -> AbstractContextManager[Tree]:
        """Open one; entering raises `Unreadable`."""


class Origin(Protocol):
    """The submissions of a class in one of the forms in which they come."""

    def sources(self) -> list[Source]:
        """List all; this opens none of them.

        Raises:
            IntakeError: they cannot be listed.
        """

    def session(self) -> AbstractContextManager[Opener]:
        """Hold open what all sources are in."""


def is_junk(name: str) -> bool:
    """Whether a name is one that systems leave behind, and not the learner."""
    return name in JUNK or name.startswith("._")


def is_zip(name: str) -> bool:
    """Whether a file's name is that of a zip file."""
    return name.lower().endswith(".zip")


def is_archive(name: str) -> bool:
    """Whether a file's name is that of an archive of any kind."""
    return name.lower().endswith(ARCHIVES)


def shown(path: Parts) -> str:
    """A path in a sentence."""
    return as_text("/".join(path))


def refusal(kind: Kind | None, path: Parts) -> Unreadable:
    """Why what stands at a path is not read as a file."""
    if kind is Kind.LINK:
        return Unreadable(f"{shown(path)} is a link, and links are not followed: put a real file or folder there.")
    if kind is Kind.FOLDER:
        return Unreadable(f"{shown(path)} is a folder, where a file is wanted: put a text file there.")
    return Unreadable(f"{shown(path)} is not a plain file: put a text file there.")


def too_large(path: Parts) -> Unreadable:
    """Why a large file is not read."""
    return Unreadable(f"{shown(path)} is larger than 1 MiB: keep only what the exercise asks for in it.")


def moment(seconds: float) -> datetime | None:
    """Seconds since 1970 as a time; None where no calendar has it."""
    try:
        return datetime.fromtimestamp(seconds, tz=UTC)
    except (OverflowError, ValueError, OSError):
        return None
