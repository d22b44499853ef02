"""A submission as a set of short runs of words, such that what does not matter makes no difference."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from labkit.dockerfile import Dockerfile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from labkit.workspace import SourceFile

RUN = 4  # words of a shingle: about half an instruction
MOST_BYTES = 1 << 16  # of a file that are looked at
MOST_WORDS = 2000
COMMENT = re.compile(r"^\s*(#|//).*$", re.MULTILINE)
WORD = re.compile(r"\w+|[^\w\s]")


def shingles(files: Mapping[str, SourceFile]) -> frozenset[str]:
    """All runs of RUN words, each as ``file: words``; where a file has fewer, all of its words are one."""
    found: set[str] = set()
    for name, file in files.items():
        words = list(_words(name, file.data))[:MOST_WORDS]
        runs = range(max(1, len(words) - RUN + 1)) if words else ()
        found.update(f"{name}: {' '.join(words[at : at + RUN])}" for at in runs)
    return frozenset(found)


def _words(name: str, data: bytes) -> Iterator[str]:
    if b"\0" in data:
        yield hashlib.sha256(data).hexdigest()
        return
    text = data[:MOST_BYTES].decode("utf-8", errors="replace")
    found = list(_instructions(text)) if "dockerfile" in name.lower() else []
    # A text without one instruction is none that Docker reads; it may be somebody's all the same.
    yield from found or WORD.findall(COMMENT.sub("", text).lower())


def _instructions(text: str) -> Iterator[str]:
    """A Dockerfile's words: comments, cases, line breaks and the spaces of ``[ "a", "b" ]`` make no difference."""
    for instruction in Dockerfile(text).instructions:
        yield instruction.name.lower()
        yield from (word.lower() for word in instruction.words)
