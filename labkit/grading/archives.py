"""Zip files, read in memory and by name; nothing is ever unpacked.

The list of members is judged as a whole before any is read: an archive that tries to lead an unpacker astray in one
place is not read in another. What its headers say of sizes is never believed: reads are bounded, of the list as of
each member, and only the two methods of packing are read whose decompressor can be told to stop.
"""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, Self

from labkit.grading.trees import MOST_NAMES, Kind, Parts, Unreadable, is_junk, refusal, shown, too_large
from labkit.workspace import FILE_LIMIT, SourceFile

if TYPE_CHECKING:
    from datetime import datetime
    from types import TracebackType

MOST_ENTRIES = 20_000
MOST_AT_ONCE = 4 << 20  # bytes; the list of 20,000 members has about three million
DEEPEST = 64
LONGEST_NAME = 1024
DRIVE = re.compile(r"[A-Za-z]:")
UTF8_NAME, ENCRYPTED = 0x800, 0x1 | 0x40 | 0x2000  # flags of a member
EXECUTABLE = 0o111
UNIX = 3
# All that Python's reader is known to raise on bytes that are no honest zip file.
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    ValueError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
    LookupError,
    OSError,
)


class _Bounded(io.BufferedReader):
    """A file of which nobody gets more than MOST_AT_ONCE bytes in one read, whatever a header asks for."""

    def read(self, size: int | None = -1, /) -> bytes:
        unbounded = size is None or size < 0
        found = super().read(MOST_AT_ONCE + 1 if unbounded else min(size or 0, MOST_AT_ONCE + 1))
        if len(found) > MOST_AT_ONCE:
            raise zipfile.BadZipFile(f"a list of more than {MOST_AT_ONCE} bytes")
        return found


class ZipTree:
    """The files of a zip file, which is closed with it.

    Args:
        file: its descriptor.
        name: its name, for sentences.
        when: when it was handed in. The members' own times have no time zone.
    """

    def __init__(self, file: int, name: str, when: datetime | None) -> None:
        self._name, self._when = name, when
        self._file = _Bounded(io.FileIO(file, "rb"))
        try:
            self._zip = zipfile.ZipFile(self._file)
            self._members = self._judged(self._zip.infolist())
        except DAMAGED:
            self._file.close()
            raise self._fault("is damaged or is no zip file", "pack it anew") from None
        except Unreadable:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._zip.close()
        self._file.close()

    def _fault(self, what: str, fix: str) -> Unreadable:
        return Unreadable(f"{self._name} {what}: {fix}.")

    def _judged(self, listed: list[zipfile.ZipInfo]) -> dict[Parts, zipfile.ZipInfo | None]:
        """All members by path, folders as None; junk is left out."""
        if not listed:
            raise self._fault("is empty", "pack the files of the exercise")
        if len(listed) > MOST_ENTRIES:
            raise self._fault(f"has more than {MOST_ENTRIES} entries", "pack only the files of the exercise")
        found: dict[Parts, zipfile.ZipInfo | None] = {}
        for info in listed:
            path = self._path(info)
            if path and not any(map(is_junk, path)):
                member = self._member(info, path)
                if path in found and (found[path] or member):
                    raise self._fault(f"has {shown(path)} twice", "pack it anew")
                found[path] = member
        for path in list(found):
            for depth in range(1, len(path)):
                if found.setdefault(path[:depth], None):
                    raise self._fault(f"has {shown(path[:depth])} twice, as a file and as a folder", "pack it anew")
        return found

    def _path(self, info: zipfile.ZipInfo) -> Parts:
        """A member's path, or why it is none that anybody may trust."""
        name = info.orig_filename  # `filename` ends at the first NUL
        astray = self._fault("holds a path that leads out of it or that systems read differently", "pack it anew")
        if "\0" in name or "\\" in name or DRIVE.match(name) or len(name) > LONGEST_NAME:
            raise astray
        path = tuple(part for part in name.removesuffix("/").split("/") if part != ".")
        if ".." in path or "" in path or len(path) > DEEPEST:
            raise astray
        if not info.flag_bits & UTF8_NAME and not name.isascii() and not any(map(is_junk, path)):
            try:
                name.encode("cp437").decode("utf-8")
            except UnicodeError:
                raise self._fault("holds a name that is not UTF-8", "use plain letters in names of files") from None
        return path

    def _member(self, info: zipfile.ZipInfo, path: Parts) -> zipfile.ZipInfo | None:
        """The member, None where it is a folder."""
        if info.flag_bits & ENCRYPTED:
            raise self._fault("is encrypted", "pack it without a password")
        folder = info.orig_filename.endswith("/")
        said = stat.S_IFMT(info.external_attr >> 16)
        if said not in (0, stat.S_IFDIR if folder else stat.S_IFREG):
            raise refusal(Kind.LINK if said == stat.S_IFLNK else Kind.OTHER, path)
        return None if folder else info

    def kind(self, path: Parts) -> Kind | None:
        """What stands at a path."""
        if path and path not in self._members:
            return None
        return Kind.FILE if path and self._members[path] else Kind.FOLDER

    def names(self, folder: Parts) -> list[str]:
        """The names in a folder."""
        depth = len(folder)
        found = {path[depth] for path in self._members if len(path) == depth + 1 and path[:depth] == folder}
        return sorted(found)[:MOST_NAMES]

    def read(self, path: Parts) -> tuple[SourceFile, datetime | None]:
        """One file, and when the archive was handed in."""
        info = self._members.get(path)
        if info is None:
            raise refusal(self.kind(path), path)
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise self._fault("is packed in a way that is not read", "pack it as an ordinary zip file")
        if info.file_size > FILE_LIMIT:
            raise too_large(path)
        try:
            with self._zip.open(info) as member:
                data = member.read(FILE_LIMIT + 1)
        except DAMAGED:
            raise self._fault(f"is damaged where {shown(path)} is", "pack it anew") from None
        if len(data) != info.file_size:
            raise self._fault(f"says of {shown(path)} another size than it has", "pack it anew")
        executable = info.create_system == UNIX and bool(info.external_attr >> 16 & EXECUTABLE)
        return SourceFile(data, executable), self._when
