"""The book of a grading: every submission's files and every result, in one SQLite file.

    results    a row for each submission that was graded, found by what its result depends on
    files      the learner's files of each, so that it can be graded again without the folder that they came from

What is written stands: after a kill -9 or a power cut, the same command goes on where it was.
"""

from __future__ import annotations

import sqlite3
import zlib
from typing import TYPE_CHECKING, Self

from pydantic import TypeAdapter

from labkit.grading.job import Key, Record
from labkit.result import Outcome
from labkit.workspace import SourceFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

SCHEMA = """
CREATE TABLE IF NOT EXISTS results (
    course TEXT, exercise_hash TEXT, submission_hash TEXT, exercise TEXT NOT NULL, outcome TEXT NOT NULL,
    record TEXT NOT NULL, PRIMARY KEY (course, exercise_hash, submission_hash)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (submission_hash TEXT PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID;
"""
WHERE = "WHERE course = ? AND exercise_hash = ? AND submission_hash = ?"
_RECORD = TypeAdapter(Record)
_FILES = TypeAdapter(dict[str, SourceFile], config={"ser_json_bytes": "base64", "val_json_bytes": "base64"})


class Book:
    """What was graded.

    Args:
        path: the file; made where there is none.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, timeout=30, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.executescript(SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()

    def has(self, key: Key) -> bool:
        """Whether there is a result that no error has a part in."""
        row = self._db.execute(f"SELECT outcome FROM results {WHERE}", _values(key)).fetchone()  # noqa: S608  constants
        return row is not None and row[0] != Outcome.ERROR

    def get(self, key: Key) -> Record | None:
        """A result, or None."""
        row = self._db.execute(f"SELECT record FROM results {WHERE}", _values(key)).fetchone()  # noqa: S608  constants
        return _RECORD.validate_json(row[0]) if row else None

    def keep(self, key: Key, files: Mapping[str, SourceFile]) -> None:
        """Keep the files of a submission."""
        packed = zlib.compress(_FILES.dump_json(dict(files)))
        self._db.execute("INSERT OR IGNORE INTO files VALUES (?, ?)", (key.submission_hash, packed))

    def put(self, record: Record) -> None:
        """Write a result down."""
        report = record.report
        row = (*_values(record.key), report.exercise, report.outcome.value, _RECORD.dump_json(record).decode())
        self._db.execute("INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?, ?)", row)

    def files(self, key: Key) -> dict[str, SourceFile]:
        """The files of a submission that are kept."""
        query = "SELECT data FROM files WHERE submission_hash = ?"
        (data,) = self._db.execute(query, (key.submission_hash,)).fetchone()
        return _FILES.validate_json(zlib.decompress(data))

    def records(self) -> Iterator[Record]:
        """All results, exercise by exercise; one is in memory at a time."""
        for (data,) in self._db.execute("SELECT record FROM results ORDER BY exercise, submission_hash"):
            yield _RECORD.validate_json(data)


def _values(key: Key) -> tuple[str, str, str]:
    return key.course, key.exercise_hash, key.submission_hash
