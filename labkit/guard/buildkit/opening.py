"""How a session is opened: what its headers may say, by either of the two doors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from labkit.guard.refusal import Malformed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from labkit.guard.buildkit.wire import Headers
    from labkit.guard.seat import Seat

UUID = re.compile(r"[a-z0-9]{16,64}")
METHOD = re.compile(r"/[A-Za-z0-9._]{1,80}/[A-Za-z0-9]{1,40}")
TEXT = re.compile(r"[\x20-\x7e]{0,512}")
MOST_METHODS = 32
ID, NAME, KEY, METHODS = (f"x-docker-expose-session-{word}" for word in ("uuid", "name", "sharedkey", "grpc-method"))
OPEN = "open"  # a session's name in the ledger while it is there


def check_session(session: str, seat: Seat) -> None:
    """Check the id of a session that a build names; it need not be there yet.

    Raises:
        Malformed: it is none, or another seat's.
    """
    if not UUID.fullmatch(session) or seat.ledger.owned_by_others(seat.name, "session", session):
        raise Malformed("no active session for this build")


def opening(fields: Iterable[tuple[str, str]], seat: Seat) -> tuple[str, Headers]:
    """Judge how a session is opened.

    Args:
        fields: the request's headers.
        seat: whose it is to be.

    Returns:
        Its id, and the headers for the engine.

    Raises:
        Malformed: it is none that the guard can read, or there is one of this id already.
    """
    values: dict[str, list[str]] = {}
    for key, value in fields:
        values.setdefault(key, []).append(value)
    methods = values.get(METHODS, [])
    uuid, name, shared = ((values.get(key) or [""])[0] for key in (ID, NAME, KEY))
    once = all(len(values.get(key, [])) <= 1 for key in (ID, NAME, KEY))
    known = len(methods) <= MOST_METHODS and all(map(METHOD.fullmatch, methods))
    if not (once and known and UUID.fullmatch(uuid) and TEXT.fullmatch(name + shared)):
        raise Malformed("This is no session that the lab's guard can read.")
    there = seat.ledger.thing(seat.name, "session", uuid)
    if (there and there.name == OPEN) or seat.ledger.owned_by_others(seat.name, "session", uuid):
        raise Malformed("A session of this name is there already.")
    # With somebody else's key the engine would take their files for this build's.
    headers = [(ID, uuid), (NAME, name), (KEY, f"{seat.name}:{shared}")]
    return uuid, [*headers, *((METHODS, method) for method in methods)]
