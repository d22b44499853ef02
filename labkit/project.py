"""The files of a demonstration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.workspace import SourceFile

if TYPE_CHECKING:
    from collections.abc import Mapping


class Project:
    """A folder's files in memory: edits stay in the demonstration, the files on disk are not changed.

    Args:
        name: the folder's name, for display.
        files: by relative POSIX path.
    """

    def __init__(self, name: str, files: Mapping[str, SourceFile]) -> None:
        self.name, self.files = name, dict(files)

    def __setitem__(self, path: str, text: str) -> None:
        self.files[path] = SourceFile(text.encode())

    def __getitem__(self, path: str) -> str:
        return self.files[path].data.decode()

    def __delitem__(self, path: str) -> None:
        del self.files[path]

    def edit(self, path: str, line: str = "// one more line") -> None:
        """Add a line at a file's end, as an editor would."""
        self[path] = f"{self[path].rstrip()}\n{line}\n"

    def __repr__(self) -> str:
        return f"Project({self.name!r}: {', '.join(sorted(self.files))})"
