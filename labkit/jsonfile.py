"""A small file of things that are remembered by name; a crash leaves the old file or the new one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from filelock import FileLock

if TYPE_CHECKING:
    from pathlib import Path


class JsonFile:
    """Things by name.

    Args:
        path: the file; beside it stands a lock.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, Any]:
        """Give all; nothing where there is no file, or one that is not ours."""
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def put(self, name: str, value: object) -> None:
        """Remember one; the file is replaced at once."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(self._path.with_suffix(".lock")):
            new = self._path.with_suffix(".new")
            new.write_text(json.dumps({**self.read(), name: value}, indent=2), encoding="utf-8")
            new.replace(self._path)
