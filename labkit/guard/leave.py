"""When a seat leaves: what runs is stopped, or everything that it owns is removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.guard.messages import Call, Reply
from labkit.guard.names import parse_any
from labkit.guard.rules.images import is_others_too

if TYPE_CHECKING:
    from collections.abc import Generator

    from labkit.guard.seat import Seat

NOT_FOUND = 404


def rest(seat: Seat) -> Generator[Call, Reply, None]:
    """Plan to stop what runs; nothing is lost, and nothing holds a port or a core."""
    for thing in seat.things("container"):
        looked = yield Call("GET", f"/containers/{thing.id}/json")
        if looked.ok and (looked.body["State"]["Running"] or looked.body["State"]["Restarting"]):
            yield Call("POST", f"/containers/{thing.id}/stop", (("t", "0"),))  # sixty of them are stopped in time


def clear(seat: Seat) -> Generator[Call, Reply, list[str]]:
    """Plan to remove everything that a seat owns.

    Returns:
        What the engine would not remove, in its words.
    """
    kept: list[str] = []
    calls = [("container", each.id, f"/containers/{each.id}") for each in seat.things("container")]
    calls += [("network", each.id, f"/networks/{each.id}") for each in seat.things("network")]
    calls += [("volume", each.id, f"/volumes/{each.id}") for each in seat.things("volume")]
    calls += [("tag", ref, f"/images/{seat.names.image(parse_any(ref))}") for ref in seat.tags()]
    calls += [("pin", ref, f"/images/{seat.names.image(parse_any(ref))}") for ref in seat.pins()]
    calls += [("image", each.id, f"/images/{each.id}") for each in seat.things("image") if not seat.references(each.id)]
    for kind, id_, path in calls:
        if kind == "image" and (yield from is_others_too(seat, id_)):
            seat.forget(kind, id_)
            continue
        reply = yield Call("DELETE", path, (("force", "1"), ("v", "1")) if kind == "container" else ())
        if reply.ok or reply.status == NOT_FOUND or (path.startswith("/images/") and (yield from _is_gone(path))):
            seat.forget(kind, id_)
        else:
            kept.append(seat.scrub(str(reply.body)))
    if not kept:
        seat.forget("image", *seat.ids("image"))
        seat.forget("exec", *seat.ids("exec"))
    return kept


def _is_gone(image: str) -> Generator[Call, Reply, bool]:
    """Tell whether there is no such image now: where two seats remove one at once, 20.10 fails the second (500)."""
    looked = yield Call("GET", f"{image}/json")
    return looked.status == NOT_FOUND
