"""The learner's files: made from the starter, never overwritten, read as a snapshot that cannot change.

    work/NN-slug/               what the learner edits (not in git)
    work/.kept/NN-slug/<date>/  what a reset put aside

A snapshot is the course's starter with only the exercise's ``files`` taken from the learner: the same thing that a
grader sees. With LABKIT_ANSWERS=solutions it is taken from ``solutions/`` instead, and ``work/`` is left alone.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import tomllib
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labkit.atomic import replaced
from labkit.errors import WorkspaceError
from labkit.spec import files_below
from labkit.words import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from labkit.spec import Exercise

FILE_LIMIT = 1 << 20  # bytes of one of the learner's files: source text is far smaller, a mistake is far larger


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a snapshot."""

    data: bytes
    executable: bool = False


@dataclass(frozen=True)
class Snapshot:
    """Files as they were at one moment.

    Attributes:
        files: by relative POSIX path.
        touched: whether any of the learner's files differs from the starter.
        ignored: paths that the learner changed although the exercise does not take them.
    """

    files: Mapping[str, SourceFile]
    touched: bool = True
    ignored: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """sha256 over paths, modes and contents (hex): equal for equal files."""
        total = hashlib.sha256()
        for name, file in sorted(self.files.items()):
            total.update(f"{name}\0{file.executable:d}\0{hashlib.sha256(file.data).hexdigest()}\n".encode())
        return total.hexdigest()

    def edited(self, name: str, data: bytes) -> Snapshot:
        """The same files with one replaced."""
        executable = name in self.files and self.files[name].executable
        return Snapshot({**self.files, name: SourceFile(data, executable)}, self.touched, self.ignored)

    def text(self, name: str) -> str:
        """One file as text, or "" where there is none."""
        return self.files[name].data.decode("utf-8", errors="replace") if name in self.files else ""

    def facts(self, name: str) -> Mapping[str, Any]:
        """One of the learner's files with facts that they found out (TOML). Raises WorkspaceError."""
        try:
            return tomllib.loads(self.text(name))
        except tomllib.TOMLDecodeError as error:
            what = say("{name} cannot be read: {error}", name=name, error=error)
            raise WorkspaceError(what, fix=say('write key = "value", a line each')) from None


def read_files(paths: Mapping[str, Path]) -> dict[str, SourceFile]:
    """Read files into memory."""
    return {name: SourceFile(path.read_bytes(), os.access(path, os.X_OK)) for name, path in paths.items()}


def starter_files(exercise: Exercise) -> dict[str, SourceFile]:
    """All that a learner starts from: the files of the exercise's folder, and those that are made."""
    made = {name: SourceFile(file.data) for name, file in exercise.made.items()}
    return {**read_files(exercise.starter()), **made}


def overlay(exercise: Exercise, folder: Path, *, missing_is_starter: bool = False) -> Snapshot:
    """Lay a learner's files over the starter.

    Args:
        exercise: the exercise.
        folder: where the learner's files are; only those that the exercise names are taken.
        missing_is_starter: whether a file that is not there is the starter's, and not one that was deleted.

    Raises:
        WorkspaceError: a file is a link, a folder, or too large.
    """
    found = {name: _read_learners(folder, name) for name in exercise.files}
    taken = {name: file for name, file in found.items() if file}
    snapshot = laid_over(exercise, taken, missing_is_starter=missing_is_starter)
    return replace(snapshot, ignored=_ignored(exercise, snapshot.files, folder))


def laid_over(exercise: Exercise, taken: Mapping[str, SourceFile], *, missing_is_starter: bool = False) -> Snapshot:
    """Lay files that were read already over the starter.

    Args:
        exercise: the exercise.
        taken: the learner's files; none that the exercise does not name.
        missing_is_starter: whether a file that is not among them is the starter's, and not one that was deleted.
    """
    starter = starter_files(exercise)
    left = {name: file for name, file in starter.items() if missing_is_starter or name not in exercise.files}
    files = {**left, **taken}
    return Snapshot(files, any(files.get(name) != starter.get(name) for name in exercise.files))


def _ignored(exercise: Exercise, starter: Mapping[str, SourceFile], folder: Path) -> tuple[str, ...]:
    others = [name for name in starter if name not in exercise.files]
    return tuple(
        name for name in others if (folder / name).is_file() and (folder / name).read_bytes() != starter[name].data
    )


def _read_learners(folder: Path, name: str) -> SourceFile | None:
    path = folder / name
    if path.is_symlink() or not path.resolve().is_relative_to(folder.resolve()):
        raise WorkspaceError(
            say("{name} is a link, and links are not followed.", name=name),
            fix=say("put a real file at {name}", name=name),
        )
    if not path.exists():
        return None
    if not path.is_file():
        raise WorkspaceError(
            say("{name} is not a file.", name=name),
            fix=say("put a text file at {name}, or reset the exercise", name=name),
        )
    if path.stat().st_size > FILE_LIMIT:
        raise WorkspaceError(
            say("{name} is larger than 1 MiB.", name=name), fix=say("keep only what the exercise asks for in it")
        )
    return SourceFile(path.read_bytes(), os.access(path, os.X_OK))


class Workspace:
    """The learner's folder for all exercises: ``work/`` in the course, or LABKIT_WORK.

    Args:
        course: the course's folder.
    """

    def __init__(self, course: Path) -> None:
        self._course = course
        self.root = Path(os.environ.get("LABKIT_WORK") or course / "work")

    def folder(self, exercise: Exercise) -> Path:
        """Where the learner edits this exercise."""
        return self.root / exercise.slug

    def start(self, exercise: Exercise) -> Path:
        """Make the learner's folder; what is there already stays as it is."""
        folder = self.folder(exercise)
        if not folder.exists():
            self._make(starter_files(exercise), folder)
        return folder

    def _make(self, files: Mapping[str, SourceFile], folder: Path) -> None:
        """Fill a new folder beside its place, then move it there: half a folder is never seen."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".new-") as place:
            new = Path(place, folder.name)
            for name, file in files.items():
                path = new / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(file.data)
                path.chmod(0o755 if file.executable else 0o644)
            try:
                new.rename(folder)
            except OSError as error:
                if not folder.exists():  # another process was first: its folder is as good
                    raise WorkspaceError(
                        say("{folder} cannot be made: {strerror}", folder=folder, strerror=error.strerror),
                        fix=say("check its rights"),
                    ) from None

    def snapshot(self, exercise: Exercise) -> Snapshot:
        """Take the files to check."""
        if os.environ.get("LABKIT_ANSWERS") == "solutions":
            return self.solution(exercise)
        return overlay(exercise, self.start(exercise))

    def solution(self, exercise: Exercise) -> Snapshot:
        """The solution: the starter with the files of ``solutions/`` laid over it."""
        return Snapshot({**starter_files(exercise), **self.answer(exercise)})

    def answer(self, exercise: Exercise) -> dict[str, SourceFile]:
        """The files of the solution that differ from the starter."""
        return read_files(files_below(self._course / "solutions" / exercise.slug, frozenset({"WHY.md"})))

    def why(self, exercise: Exercise) -> str:
        """What the solution's WHY.md says (Markdown)."""
        return (self._course / "solutions" / exercise.slug / "WHY.md").read_text(encoding="utf-8")

    def texts(self, exercise: Exercise) -> dict[str, str]:
        """The learner's files as text, in the exercise's order; a file that is not there yet is ""."""
        folder = self.start(exercise)
        found = {name: _read_learners(folder, name) for name in exercise.files}
        return {name: file.data.decode("utf-8", errors="replace") if file else "" for name, file in found.items()}

    def write(self, exercise: Exercise, name: str, text: str) -> None:
        """Replace one of the learner's files at once: a crash leaves the old or the new one, never half."""
        if name not in exercise.files:
            raise WorkspaceError(
                say("{name} is not a file of this exercise.", name=name),
                fix=say("edit {files}", files=", ".join(exercise.files)),
            )
        path = self.start(exercise) / name
        _read_learners(path.parent, path.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = path.stat().st_mode if path.exists() else 0o644
        with replaced(path, mode & 0o777) as new:
            new.write(text.encode())

    def reset(self, exercise: Exercise) -> Path | None:
        """Put the starter back; return where the learner's files were kept, or None where there were none."""
        kept = self._put_aside(exercise)
        self._make(starter_files(exercise), self.folder(exercise))
        return kept

    def _put_aside(self, exercise: Exercise) -> Path | None:
        folder = self.folder(exercise)
        if not folder.exists():
            return None
        kept = self._free_name(exercise)
        kept.parent.mkdir(parents=True, exist_ok=True)
        folder.rename(kept)
        return kept

    def own(self, exercise: Exercise) -> dict[str, SourceFile]:
        """The learner's files of an exercise that was begun, as they are; nothing of one that was not."""
        folder = self.folder(exercise)
        files = overlay(exercise, folder).files if folder.exists() else {}
        return {name: files[name] for name in exercise.files if name in files}

    def bring(self, exercise: Exercise, files: Mapping[str, SourceFile]) -> Path | None:
        """Lay a learner's files from elsewhere into the folder; where there is other work in it, beside it.

        Args:
            exercise: the exercise.
            files: all of the learner's; none that the exercise does not name.

        Returns:
            Where they were put, if that is beside the folder.
        """
        folder, whole = self.folder(exercise), laid_over(exercise, files).files
        mine = overlay(exercise, folder) if folder.exists() else None
        if mine and mine.files == whole:
            return None
        if mine and mine.touched:
            beside = self._free_name(exercise)
            self._make(whole, beside)
            return beside
        self._put_aside(exercise)  # the starter, and whatever else may lie beside it
        self._make(whole, folder)
        return None

    def _free_name(self, exercise: Exercise) -> Path:
        parent = self.root / ".kept" / exercise.slug
        stamp = datetime.now().astimezone().strftime("%Y-%m-%d_%H-%M-%S")
        names = (parent / (stamp if n == 0 else f"{stamp}_{n}") for n in range(1000))
        return next(path for path in names if not path.exists())
