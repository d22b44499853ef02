"""Which of the editor's languages a file is in, by its name."""

from __future__ import annotations

from pathlib import PurePosixPath

SUFFIXES = {
    ".cjs": "javascript",
    ".dockerfile": "dockerfile",
    ".env": "properties",
    ".js": "javascript",
    ".json": "json",
    ".mjs": "javascript",
    ".sh": "shell",
    ".ts": "typescript",
    ".yaml": "yaml",
    ".yml": "yaml",
}


def language(path: str) -> str:
    """Name the language of a file, or "text"."""
    name = PurePosixPath(path).name.lower()
    if name.startswith("dockerfile"):
        return "dockerfile"
    if name.startswith(".env"):
        return "properties"
    return SUFFIXES.get(PurePosixPath(name).suffix, "text")
