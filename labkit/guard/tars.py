"""Tars on their way: read entry by entry, edited where a name or a Dockerfile stands, never held as a whole.

Headers are written anew, since two readers may take the same block for different names (the prefix of the GNU format,
for one). Refused are an unknown kind, a link with a content, a sparse file, and what lies below a link: whoever unpacks
it would write where the link leads. What comes after the end of the archive, and headers for all entries (which Go's
reader ignores), are left out.
"""

from __future__ import annotations

import io
import posixpath
import tarfile
import zlib
from typing import TYPE_CHECKING

from labkit.guard.refusal import Malformed, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

BLOCK = 512
FILES = (tarfile.REGTYPE, tarfile.AREGTYPE)
LINKS = (tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.DIRTYPE)
EXTENDED = (tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)
GLOBAL = tarfile.XGLTYPE
RECORDS = ("path", "linkpath", "size", "uid", "gid", "uname", "gname", "mtime")
ATTRIBUTE = "SCHILY.xattr."
LONGEST_HEADER = 1 << 20
MOST_LINKS = 100_000
LARGEST_EDITED = 4 << 20
GZIP = b"\x1f\x8b"
OTHERS = (b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")
STEP = 1 << 18


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


class Plain:
    """A tar that goes on as it is.

    Args:
        most: bytes that it may have.
    """

    def __init__(self, most: int) -> None:
        self._left = most
        self._held = bytearray()  # of a header or an edited entry that is not whole yet
        self._want = BLOCK
        self._pass = 0  # bytes of content that go on as they come
        self._skip = 0  # bytes of content that do not
        self._filling = 0  # bytes that fill the last block of this entry's content
        self._after: Callable[[bytes], bytes] = self._header
        self._said: dict[str, str] = {}  # what extended headers say of the next entry
        self._links: set[str] = set()
        self._ended = self._began = False

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes; give what goes on.

        Raises:
            Refused: this may not go on.
        """
        self._left -= len(data)
        if self._left < 0:
            raise Refused("This is larger than the lab allows.", instead="Leave out what is not needed.", status=413)
        if self._pass >= len(data):  # nothing but content, as nearly always
            self._pass -= len(data)
            return data
        out = []
        at = 0
        while at < len(data) and not self._ended:
            if self._pass or self._skip:
                step = min(self._pass or self._skip, len(data) - at)
                if self._pass:
                    out.append(data[at : at + step])
                    self._pass -= step
                else:
                    self._skip -= step
            else:
                step = min(self._want - len(self._held), len(data) - at)
                self._held += data[at : at + step]
                if len(self._held) == self._want:
                    whole, self._held = bytes(self._held), bytearray()
                    self._begin(whole)
                    out.append(self._after(whole))
            at += step
        return b"".join(out)

    def close(self) -> bytes:
        """Say that nothing more comes; give the end. Raises Malformed where it is cut off.

        A last block that is not full is filled: `docker build -f -` sends such (source: moby, ReplaceFileTarWrapper).
        """
        self._begin(bytes(self._held))
        lacks = self._pass or (self._want - len(self._held) if self._after != self._header else 0)
        end = self.feed(bytes(lacks)) if 0 < lacks <= self._filling else b""
        if self._pass or self._skip or self._held or self._said or self._after != self._header:
            raise Malformed("The tar is cut off.")
        return end + bytes(2 * BLOCK)

    def _begin(self, first: bytes) -> None:
        """Look at the first block, however it came in parts."""
        if not self._began:
            self._began = True
            _refuse_compressed(first)

    def edit(self, name: str, info: tarfile.TarInfo) -> Callable[[bytes], bytes | None] | None:  # noqa: ARG002
        """Give what an entry's content goes through, or None where it goes on as it is.

        What that returns takes the content's place; None leaves the entry out.
        """
        return None

    def _next(self, want: int, after: Callable[[bytes], bytes]) -> bytes:
        self._want, self._after = want, after
        return after(b"") if want == 0 else b""

    def _header(self, block: bytes) -> bytes:
        self._filling = 0
        if not any(block):
            self._ended = True
            return b""
        try:
            info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except tarfile.HeaderError as error:
            raise Malformed("This is no tar that the lab's guard can read.") from error
        if info.type == GLOBAL:
            self._skip = _padded(self._bounded(info.size))
            return b""
        if info.type in EXTENDED:
            size = self._bounded(info.size)
            return self._next(_padded(size), lambda content: self._extended(info, content[:size]))
        return self._entry(info)

    @staticmethod
    def _bounded(size: int) -> int:
        if not 0 <= size <= LONGEST_HEADER:
            raise Malformed("The tar has a header that is too long.")
        return size

    def _extended(self, info: tarfile.TarInfo, content: bytes) -> bytes:
        if info.type == tarfile.GNUTYPE_LONGNAME:
            self._said["path"] = content.partition(b"\0")[0].decode("utf-8", "surrogateescape")
        elif info.type == tarfile.GNUTYPE_LONGLINK:
            self._said["linkpath"] = content.partition(b"\0")[0].decode("utf-8", "surrogateescape")
        else:
            self._said |= _known(content)
        if sum(map(len, self._said.values())) > LONGEST_HEADER:
            raise Malformed("The tar has a header that is too long.")
        return self._next(BLOCK, self._header)

    def _entry(self, info: tarfile.TarInfo) -> bytes:
        _apply(info, self._said)
        self._said = {}
        name = _plain(info.name)
        self._check(info, name)
        change = self.edit(name, info)
        self._want, self._after = BLOCK, self._header
        self._filling = _padded(info.size) - info.size
        if not change:
            self._pass = _padded(info.size)
            return _written(info)
        if info.type not in FILES or info.size > LARGEST_EDITED:
            raise Refused(f"The lab takes {name[-60:]!r} only as a plain file of at most four mebibytes.")
        size = info.size
        return self._next(_padded(size), lambda content: self._edited(info, change(content[:size])))

    def _check(self, info: tarfile.TarInfo, name: str) -> None:
        if info.type in LINKS and info.size:
            raise Refused("The lab does not take a link or folder with a content in a tar.")
        if info.type not in (*FILES, *LINKS):
            raise Refused(
                f"The lab does not take {name[-60:]!r} in a tar: it is no file, folder or link.",
                why="A device of the machine must not get into a container.",
                instead="Leave it out.",
            )
        if info.type in FILES and info.name.endswith("/") and info.size:
            raise Refused("The lab does not take a folder with a content in a tar.")
        if self._is_linked(posixpath.dirname(name)):
            raise Refused(f"The lab does not take {name[-60:]!r} in a tar: it lies below a link.")
        # A hard link to a link is one, too.
        if info.type == tarfile.SYMTYPE or (info.type == tarfile.LNKTYPE and self._is_linked(_plain(info.linkname))):
            self._links.add(name)
            if len(self._links) > MOST_LINKS:
                raise Refused(f"The lab does not take a tar with more than {MOST_LINKS} links.")

    def _is_linked(self, name: str) -> bool:
        parts = name.split("/")
        return any("/".join(parts[:count]) in self._links for count in range(1, len(parts) + 1))

    def _edited(self, info: tarfile.TarInfo, content: bytes | None) -> bytes:
        self._want, self._after = BLOCK, self._header
        if content is None:
            return b""
        info.size = len(content)
        return _written(info) + content.ljust(_padded(len(content)), b"\0")


def _plain(name: str) -> str:
    return posixpath.normpath("/" + name).lstrip("/")


def _apply(info: tarfile.TarInfo, said: dict[str, str]) -> None:
    """Let extended headers take the place of what the block says."""
    info.name = said.get("path", info.name)
    info.linkname = said.get("linkpath", info.linkname)
    info.uname, info.gname = said.get("uname", info.uname), said.get("gname", info.gname)
    info.size = _number(said["size"]) if "size" in said else info.size
    info.uid = _number(said["uid"]) if "uid" in said else info.uid
    info.gid = _number(said["gid"]) if "gid" in said else info.gid
    if not info.name or info.size < 0:
        raise Malformed("The tar has a header that cannot be read.")
    # The time stays as it is written: with its fraction a float would round it.
    info.pax_headers = {key: value for key, value in said.items() if key == "mtime" or key.startswith(ATTRIBUTE)}


def _written(info: tarfile.TarInfo) -> bytes:
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


def _refuse_compressed(data: bytes) -> None:
    """Refuse a compressed tar (source: CVE-2026-41567, where `docker cp` ran the container's own unpacker as root)."""
    if data.startswith((GZIP, *OTHERS)):
        raise Refused(
            "The lab does not take a compressed tar here.",
            why="The engine would unpack it with a program of the machine, as root.",
            instead="Send it uncompressed.",
            status=415,
        )


def _known(content: bytes) -> dict[str, str]:
    """Read the records of an extended header, "length key=value" and a newline (source: POSIX pax), that are known."""
    found: dict[str, str] = {}
    at = 0
    while at < len(content):
        digits, _, _ = content[at : at + 12].partition(b" ")
        length = _number(digits.decode("ascii", "replace"))
        record = content[at : at + length]
        key, equals, value = record[len(digits) + 1 : -1].partition(b"=")
        if not (equals and record.endswith(b"\n") and length > len(digits) + 1):
            raise Malformed("The tar has a header that cannot be read.")
        if key.startswith(b"GNU.sparse"):
            raise Refused("The lab does not take sparse files in a tar.", instead="Make the tar without -S.")
        if b"\0" in key or (b"\0" in value and not key.startswith(ATTRIBUTE.encode())):
            raise Malformed("The tar has a header that cannot be read.")
        name = key.decode("utf-8", "replace")
        if name in RECORDS or name.startswith(ATTRIBUTE):
            found[name] = value.decode("utf-8", "surrogateescape")
        at += length
    return found


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):  # noqa: PLR2004  below 64 bits
        raise Malformed("The tar has a header that cannot be read.")
    return int(text)


class Gunzip:
    """A build context: a tar that may have come compressed with gzip; it goes on uncompressed.

    Args:
        tar: what it goes through then.
    """

    def __init__(self, tar: Plain) -> None:
        self._tar, self._unzip, self._began = tar, zlib.decompressobj(31), False
        self._compressed = False
        self._first = b""  # too little to tell

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes; give what goes on."""
        if not self._began:
            data, self._first = self._first + data, b""
            if len(data) < len(GZIP):
                self._first = data
                return b""
            self._began, self._compressed = True, data.startswith(GZIP)
        if not self._compressed:
            return self._tar.feed(data)
        out = io.BytesIO()
        try:
            # In steps, so that a bomb meets the tar's limit before it fills the memory.
            while data and not self._unzip.eof:
                out.write(self._tar.feed(self._unzip.decompress(data, STEP)))
                data = self._unzip.unconsumed_tail
        except zlib.error as error:
            raise Malformed("The compressed tar is broken.") from error
        return out.getvalue()

    def close(self) -> bytes:
        """Say that nothing more comes; give the end."""
        if self._compressed and not self._unzip.eof:
            raise Malformed("The compressed tar is cut off.")
        return self._tar.feed(self._first) + self._tar.close()
