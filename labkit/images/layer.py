"""A layer of an image as data, and the docker archive that carries layers to an engine.

Both come out byte for byte the same from the same content: entries sorted, one time stamp, no names of owners, a
format without optional fields. So an image that is assembled twice has the same id twice.

source: Docker Image Specification v1.2 (the layout that `docker load` reads).
"""

from __future__ import annotations

import hashlib
import io
import json
import posixpath
import tarfile
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

MOMENT = 1_700_000_000  # seconds since 1970: the one time stamp of all that is assembled
CREATED = "2023-11-14T22:13:20Z"  # the same moment in an image's config
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """One path of a layer.

    Attributes:
        kind: tarfile's type: ``REGTYPE``, ``DIRTYPE`` or ``SYMTYPE``.
        mode: permission bits.
        uid: owner.
        gid: group.
        data: a file's content, a symbolic link's target, nothing for a folder.
    """

    kind: bytes
    mode: int
    uid: int = 0
    gid: int = 0
    data: bytes = b""


@dataclass
class Layer:
    """Paths without a leading slash, and what is there. Folders above a path come by themselves."""

    entries: dict[str, Entry] = field(default_factory=dict)

    def _put(self, path: str, entry: Entry) -> None:
        path = posixpath.normpath(path.lstrip("/"))
        if path in (".", ""):
            return
        if path.startswith(".."):
            raise ValueError(f"{path} leaves the layer")
        parent = posixpath.dirname(path)
        if parent and parent not in self.entries:
            self._put(parent, Entry(tarfile.DIRTYPE, 0o755))
        self.entries[path] = entry

    def folder(self, path: str, mode: int = 0o755, uid: int = 0, gid: int = 0) -> None:
        """Put a folder; one that is there takes the new mode and owner."""
        self._put(path, Entry(tarfile.DIRTYPE, mode, uid, gid))

    def file(self, path: str, data: bytes | str, mode: int = 0o644, uid: int = 0, gid: int = 0) -> None:
        """Put a file; text is stored as UTF-8."""
        content = data.encode() if isinstance(data, str) else data
        self._put(path, Entry(tarfile.REGTYPE, mode, uid, gid, content))

    def link(self, path: str, target: str) -> None:
        """Put a symbolic link."""
        self._put(path, Entry(tarfile.SYMTYPE, 0o777, data=target.encode()))

    def write(self, stream: IO[bytes]) -> str:
        """Write the layer as a tar archive and return its diff id, ``sha256:…``."""
        hashing = _Hashing(stream)
        with tarfile.open(fileobj=hashing, mode="w|", format=tarfile.GNU_FORMAT) as archive:  # type: ignore[call-overload]
            for path in sorted(self.entries):
                entry = self.entries[path]
                info = tarfile.TarInfo(path + "/" * (entry.kind == tarfile.DIRTYPE))
                info.type, info.mode, info.uid, info.gid = entry.kind, entry.mode, entry.uid, entry.gid
                info.mtime = MOMENT
                if entry.kind == tarfile.SYMTYPE:
                    info.linkname = entry.data.decode()
                    archive.addfile(info)
                else:
                    info.size = len(entry.data)
                    archive.addfile(info, io.BytesIO(entry.data))
        return f"sha256:{hashing.digest.hexdigest()}"


class _Hashing:
    """A stream that remembers the digest of what went through."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self.digest = stream, hashlib.sha256()

    def write(self, block: bytes) -> int:
        self.digest.update(block)
        return self._stream.write(block)


@dataclass(frozen=True, slots=True)
class StoredLayer:
    """A layer's tar archive on disk: its diff id (``sha256:…``), where it lies, and what it is, in a few words."""

    diff_id: str
    path: Path
    title: str


def image_config(layers: Sequence[StoredLayer], settings: Mapping[str, Any], architecture: str = "amd64") -> bytes:
    """Make an image's configuration; its sha256 is the image's id.

    Args:
        layers: from the lowest to the highest.
        settings: the ``config`` part: ``Cmd``, ``Env``, ``Labels``, … as in ImageInspect.
        architecture: Go's name for it.
    """
    config = {
        "architecture": architecture,
        "os": "linux",
        "created": CREATED,
        "config": settings,
        "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
        "history": [{"created": CREATED, "created_by": f"labkit: {layer.title}"} for layer in layers],
    }
    return json.dumps(config, sort_keys=True, separators=(",", ":")).encode()


def image_id(config: bytes) -> str:
    """Return the id that an engine gives to an image with this configuration, ``sha256:…``."""
    return f"sha256:{hashlib.sha256(config).hexdigest()}"


def write_archive(path: Path, name: str, config: bytes, layers: Sequence[StoredLayer]) -> None:
    """Write a docker archive of one image.

    Args:
        path: where to.
        name: what the engine shall call it, such as ``alpine:3.20``.
        config: see `image_config`.
        layers: the same as in the configuration, in the same order.
    """
    config_name = f"{image_id(config).removeprefix('sha256:')}.json"
    members = [f"{layer.diff_id.removeprefix('sha256:')}.tar" for layer in layers]
    manifest = json.dumps([{"Config": config_name, "RepoTags": [name], "Layers": members}], sort_keys=True).encode()
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as archive:
        for member, layer in dict(zip(members, layers, strict=True)).items():
            with layer.path.open("rb") as stream:
                _add(archive, member, stream, layer.path.stat().st_size)
        _add(archive, config_name, io.BytesIO(config), len(config))
        _add(archive, "manifest.json", io.BytesIO(manifest), len(manifest))


def _add(archive: tarfile.TarFile, name: str, stream: IO[bytes], size: int) -> None:
    info = tarfile.TarInfo(name)
    info.mode, info.mtime, info.size = 0o644, MOMENT, size
    archive.addfile(info, stream)
