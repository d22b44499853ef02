"""Who owns what: SQLite in WAL mode, so that it is whole again after a kill -9.

Labels on the engine only mirror this: a load, a Dockerfile or anyone at the engine can forge them. What is about to be
made is written down first, with a random word that its label bears; after a crash that word finds it again.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS things (
    seat TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, parent TEXT NOT NULL,
    serial INTEGER PRIMARY KEY AUTOINCREMENT, UNIQUE (seat, kind, id)
);
CREATE INDEX IF NOT EXISTS by_name ON things (seat, kind, name);
CREATE TABLE IF NOT EXISTS intents (
    word TEXT PRIMARY KEY, seat TEXT NOT NULL, kind TEXT NOT NULL, detail TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS refused (
    serial INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, seat TEXT NOT NULL, request TEXT NOT NULL,
    reason TEXT NOT NULL
);
"""
KEEP_REFUSED = 10_000


@dataclass(frozen=True, slots=True)
class Thing:
    """Something on the engine that a seat owns.

    Attributes:
        kind: "container", "network", "volume", "image", "tag", "pin", "exec", "build" or "registry".
        id: the engine's full id; for a volume its name on the engine; for a tag, and for a pin (a name with a digest),
            the seat's own name for the image; for a registry its container's id.
        name: as the seat knows it; for a container's exec "".
        parent: for a tag or pin the image's id, for an exec its container's, for a container the name of its image,
            for an image what is known of its triggers, for a session the arguments of its build, for a registry the
            volume of its data.
    """

    kind: str
    id: str
    name: str = ""
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Intent:
    """Something that the engine was or will be asked to make.

    Attributes:
        word: random; its label's value.
        seat: whose.
        kind: see `Thing`.
        detail: what was known before: name and parent.
    """

    word: str
    seat: str
    kind: str
    detail: dict[str, str]


class Ledger:
    """The database of a guard.

    Args:
        path: its file, or ":memory:".
    """

    def __init__(self, path: Path | str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")  # a killed process loses nothing; a lost power the last moment
        self._db.execute("PRAGMA busy_timeout=5000")
        self._db.executescript(SCHEMA)
        self.claims: dict[str, str] = {}  # of transfers under way in this process: word, and address at the engine

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def own(self, seat: str, thing: Thing, word: str = "") -> None:
        """Write down that a thing is a seat's, and that what was intended by ``word`` has come to pass."""
        self._db.execute("BEGIN IMMEDIATE")
        self._db.execute(
            "INSERT INTO things (seat, kind, id, name, parent) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (seat, kind, id) DO UPDATE SET name = excluded.name, parent = excluded.parent",
            (seat, thing.kind, thing.id, thing.name, thing.parent),
        )
        if word:
            self._db.execute("DELETE FROM intents WHERE word = ?", (word,))
        self._db.execute("COMMIT")

    def forget(self, seat: str, kind: str, ids: Iterable[str]) -> None:
        """Strike things out; what was begun inside a container goes with it."""
        for each in ids:
            self._db.execute("DELETE FROM things WHERE seat = ? AND kind = ? AND id = ?", (seat, kind, each))
            if kind == "container":
                self._db.execute("DELETE FROM things WHERE seat = ? AND kind = 'exec' AND parent = ?", (seat, each))
                self._db.execute("DELETE FROM things WHERE seat = ? AND kind = 'registry' AND id = ?", (seat, each))

    def things(self, seat: str, kind: str) -> list[Thing]:
        """List a seat's things of a kind, oldest first."""
        rows = self._db.execute(
            "SELECT kind, id, name, parent FROM things WHERE seat = ? AND kind = ? ORDER BY serial", (seat, kind)
        )
        return [Thing(*row) for row in rows]

    def thing(self, seat: str, kind: str, id: str) -> Thing | None:  # noqa: A002  the field's own name
        """Give one thing by its full id."""
        row = self._db.execute(
            "SELECT kind, id, name, parent FROM things WHERE seat = ? AND kind = ? AND id = ?", (seat, kind, id)
        ).fetchone()
        return Thing(*row) if row else None

    def owned_by_others(self, seat: str, kind: str, id: str) -> bool:  # noqa: A002
        """Tell whether another seat owns a thing too; only images can have several owners."""
        return bool(
            self._db.execute(
                "SELECT 1 FROM things WHERE seat != ? AND kind = ? AND id = ?", (seat, kind, id)
            ).fetchone()
        )

    def seats(self) -> list[str]:
        """List the seats that own or intend anything."""
        return [row[0] for row in self._db.execute("SELECT seat FROM things UNION SELECT seat FROM intents")]

    def intend(self, seat: str, kind: str, **detail: str) -> str:
        """Write down what the engine is about to be asked to make; return the word that its label is to bear."""
        word = secrets.token_hex(16)
        self._db.execute("INSERT INTO intents VALUES (?, ?, ?, ?)", (word, seat, kind, json.dumps(detail)))
        return word

    def settle(self, word: str) -> None:
        """Strike out an intent that led to nothing."""
        self._db.execute("DELETE FROM intents WHERE word = ?", (word,))

    def intents(self) -> list[Intent]:
        """List what was intended and not settled: after a start, what a crash cut off."""
        rows = self._db.execute("SELECT word, seat, kind, detail FROM intents")
        return [Intent(word, seat, kind, json.loads(detail)) for word, seat, kind, detail in rows]

    def refuse(self, at: float, seat: str, request: str, reason: str) -> None:
        """Write down what was refused; the oldest go when there are too many."""
        row = self._db.execute(
            "INSERT INTO refused (at, seat, request, reason) VALUES (?, ?, ?, ?)", (at, seat, request[:500], reason)
        )
        self._db.execute("DELETE FROM refused WHERE serial <= ?", ((row.lastrowid or 0) - KEEP_REFUSED,))

    def refused(self, seat: str = "", most: int = 50) -> list[tuple[float, str, str, str]]:
        """List what was refused, newest last: seconds since the epoch, seat, request, reason."""
        rows = self._db.execute(
            "SELECT at, seat, request, reason FROM refused WHERE ? IN ('', seat) ORDER BY serial DESC LIMIT ?",
            (seat, most),
        )
        return list(reversed(rows.fetchall()))
