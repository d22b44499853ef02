"""Reading what the package registries deliver: .deb, npm's .tgz, and the bytes of an ELF program."""

from __future__ import annotations

import io
import lzma
import struct
import tarfile
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

AR_MAGIC = b"!<arch>\n"
AR_HEADER = 60


def deb_member(deb: bytes, which: str) -> tarfile.TarFile:
    """Open one of the two archives in a Debian package.

    Args:
        deb: the package's bytes.
        which: ``control`` or ``data``.

    Raises:
        ValueError: this is not a Debian package, or it is compressed in a way that we do not read.

    source: deb(5), ar(5)
    """
    if not deb.startswith(AR_MAGIC):
        raise ValueError("not a Debian package")
    at = len(AR_MAGIC)
    while at < len(deb):
        name = deb[at : at + 16].decode().strip().rstrip("/")
        size = int(deb[at + 48 : at + 58])
        at += AR_HEADER
        if name.startswith(f"{which}.tar"):
            return tarfile.open(fileobj=io.BytesIO(_decompress(name, deb[at : at + size])))
        at += size + size % 2
    raise ValueError(f"the package has no {which} archive")


def _decompress(name: str, data: bytes) -> bytes:
    if name.endswith(".xz"):
        return lzma.decompress(data)
    if name.endswith(".gz"):
        return zlib.decompress(data, wbits=31)
    if name.endswith(".tar"):
        return data
    raise ValueError(f"{name} is compressed in a way that only newer packages use")


def tgz_file(path: Path, member: str) -> bytes:
    """Return one file of an npm package.

    Raises:
        KeyError: the package has no such file.
    """
    with tarfile.open(path, "r:gz") as archive:
        stream = archive.extractfile(member)
        if stream is None:
            raise KeyError(member)
        return stream.read()


def stripped(program: bytes) -> bytes:
    """Return a 64-bit little-endian ELF program without its section table and all that only the table leads to.

    Running a program needs its segments alone (elf(5)). What no segment covers, symbols above all, is cut out, and the
    segments behind it move forward in the file; where they lie in memory does not change. For node it is a seventh.
    """
    if program[:6] != b"\x7fELF\x02\x01":
        raise ValueError("not a 64-bit little-endian ELF program")
    (table,) = struct.unpack_from("<Q", program, 32)  # e_phoff
    size, count = struct.unpack_from("<HH", program, 54)  # e_phentsize, e_phnum
    headers = [table + size * index for index in range(count)]
    step = max(_align(program, header) for header in headers)
    result, end = bytearray(program[: table + size * count]), table + size * count
    moved = [(0, 0)]  # from this place in the file on, so many bytes forward
    for start, last in sorted(_span(program, header) for header in headers):
        if start > end:
            moved.append((start, moved[-1][1] + (start - end) // step * step))
            result += bytes(start - moved[-1][1] - len(result))
        result += program[max(start, end) : last]
        end = max(end, last)
    for header in headers:
        start, _ = _span(program, header)
        struct.pack_into("<Q", result, header + 8, start - max(pair for pair in moved if pair[0] <= start)[1])
    struct.pack_into("<Q", result, 40, 0)  # e_shoff
    struct.pack_into("<HH", result, 60, 0, 0)  # e_shnum, e_shstrndx
    return bytes(result)


def _span(program: bytes, header: int) -> tuple[int, int]:
    """Return where a segment's bytes start and end in the file."""
    (offset,) = struct.unpack_from("<Q", program, header + 8)  # p_offset
    (length,) = struct.unpack_from("<Q", program, header + 32)  # p_filesz
    return offset, offset + length


def _align(program: bytes, header: int) -> int:
    """Return what a segment's place in the file must be a multiple of, against its place in memory."""
    align: int = struct.unpack_from("<Q", program, header + 48)[0]  # p_align
    return max(1, align)
