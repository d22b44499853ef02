"""Folders and the zip files among them, opened name by name from a folder that is held open.

No link is followed anywhere below it, also not one that is put there while we read: each name is opened in its
folder's descriptor with O_NOFOLLOW, and what was opened is looked at again before it is read. O_NONBLOCK is for what
would wait for ever, such as a fifo.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from labkit.grading.archives import ZipTree
from labkit.grading.submission import IntakeError, as_text
from labkit.grading.trees import (
    MOST_NAMES,
    Kind,
    Parts,
    Source,
    Tree,
    Unreadable,
    is_archive,
    is_junk,
    is_zip,
    moment,
    refusal,
    shown,
    too_large,
)
from labkit.workspace import FILE_LIMIT, SourceFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path

    from labkit.grading.trees import Opener

PLAIN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
FOLDER = PLAIN | os.O_DIRECTORY
EXECUTABLE = 0o111
OURS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO})  # no learner can do anything about these


def kind_of(mode: int) -> Kind:
    """What a file's mode says it is."""
    kinds = {stat.S_IFREG: Kind.FILE, stat.S_IFDIR: Kind.FOLDER, stat.S_IFLNK: Kind.LINK}
    return kinds.get(stat.S_IFMT(mode), Kind.OTHER)


def _failed(path: Parts, error: OSError) -> Unreadable:
    """Whose fault it is that the system does not open something.

    Raises:
        IntakeError: this machine's.
    """
    if error.errno in OURS:
        raise IntakeError(f"{shown(path)} cannot be read: {error.strerror}.", fix="mend that, and grade once more")
    return Unreadable(f"{shown(path)} cannot be opened ({error.strerror}): hand it in once more.")


def _kind_at(folder: int, path: Parts) -> Kind | None:
    """What stands at the last name of a path, in its folder."""
    try:
        return kind_of(os.stat(path[-1], dir_fd=folder, follow_symlinks=False).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _failed(path, error) from None


def _open(folder: int, path: Parts, flags: int) -> int:
    try:
        return os.open(path[-1], flags, dir_fd=folder)
    except OSError as error:
        raise _failed(path, error) from None


@contextmanager
def _folder_below(top: int, path: Parts) -> Iterator[int | None]:
    """Open a folder below another; None where there is none."""
    with ExitStack() as held:
        here = top
        for depth in range(1, len(path) + 1):
            kind = _kind_at(here, path[:depth])
            if kind is Kind.LINK:
                raise refusal(kind, path[:depth])
            if kind is not Kind.FOLDER:
                yield None
                return
            here = _open(here, path[:depth], FOLDER)
            held.callback(os.close, here)
        yield here


def _open_plain(folder: int, path: Parts) -> tuple[int, os.stat_result]:
    """Open a regular file and nothing else; the descriptor is the caller's to close."""
    kind = _kind_at(folder, path)
    if kind is not Kind.FILE:
        raise refusal(kind, path)
    file = _open(folder, path, PLAIN)
    found = os.fstat(file)
    if not stat.S_ISREG(found.st_mode):  # it was exchanged meanwhile
        os.close(file)
        raise refusal(kind_of(found.st_mode), path)
    return file, found


class FolderTree:
    """The files of a folder.

    Args:
        top: the folder's descriptor, the caller's to close.
    """

    def __init__(self, top: int) -> None:
        self._top = top

    def kind(self, path: Parts) -> Kind | None:
        """What stands at a path."""
        with _folder_below(self._top, path[:-1]) as folder:
            return None if folder is None else _kind_at(folder, path) if path else Kind.FOLDER

    def names(self, folder: Parts) -> list[str]:
        """The names in a folder."""
        with _folder_below(self._top, folder) as found:
            if found is None:
                return []
            try:
                with os.scandir(found) as entries:
                    return sorted(entry.name for entry, _ in zip(entries, range(MOST_NAMES), strict=False))
            except OSError as error:
                raise _failed(folder, error) from None

    def read(self, path: Parts) -> tuple[SourceFile, datetime | None]:
        """One file, and when it was last changed."""
        with _folder_below(self._top, path[:-1]) as folder:
            if folder is None:
                raise refusal(None, path)
            file, found = _open_plain(folder, path)
        with os.fdopen(file, "rb") as opened:
            try:
                data = opened.read(FILE_LIMIT + 1)  # not its size: that may change, or be a lie
            except OSError as error:
                raise _failed(path, error) from None
        if len(data) > FILE_LIMIT:
            raise too_large(path)
        return SourceFile(data, bool(found.st_mode & EXECUTABLE)), moment(found.st_mtime)


@contextmanager
def _tree_at(top: int, path: Parts) -> Iterator[Tree]:
    """The folder or zip file at a path; in a folder that holds one zip file and nothing else, that one's."""
    with _folder_below(top, path[:-1]) as parent:
        if parent is None:
            raise Unreadable(f"{shown(path)} is not there: hand it in once more.")
        kind = _kind_at(parent, path) if path else Kind.FOLDER
        if kind is Kind.FILE and is_zip(path[-1]):
            file, found = _open_plain(parent, path)
            with ZipTree(file, shown(path[-1:]), moment(found.st_mtime)) as archive:
                yield archive
            return
    if kind is Kind.FILE:
        raise Unreadable(f"{shown(path[-1:])} is no archive that is opened: hand in a folder or a zip file.")
    if kind is not Kind.FOLDER:
        raise refusal(kind, path)
    with _folder_below(top, path) as folder:
        if folder is None:
            raise Unreadable(f"{shown(path)} is not there: hand it in once more.")
        tree = FolderTree(folder)
        names = [name for name in tree.names(()) if not is_junk(name)]
        if len(names) == 1 and is_zip(names[0]) and tree.kind((names[0],)) is Kind.FILE:
            with _tree_at(folder, (names[0],)) as inner:
                yield inner
        else:
            yield tree


@contextmanager
def trees_below(base: Path) -> Iterator[Opener]:
    """Hold a folder open, and give what opens the folder or zip file that a source names below it.

    Raises:
        IntakeError: the folder cannot be opened.
    """
    try:
        top = os.open(base, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise IntakeError(f"{base} cannot be opened: {error.strerror}.", fix="check its rights") from None
    try:
        yield lambda source: _tree_at(top, tuple(source.where.split("/")))
    finally:
        os.close(top)


class FolderOfLearners:
    """A folder with a folder or a zip file for each learner; other files in it are nobody's.

    Args:
        path: the folder.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def sources(self) -> list[Source]:
        """One for each folder, archive and link."""
        try:
            with os.scandir(self._path) as entries:
                found = [(e.name, e.is_dir(follow_symlinks=False), e.is_symlink()) for e in entries]
        except OSError as error:
            raise IntakeError(f"{self._path} cannot be read: {error.strerror}.", fix="check its rights") from None
        taken = [
            (name, name if folder else _stem(name))
            for name, folder, link in found
            if not is_junk(name) and (folder or link or is_archive(name))
        ]
        if not taken:
            raise IntakeError(
                f"{self._path} holds no submissions.",
                fix="name a folder that has a folder or a zip file for each learner",
            )
        return [Source(as_text(learner), as_text(name), name) for name, learner in taken]

    def session(self) -> AbstractContextManager[Opener]:
        """What opens one after another."""
        return trees_below(self._path)


def _stem(name: str) -> str:
    """An archive's name without what says that it is one: ``ada.tar.gz`` is Ada's."""
    while is_archive(name) and name.rpartition(".")[0]:
        name = name.rpartition(".")[0]
    return name
