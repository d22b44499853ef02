"""What the rules share: plans of one call, answers in the seat's words."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from labkit.guard import strictjson
from labkit.guard.messages import Answer, Call, Json, Plan, Relay, Reply, Request, Shape
from labkit.guard.refusal import Malformed

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from labkit.guard.seat import Seat

LONGEST_VALUE = 4096


def told(reply: Reply, seat: Seat, view: Callable[[Json], Json] | None = None) -> Answer:
    """Give the engine's reply in the seat's words: a fault without anybody else's ids, a result through ``view``."""
    if reply.ok:
        return Answer(reply.status, (view or seat.names.view)(reply.body), reply.headers)
    message = reply.body.get("message", "") if isinstance(reply.body, dict) else str(reply.body or "")
    return Answer(reply.status, {"message": seat.scrub(str(message))}, reply.headers)


def ask(call: Call, seat: Seat, view: Callable[[Json], Json] | None = None) -> Plan:
    """Plan one call and hand its reply on."""
    return told((yield call), seat, view)


def hand_on(call: Call, shape: Shape = Shape.BYTES, **options: Json) -> Plan:
    """Plan to hand the engine's answer on as it comes."""
    yield from ()
    return Relay(call, shape, **options)


def say(body: Json, status: int = 200) -> Plan:
    """Plan to answer without the engine."""
    yield from ()
    return Answer(status, body)


def chosen(request: Request, *allowed: str, **changed: str) -> tuple[tuple[str, str], ...]:
    """Give the query for the engine: a client's values of ``allowed`` names, and ``changed`` ones in their place."""
    kept = {key: value for key, value in request.query if key in allowed and value != ""}
    return tuple((kept | changed).items())


def filters(request: Request, allowed: frozenset[str]) -> dict[str, list[str]]:
    """Read a query's ``filters``, in the old form (lists) and the new one (maps of true).

    Raises:
        Malformed: it is none, or one that the guard does not know.
    """
    text = request.get("filters")
    if not text:
        return {}
    try:
        given = strictjson.read(text.encode())
    except Malformed as error:
        raise Malformed(f"invalid filter: {error}") from error
    if not isinstance(given, dict):
        raise Malformed("invalid filter: it is not an object")
    found: dict[str, list[str]] = {}
    for key, values in given.items():
        if key not in allowed:
            raise Malformed(f"invalid filter '{key[:40]}': the lab's guard does not know it")
        listed = [value for value, on in values.items() if on is True] if isinstance(values, dict) else values
        if not isinstance(listed, list) or not all(isinstance(value, str) for value in listed):
            raise Malformed(f"invalid filter '{key[:40]}'")
        found[key] = [value[:LONGEST_VALUE] for value in listed]
    return found


def packed(found: dict[str, list[str]]) -> str:
    """Write filters for the engine."""
    return json.dumps({key: dict.fromkeys(values, True) for key, values in sorted(found.items()) if values})


def matches_name(patterns: list[str], name: str) -> bool:
    """Tell whether a name has one of the patterns in it: plain text, with ^ and $ for its ends.

    The engine takes any regular expression; here that would let one be written that never ends.
    """
    if not patterns:
        return True
    for pattern in patterns:
        plain = pattern.removeprefix("^").removeprefix("/").removesuffix("$")
        if not re.fullmatch(r"[A-Za-z0-9_.:/@-]*", plain):
            raise Malformed(f"invalid filter 'name={pattern[:40]}': the lab's guard takes plain names, with ^ and $")
        starts = not pattern.startswith("^") or name.startswith(plain)
        ends = not pattern.endswith("$") or name.endswith(plain)
        whole = not (pattern.startswith("^") and pattern.endswith("$")) or name == plain
        if plain in name and starts and ends and whole:
            return True
    return False


def remove_all(
    calls: list[tuple[str, Call]], removed: Callable[[str], None]
) -> Generator[Call, Reply, tuple[list[str], list[Reply]]]:
    """Ask for each removal in turn; give what went, and the replies of what did not."""
    gone, kept = [], []
    for each, call in calls:
        reply = yield call
        if reply.ok or reply.status == 404:  # noqa: PLR2004  HTTP's "not found": gone already
            removed(each)
            if reply.ok:
                gone.append(each)
        else:
            kept.append(reply)
    return gone, kept
