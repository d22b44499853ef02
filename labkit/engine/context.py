"""A build context as a tar archive: the same bytes for the same files, without what .dockerignore leaves out."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from docker.utils.build import PatternMatcher

if TYPE_CHECKING:
    from collections.abc import Mapping


class File(Protocol):
    """A file of a context."""

    @property
    def data(self) -> bytes:
        """Its content."""

    @property
    def executable(self) -> bool:
        """Whether it may be run."""


def included(files: Mapping[str, File], dockerfile: str = "Dockerfile") -> list[str]:
    """Name the files that a client sends: all but what .dockerignore excludes, sorted.

    The Dockerfile and .dockerignore themselves are always sent, as by Docker's own client.
    """
    ignore = files[".dockerignore"].data.decode("utf-8", errors="replace") if ".dockerignore" in files else ""
    lines = [line.strip() for line in ignore.splitlines()]
    patterns = [line for line in lines if line and not line.startswith("#")]
    if not patterns:
        return sorted(files)
    matcher = PatternMatcher(patterns)
    return sorted(name for name in files if name in (dockerfile, ".dockerignore") or not matcher.matches(Path(name)))


def context_tar(files: Mapping[str, File], dockerfile: str = "Dockerfile") -> bytes:
    """Pack a build context.

    Args:
        files: by relative POSIX path.
        dockerfile: path of the Dockerfile among them.

    Returns:
        A tar archive; times are 0 and owners root, so that only content and mode reach the build cache.
    """
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name in included(files, dockerfile):
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(files[name].data), 0o755 if files[name].executable else 0o644
            archive.addfile(info, io.BytesIO(files[name].data))
    return out.getvalue()
