"""A learner's things in one file, to take to another machine: what was done, and the files of each exercise.

A zip archive: ``history.json`` and ``work/NN-slug/…``. It is read as data that may come from anywhere: only members of
names that the course knows are taken, and one that is too large or has another shape is refused before anything is
written.
"""

from __future__ import annotations

import stat
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from pydantic import TypeAdapter, ValidationError

from labkit.atomic import replaced
from labkit.errors import HistoryError
from labkit.prediction import ENTRY, Entry
from labkit.remembered import Tried, Worked  # noqa: TC001  pydantic reads the annotations
from labkit.words import say
from labkit.workspace import FILE_LIMIT, SourceFile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from labkit.history import History
    from labkit.spec import Exercise
    from labkit.workspace import Workspace

NAME = "history.json"
MOST = 256 << 20  # bytes of history.json: thousands of attempts


@dataclass(frozen=True, slots=True)
class Exported:
    """What history.json holds."""

    format: Literal["labkit-history/1"] = "labkit-history/1"
    work: list[Worked] = field(default_factory=list)
    attempts: list[Tried] = field(default_factory=list)
    predictions: dict[str, Entry] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Moved:
    """What an archive has brought.

    Attributes:
        attempts: how many are new here.
        files: exercises whose files were in it.
        beside: where files were put of which there was other work here.
    """

    attempts: int
    files: tuple[str, ...]
    beside: tuple[Path, ...]


_EXPORTED = TypeAdapter(Exported)


def export(path: Path, history: History, workspace: Workspace, exercises: Sequence[Exercise]) -> int:
    """Write the archive; one that is there already is replaced.

    Args:
        path: its place.
        history: what was done.
        workspace: where the learner's files are.
        exercises: the course's.

    Returns:
        How many attempts are in it.
    """
    predictions = {question: ENTRY.validate_json(entry) for question, entry in history.predictions().items()}
    held = Exported(work=history.all_work(), attempts=history.attempts(), predictions=predictions)
    with replaced(path) as new, zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(NAME, _EXPORTED.dump_json(held))
        for exercise in exercises:
            for name, file in workspace.own(exercise).items():
                member = zipfile.ZipInfo(_member(exercise, name))
                member.external_attr = (stat.S_IFREG | (0o755 if file.executable else 0o644)) << 16
                archive.writestr(member, file.data, zipfile.ZIP_DEFLATED)
    return len(held.attempts)


def bring(path: Path, history: History, workspace: Workspace, exercises: Sequence[Exercise]) -> Moved:
    """Read an archive in: attempts are added, files go where there is no other work.

    Args:
        path: the archive.
        history: what was done here.
        workspace: where the learner's files are.
        exercises: the course's; of others, what was done is kept, and no files are.

    Raises:
        HistoryError: it is no such archive.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            held = _EXPORTED.validate_json(_read(archive, archive.getinfo(NAME), MOST))
            files = {exercise.slug: _files(archive, exercise) for exercise in exercises}
    except (OSError, KeyError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile) as error:
        why = say("history.json is not of this lab") if isinstance(error, ValidationError) else str(error)
        raise HistoryError(
            say("{path} is not what `labkit export` writes: {why}", path=path, why=why), fix=say("export it again")
        ) from None
    entries = {question: ENTRY.dump_json(entry).decode() for question, entry in held.predictions.items()}
    new = history.merge(held.work, held.attempts, entries)
    beside = [workspace.bring(exercise, files[exercise.slug]) for exercise in exercises if files[exercise.slug]]
    return Moved(new, tuple(slug for slug, found in files.items() if found), tuple(filter(None, beside)))


def _member(exercise: Exercise, name: str) -> str:
    return f"work/{exercise.slug}/{name}"


def _files(archive: zipfile.ZipFile, exercise: Exercise) -> Mapping[str, SourceFile]:
    members = {member.filename: member for member in archive.infolist()}
    found = {name: member for name in exercise.files if (member := members.get(_member(exercise, name)))}
    return {
        name: SourceFile(_read(archive, member, FILE_LIMIT), bool((member.external_attr >> 16) & 0o111))
        for name, member in found.items()
    }


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> bytes:
    """Read a member, whatever its header says of its size."""
    with archive.open(member) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise ValueError(say("{name} is larger than {most} MiB", name=member.filename, most=most >> 20))
    return data
