"""Layers and their files, read from an image's archive in one pass; nothing is unpacked."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

WHITEOUT, OPAQUE = ".wh.", ".wh..wh..opq"  # source: OCI image spec 1.0, layer: whiteouts
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


class _Chunks(io.RawIOBase):
    """Bytes from an iterator, as a file."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks, self._rest = iter(chunks), b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  whatever supports the buffer protocol
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
    """What the archive of one image holds.

    Attributes:
        layers: of each layer, base first, its files by path, and the paths that it removes.
        found: for each word that was looked for and is there, the path of a file of a layer that holds it, or "" where
            it stands in the image's configuration or history.
    """

    layers: tuple[tuple[Mapping[str, LayerFile], tuple[str, ...]], ...]
    found: Mapping[bytes, str]


def read_archive(chunks: Iterable[bytes], words: Iterable[bytes] = ()) -> Contents:
    """Read a docker archive as `docker save` writes it: the old layout, or the OCI layout of Engine 25 and later.

    Args:
        chunks: the archive.
        words: what to look for meanwhile, also in files that a later layer removed.
    """
    search = _Search(tuple(words))
    listed: dict[str, tuple[Mapping[str, LayerFile], tuple[str, ...]]] = {}
    links: dict[str, str] = {}
    manifest: list[dict[str, Any]] = []
    with tarfile.open(fileobj=io.BufferedReader(_Chunks(chunks), 1 << 20), mode="r|") as archive:
        for member in archive:
            if member.issym() or member.islnk():
                links[member.name] = _resolve(member)
            elif member.isfile() and (stream := archive.extractfile(member)):
                rest, is_layer = _opened(stream)
                if is_layer:
                    listed[member.name] = _read_layer(rest, search)
                    continue
                text = rest.read(JSON_LIMIT)
                search(text, "")
                if member.name == "manifest.json":
                    manifest = json.loads(text)
    names = manifest[0]["Layers"] if manifest else []
    return Contents(tuple(listed[links.get(name, name)] for name in names), search.found)


class _Search:
    """Look for words, and remember where each was found; a file of a layer says more than "" does."""

    def __init__(self, words: tuple[bytes, ...]) -> None:
        self.words, self.found = words, dict[bytes, str]()

    def __call__(self, data: bytes, path: str) -> None:
        for word in self.words:
            if word in data:
                self.found[word] = self.found.get(word) or path


def _resolve(member: tarfile.TarInfo) -> str:
    """Engine 20.10 stores a layer that appears twice as a link such as ``../<other>/layer.tar``."""
    return member.linkname.removeprefix("../") if member.issym() else member.linkname


def _opened(stream: IO[bytes]) -> tuple[IO[bytes], bool]:
    """A blob from its beginning, unpacked, and whether it is a layer."""
    head = stream.read(512)
    rest = cast("IO[bytes]", io.BufferedReader(_Chunks(_again(head, stream)), 1 << 20))
    if head[:2] == b"\x1f\x8b":
        return cast("IO[bytes]", gzip.open(rest)), True  # ends with the stream it reads
    return rest, head[257:262] == b"ustar" or (head != b"" and not head.strip(b"\0"))


def _read_layer(stream: IO[bytes], search: _Search) -> tuple[dict[str, LayerFile], tuple[str, ...]]:
    files, removed = {}, []
    with tarfile.open(fileobj=stream, mode="r|") as layer:
        for entry in layer:
            path = entry.name.removeprefix("./").strip("/")
            folder, _, name = path.rpartition("/")
            if name == OPAQUE:
                removed.append(f"{folder}/")
            elif name.startswith(WHITEOUT):
                removed.append(f"{folder}/{name.removeprefix(WHITEOUT)}".lstrip("/"))
            elif path:
                files[path] = LayerFile(entry.size, entry.mode, entry.uid, entry.isdir())
            if search.words and entry.isfile() and (file := layer.extractfile(entry)):
                search(file.read(), path)
    return files, tuple(removed)


def _again(head: bytes, stream: IO[bytes]) -> Iterator[bytes]:
    yield head
    while chunk := stream.read(1 << 20):
        yield chunk


def merged(layers: Iterable[Layer]) -> dict[str, LayerFile]:
    """The files that a container sees: each layer over those below, whiteouts applied."""
    seen: dict[str, LayerFile] = {}
    for layer in layers:
        for gone in layer.removed:
            prefix = gone if gone.endswith("/") else f"{gone}/"
            for path in [p for p in seen if p == gone or p.startswith(prefix)]:
                del seen[path]
        seen.update(layer.files)
    return seen
