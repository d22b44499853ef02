"""Layers and their files, read from an image's archive in one pass; nothing is unpacked."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from dataclasses import dataclass
from functools import cache
from typing import IO, TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

WHITEOUT, OPAQUE = ".wh.", ".wh..wh..opq"  # source: OCI image spec 1.0, layer: whiteouts
PIECE = 1 << 20  # bytes of a file that are searched at once
MOST_READ = 64 << 20  # bytes of a file of a container, which may be as large as its writer likes
JSON_LIMIT = 4 << 20  # bytes; manifests and configs are far smaller


@dataclass(frozen=True, slots=True)
class LayerFile:
    """A file in a layer: size in bytes, permission bits, owner; a folder has ``is_dir``."""

    size: int
    mode: int
    uid: int
    is_dir: bool


@dataclass(frozen=True)
class Layer:
    """One layer.

    Attributes:
        diff_id: ``sha256:…`` of its uncompressed archive: the same id means the same bytes.
        created_by: the instruction that made it, tidied, such as ``COPY . .``.
        size: bytes, as the engine counts them.
        files: by path without a leading slash; whiteouts are in ``removed``.
        removed: paths that this layer hides from those below.
    """

    diff_id: str
    created_by: str
    size: int
    files: Mapping[str, LayerFile]
    removed: tuple[str, ...] = ()


class Chunks(io.RawIOBase):
    """Bytes from an iterator, as a file."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks, self._rest = iter(chunks), b""

    def readable(self) -> bool:  # noqa: D102  of io.RawIOBase, as the next one
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401, D102  whatever supports the buffer protocol
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = chunk
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


@dataclass(frozen=True)
class Contents:
    """What one layer's archive holds.

    Attributes:
        files: by path without a leading slash.
        removed: the paths that it removes from the layers below.
        found: for each word that was looked for, the path of the first file that holds it, or None.
        course: whether it is a layer of the course's own images, in which nothing needs to be looked for.
    """

    files: Mapping[str, LayerFile]
    removed: tuple[str, ...]
    found: Mapping[bytes, str | None]
    course: bool = False


def first_file(chunks: Iterable[bytes]) -> bytes:
    """Return the first member of a tar archive, or the begin of a huge one; nothing where it is no file."""
    with tarfile.open(fileobj=io.BufferedReader(Chunks(chunks)), mode="r|") as archive:
        member = archive.next()
        file = archive.extractfile(member) if member and member.isfile() else None
        return file.read(MOST_READ) if file else b""


def names(chunks: Iterable[bytes]) -> list[str]:
    """List what an archive holds, without a slash at the end."""
    with tarfile.open(fileobj=io.BufferedReader(Chunks(chunks), 1 << 20), mode="r|") as archive:
        return [entry.name.strip("/") for entry in archive]


def read_archive(chunks: Iterable[bytes], words: Iterable[bytes] = ()) -> list[Contents]:
    """Read a docker archive as `docker save` writes it: the old layout, or the OCI layout of Engine 25 and later.

    Args:
        chunks: the archive.
        words: what to look for meanwhile, also in files that a later layer removes.

    Returns:
        What each layer holds, base first.
    """
    wanted = tuple(words)
    layers: dict[str, Contents] = {}
    links: dict[str, str] = {}
    manifest: list[dict[str, Any]] = []
    with tarfile.open(fileobj=io.BufferedReader(Chunks(chunks), 1 << 20), mode="r|") as archive:
        for member in archive:
            if member.issym() or member.islnk():
                links[member.name] = _resolve(member)
            elif member.isfile() and (stream := archive.extractfile(member)):
                if member.name == "manifest.json":
                    manifest = json.loads(stream.read(JSON_LIMIT))
                elif _may_be_layer(member.name) and (found := _read_layer(stream, wanted)):
                    layers[member.name] = found
    names = manifest[0]["Layers"] if manifest else []
    return [layers[links.get(name, name)] for name in names]


def _may_be_layer(name: str) -> bool:
    return name.endswith(".tar") or name.startswith("blobs/")


def _resolve(member: tarfile.TarInfo) -> str:
    """Engine 20.10 stores a layer that appears twice as a link such as ``../<other>/layer.tar``."""
    return member.linkname.removeprefix("../") if member.issym() else member.linkname


def _opened(stream: IO[bytes]) -> tuple[IO[bytes], bool]:
    """A blob from its beginning, unpacked, and whether it is a layer."""
    head = stream.read(512)
    rest = cast("IO[bytes]", io.BufferedReader(Chunks(_again(head, stream)), 1 << 20))
    if head[:2] == b"\x1f\x8b":
        return cast("IO[bytes]", gzip.open(rest)), True  # ends with the stream it reads
    return rest, head[257:262] == b"ustar" or (head != b"" and not head.strip(b"\0"))


def _read_layer(stream: IO[bytes], words: tuple[bytes, ...]) -> Contents | None:
    """Read one layer, or return None where the blob is no layer."""
    rest, is_layer = _opened(stream)
    if not is_layer:
        return None
    gathered = _Gathered(words)
    with tarfile.open(fileobj=rest, mode="r|") as layer:
        for entry in layer:
            path = entry.name.removeprefix("./").strip("/")
            folder, _, name = path.rpartition("/")
            if name == OPAQUE:
                gathered.removed.append(f"{folder}/")
            elif name.startswith(WHITEOUT):
                gathered.removed.append(f"{folder}/{name.removeprefix(WHITEOUT)}".lstrip("/"))
            else:
                gathered.add(path, entry, layer)
    return gathered.contents()


def read_folders(chunks: Iterable[bytes], words: Iterable[bytes] = ()) -> dict[str, Contents]:
    """Read an archive of a folder that holds layers as overlayfs keeps them, a folder for each.

    A path that a layer removes is a device of the number 0 there. That it replaces a folder as a whole is written in
    the folder's attributes, and these are in no archive.

    Args:
        chunks: the archive; each name in it begins with the folder's.
        words: what to look for meanwhile.

    Returns:
        What each layer holds, by its folder's name.

    source: Linux, Documentation/filesystems/overlayfs.rst, whiteouts and opaque directories
    """
    wanted, found = tuple(words), dict[str, _Gathered]()
    with tarfile.open(fileobj=io.BufferedReader(Chunks(chunks), 1 << 20), mode="r|") as archive:
        for entry in archive:
            _, _, inside = entry.name.strip("/").partition("/")
            name, _, path = inside.partition("/")
            if not name:
                continue
            layer = found.setdefault(name, _Gathered(wanted))
            if entry.ischr() and not entry.devmajor and not entry.devminor:
                layer.removed.append(path)
            else:
                layer.add(path, entry, archive)
    return {name: layer.contents() for name, layer in found.items()}


class _Gathered:
    """What was read of one layer so far."""

    def __init__(self, words: tuple[bytes, ...]) -> None:
        self.removed: list[str] = []
        self._files: dict[str, LayerFile] = {}
        self._found = dict[bytes, str | None].fromkeys(words)

    def add(self, path: str, entry: tarfile.TarInfo, archive: tarfile.TarFile) -> None:
        """Note an entry, and look for the words in it."""
        if not path:
            return
        self._files[path] = LayerFile(entry.size, entry.mode & 0o7777, entry.uid, entry.isdir())
        missing = {word for word, place in self._found.items() if place is None}
        if missing and entry.isfile() and (file := archive.extractfile(entry)):
            self._found.update(dict.fromkeys(_held(file, missing), path))

    def contents(self) -> Contents:
        """All of it."""
        return Contents(self._files, tuple(self.removed), self._found)


def _held(file: IO[bytes], words: set[bytes]) -> set[bytes]:
    """Those of some words that a file holds; of a large one, only a piece is in memory at a time."""
    found: set[bytes] = set()
    overlap = max(map(len, words), default=1) - 1
    piece = b""
    while words - found and (new := file.read(PIECE)):
        piece = piece[-overlap:] + new if overlap else new
        found |= {word for word in words - found if word in piece}
    return found


def _again(head: bytes, stream: IO[bytes]) -> Iterator[bytes]:
    yield head
    while chunk := stream.read(1 << 20):
        yield chunk


def merged(layers: Iterable[Layer]) -> dict[str, LayerFile]:
    """The files that a container sees: each layer over those below, whiteouts applied."""
    return {path: file for path, (_, file) in seen(layers).items()}


def seen(layers: Iterable[Layer | Contents]) -> dict[str, tuple[int, LayerFile]]:
    """The files that a container sees, each with the number of the layer that it comes from, counted from the base."""
    there: dict[str, tuple[int, LayerFile]] = {}
    for number, layer in enumerate(layers):
        replaced = (p for p, file in layer.files.items() if not file.is_dir and p in there and there[p][1].is_dir)
        if gone := {*layer.removed, *replaced}:
            there = _without(there, gone)
        there |= {path: (number, file) for path, file in layer.files.items()}
    return there


def _without(there: Mapping[str, tuple[int, LayerFile]], gone: set[str]) -> dict[str, tuple[int, LayerFile]]:
    """Leave out what is gone, with all below it; of a path with a slash at its end only what is below."""

    @cache  # most files share their folder
    def is_gone(folder: str) -> bool:
        return any(each in gone or f"{each}/" in gone for each in (folder, *above(folder), ""))

    return {path: it for path, it in there.items() if path not in gone and not is_gone(path.rpartition("/")[0])}


def above(path: str) -> Iterator[str]:
    """Yield the folders that a path is in, the innermost first."""
    while path := path.rpartition("/")[0]:
        yield path
