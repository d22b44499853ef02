"""A file that is replaced at once: a crash leaves the old one or the new one, never half."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def replaced(path: Path, mode: int = 0o644) -> Iterator[IO[bytes]]:
    """Write a file beside its place, then move it there.

    Args:
        path: its place; the folder is there.
        mode: its permission bits.
    """
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".save-", delete=False) as new:
        yield new
        new.flush()
        os.fsync(new.fileno())
    Path(new.name).chmod(mode)
    Path(new.name).replace(path)
