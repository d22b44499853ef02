"""A CSV file that says whose files are where: columns `learner`, `path`, and maybe `exercise`, `name`, `submitted`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from labkit.grading import csvfile
from labkit.grading.folders import trees_below
from labkit.grading.submission import IntakeError, as_text
from labkit.grading.trees import Source

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from labkit.grading.csvfile import Row
    from labkit.grading.trees import Opener

ELSEWHERE = re.compile(r"/|[A-Za-z]:|.*[\\\0]", re.DOTALL)


class Table:
    """Submissions that a CSV file lists, with paths relative to it.

    Args:
        path: the file.
        exercises: slugs of what is graded, by all names that a row may call them.
    """

    def __init__(self, path: Path, exercises: Mapping[str, str]) -> None:
        self._path, self._exercises = path, exercises

    def sources(self) -> list[Source]:
        """One for each row of an exercise that is graded, or of none in particular."""
        found = [self._source(row) for row in csvfile.read(self._path, ["learner", "path"])]
        if not any(found):
            raise IntakeError(
                f"{self._path} lists no submissions of what is graded.", fix="check its column `exercise`, and its rows"
            )
        return [source for source in found if source]

    def _source(self, row: Row) -> Source | None:
        called = row["exercise"]
        if called and called not in self._exercises:
            return None
        if not row["learner"]:
            raise row.wrong("there is no learner.", "write the learner's id into the row, or remove it")
        where = "/".join(part for part in row["path"].split("/") if part != ".").rstrip("/")
        if ELSEWHERE.match(where) or ".." in where.split("/") or not where:
            raise row.wrong(f"{row['path']!r} is no path below its folder.", "write paths relative to the CSV file")
        try:
            there = (self._path.parent / where).is_symlink() or (self._path.parent / where).exists()
        except OSError as error:
            raise row.wrong(f"{where!r} cannot be opened: {error.strerror}.", "check the path") from None
        if not there:
            raise row.wrong(f"there is no {where!r} beside it.", "check the path, or remove the row")
        only = self._exercises[called] if called else ""
        return Source(as_text(row["learner"]), as_text(where), where, only, row["name"], row.submitted)

    def session(self) -> AbstractContextManager[Opener]:
        """What opens one after another."""
        return trees_below(self._path.parent)
