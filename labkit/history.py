"""What a learner has done, in one SQLite file in the user's data folder: nothing of it leaves the machine by itself.

    work          a row for each version of an exercise that was opened: time, hints, how its last check ended
    attempts      every check of changed files, with all that it found
    predictions   what was expected, and what was seen

An exercise's version is the hash of its folder. What was done on another version stays, and is not taken for what was
done on this one: its status and its hints begin anew, that it was passed once is still said.
"""

from __future__ import annotations

import os
import sqlite3
import time
import uuid
from contextlib import closing, contextmanager
from dataclasses import astuple, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_data_path
from pydantic import TypeAdapter

from labkit.errors import HistoryError
from labkit.remembered import Note, Tried, Worked
from labkit.result import Outcome, Report
from labkit.status import STATUS, Status
from labkit.words import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Key = tuple[str, str]  # an exercise's slug and its version

FORMAT = 1
SCHEMA = f"""
CREATE TABLE IF NOT EXISTS work (
    exercise TEXT, version TEXT, opened REAL NOT NULL, last REAL NOT NULL, seconds REAL NOT NULL DEFAULT 0,
    hints INTEGER NOT NULL DEFAULT 0, status TEXT NOT NULL DEFAULT 'to do', PRIMARY KEY (exercise, version)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS attempts (
    uid TEXT PRIMARY KEY, exercise TEXT NOT NULL, version TEXT NOT NULL, at REAL NOT NULL, inputs TEXT NOT NULL,
    outcome TEXT NOT NULL, points REAL NOT NULL, report TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS attempts_of ON attempts (exercise, version, at);
CREATE TABLE IF NOT EXISTS predictions (question TEXT PRIMARY KEY, entry TEXT NOT NULL) WITHOUT ROWID;
PRAGMA user_version = {FORMAT};
"""
TRIED = "SELECT uid, exercise, version, at, inputs, report FROM attempts"
MERGE = """
INSERT INTO work (exercise, version, opened, last, seconds, hints, status) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET status = CASE WHEN excluded.last > last THEN excluded.status ELSE status END,
    opened = min(opened, excluded.opened), last = max(last, excluded.last),
    seconds = max(seconds, excluded.seconds), hints = max(hints, excluded.hints)
"""
NOWHERE = Path(":memory:")  # for SQLite: each call finds nothing there, and leaves nothing
PAUSE = 300.0  # seconds: who does nothing for longer is taken to have done something else
PATIENCE = 30.0  # seconds to wait for another process that writes
_REPORT = TypeAdapter(Report)


def data() -> Path:
    """The folder of what a learner wants to keep: LABKIT_DATA, or the user's data folder."""
    return Path(os.environ.get("LABKIT_DATA") or user_data_path("labkit", appauthor=False))


class History:
    """What a learner has done. Each call stands by itself: many kernels and terminals may use the same file.

    Args:
        path: the file; made where there is none. NOWHERE keeps nothing.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or data() / "history.sqlite"

    @contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """Give a connection with a transaction of its own, which is written to the disk at its end.

        Raises:
            HistoryError: the file cannot be used.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None)) as db:
                _make_ready(db)
                db.execute("BEGIN IMMEDIATE")
                yield db
                db.execute("COMMIT")
        except (OSError, sqlite3.Error) as error:
            raise HistoryError(
                say("What you have done cannot be read or written: {path}: {error}", path=self.path, error=error),
                why=say("Your files are not touched. Your progress is in that file."),
                fix=say(
                    "make room on the disk, see to its rights, or name another folder in LABKIT_DATA; where the "
                    "file is broken, move it away to begin anew"
                ),
            ) from None

    def note(self, key: Key) -> Note:
        """What is remembered of one version of an exercise."""
        return self.notes([key])[0]

    def notes(self, keys: Iterable[Key]) -> list[Note]:
        """What is remembered of each of some versions of exercises."""
        with self.open() as db:
            return [_note(db, key) for key in keys]

    def passed(self) -> set[str]:
        """The exercises of which any version was passed."""
        with self.open() as db:
            return {slug for (slug,) in db.execute("SELECT DISTINCT exercise FROM attempts WHERE outcome = 'pass'")}

    def worked(self, key: Key) -> None:
        """Remember that the learner is at work on an exercise now."""
        with self.open() as db:
            _worked(db, key)

    def hint_read(self, key: Key, number: int) -> None:
        """Remember that hints were read, up to this number; 0 is none."""
        with self.open() as db:
            _worked(db, key)
            db.execute("UPDATE work SET hints = ? WHERE exercise = ? AND version = ?", (number, *key))

    def begun_anew(self, key: Key) -> None:
        """Remember that the starter was put back; the attempts stay."""
        with self.open() as db:
            _worked(db, key)
            db.execute("UPDATE work SET hints = 0, status = 'to do' WHERE exercise = ? AND version = ?", key)

    def checked(self, key: Key, inputs: str, report: Report) -> None:
        """Remember a check; one of files that are the starter's still is no attempt, nor is one that was said again."""
        now = datetime.now(UTC)
        with self.open() as db:
            _worked(db, key)
            status = STATUS[report.outcome]
            db.execute("UPDATE work SET status = ? WHERE exercise = ? AND version = ?", (status, *key))
            if report.outcome is not Outcome.TODO and report.since is None:
                _put(db, Tried(uuid.uuid4().hex, *key, now, inputs, report))

    def attempts(self, slug: str = "") -> list[Tried]:
        """All attempts at an exercise, or at any, the oldest first."""
        with self.open() as db:
            rows = db.execute(f"{TRIED} WHERE ? IN ('', exercise) ORDER BY at", (slug,)).fetchall()
        return [_tried(row) for row in rows]

    def known(self, key: Key, inputs: str) -> Report | None:
        """What a check of the same files found before, where a new one would find the same."""
        where = "exercise = ? AND version = ? AND inputs = ?"
        with self.open() as db:
            row = db.execute(f"{TRIED} WHERE {where} ORDER BY at DESC LIMIT 1", (*key, inputs)).fetchone()
        before = _tried(row) if row else None
        if before is None or before.report.outcome is Outcome.ERROR or before.report.timed_out:
            return None
        return replace(before.report, since=before.at)

    def predictions(self) -> dict[str, str]:
        """What is remembered of each prediction, as JSON, by its question."""
        with self.open() as db:
            return dict(db.execute("SELECT question, entry FROM predictions"))

    def predicted(self, question: str, entry: str) -> None:
        """Remember a prediction, as JSON."""
        with self.open() as db:
            db.execute("INSERT OR REPLACE INTO predictions VALUES (?, ?)", (question, entry))

    def all_work(self) -> list[Worked]:
        """How far each version of each exercise is that was ever opened."""
        with self.open() as db:
            rows = db.execute("SELECT exercise, version, opened, last, seconds, hints, status FROM work").fetchall()
        return [Worked(*row) for row in rows]

    def merge(self, work: Iterable[Worked], attempts: Iterable[Tried], predictions: Mapping[str, str]) -> int:
        """Add what was done elsewhere; twice is as good as once, and of two predictions the one made here stays.

        Returns:
            How many attempts are new here.
        """
        with self.open() as db:
            before = db.total_changes
            for tried in attempts:
                _put(db, tried)
            new = db.total_changes - before
            for each in work:
                db.execute(MERGE, astuple(each))
            db.executemany("INSERT OR IGNORE INTO predictions VALUES (?, ?)", predictions.items())
        return new


def answering() -> bool:
    """Whether the notebooks run with the course's solutions in the learner's place."""
    return os.environ.get("LABKIT_ANSWERS") == "solutions"


def own_history() -> History:
    """This user's history; where the course's solutions are checked, one that keeps nothing."""
    return History(NOWHERE if answering() else None)


def _make_ready(db: sqlite3.Connection) -> None:
    found = db.execute("PRAGMA user_version").fetchone()[0]
    if found > FORMAT:
        raise sqlite3.DatabaseError(say("it was written by a newer version of the lab"))
    db.execute("PRAGMA synchronous = FULL")
    if found < FORMAT:
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(SCHEMA)


def _note(db: sqlite3.Connection, key: Key) -> Note:
    slug, version = key
    query = "SELECT status, hints, seconds, last FROM work WHERE exercise = ? AND version = ?"
    row: tuple[Status, int, float, float] = db.execute(query, key).fetchone() or ("to do", 0, 0.0, 0.0)
    rows = db.execute("SELECT version, outcome, points FROM attempts WHERE exercise = ?", (slug,)).fetchall()
    passed = {of for of, outcome, _ in rows if outcome == Outcome.PASS}
    points = [earned for of, _, earned in rows if of == version]
    changed = bool(passed) and version not in passed
    status, hints, seconds, last = row
    return Note(status, bool(passed), hints, len(points), seconds, changed, max(points, default=0.0), last)


def _worked(db: sqlite3.Connection, key: Key) -> None:
    now = time.time()
    db.execute(
        "INSERT INTO work (exercise, version, opened, last) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
        "seconds = seconds + CASE WHEN excluded.last - last BETWEEN 0 AND ? THEN excluded.last - last ELSE 0 END, "
        "last = excluded.last",
        (*key, now, now, PAUSE),
    )


def _put(db: sqlite3.Connection, tried: Tried) -> None:
    report = tried.report
    db.execute(
        "INSERT OR IGNORE INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(tried.uid, tried.exercise, tried.version, tried.at.timestamp(), tried.inputs),
            *(report.outcome.value, report.points, _REPORT.dump_json(report).decode()),
        ),
    )


def _tried(row: tuple[str, str, str, float, str, str]) -> Tried:
    uid, exercise, version, at, inputs, report = row
    return Tried(uid, exercise, version, datetime.fromtimestamp(at, UTC), inputs, _REPORT.validate_json(report))
