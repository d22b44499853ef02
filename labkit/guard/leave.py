"""When a seat leaves: what runs is stopped, or everything that it owns is removed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from labkit.guard.messages import Call, Reply
from labkit.guard.names import parse_any
from labkit.guard.rules.images import is_others_too

if TYPE_CHECKING:
    from collections.abc import Generator

    from labkit.guard.seat import Seat

NOT_FOUND, CONFLICT = 404, 409


def rest(seat: Seat) -> Generator[Call, Reply, None]:
    """Plan to stop what runs; nothing is lost, and nothing holds a port or a core."""
    for thing in seat.things("container"):
        looked = yield Call("GET", f"/containers/{thing.id}/json")
        if looked.ok and (looked.body["State"]["Running"] or looked.body["State"]["Restarting"]):
            yield Call("POST", f"/containers/{thing.id}/stop", (("t", "0"),))  # sixty of them are stopped in time


@dataclass(frozen=True, slots=True)
class Left:
    """What is still there when a seat was cleared.

    Attributes:
        faults: what the engine would not remove, in its words.
        shared: ids of images that others build on by now; they stay on record, for the next time.
    """

    faults: list[str] = field(default_factory=list)
    shared: list[str] = field(default_factory=list)


def clear(seat: Seat) -> Generator[Call, Reply, Left]:
    """Plan to remove everything that a seat owns."""
    left = Left()
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
        elif kind == "image" and reply.status == CONFLICT:  # the seat's own containers and names are gone by now
            left.shared.append(id_)
        else:
            left.faults.append(seat.scrub(str(reply.body)))
    if not left.faults:
        seat.forget("image", *(seat.ids("image") - set(left.shared)))
        seat.forget("exec", *seat.ids("exec"))
    return left


def missing(seat: Seat) -> Generator[Call, Reply, list[str]]:
    """List the names of a seat's whose image is not on the engine any more, though the seat has not removed it.

    Seats that make the same image share it. The engine takes an image away with the last name that it sees, and does
    not see one that it is just about to give.
    """
    gone: list[str] = []
    for ref in (*seat.tags(), *seat.pins()):
        looked = yield Call("GET", f"/images/{seat.names.image(parse_any(ref))}/json")
        gone += [ref] if looked.status == NOT_FOUND else []
    return gone


def _is_gone(image: str) -> Generator[Call, Reply, bool]:
    """Tell whether there is no such image now: where two seats remove one at once, 20.10 fails the second (500)."""
    looked = yield Call("GET", f"{image}/json")
    return looked.status == NOT_FOUND
