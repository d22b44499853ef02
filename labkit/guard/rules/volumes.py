"""Volumes: local ones, named inside the seat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.guard import create, models, names
from labkit.guard.document import read
from labkit.guard.messages import Answer, Call, Json, Plan, Reply, Request
from labkit.guard.mounts import check_room
from labkit.guard.refusal import Malformed, Refused
from labkit.guard.rules.common import chosen, filters, matches_name, packed, remove_all, told

if TYPE_CHECKING:
    from collections.abc import Generator

    from labkit.guard.seat import Seat

LIST_FILTERS = frozenset(("dangling", "driver", "label", "name"))


def look_for_room(seat: Seat) -> Generator[Call, Reply, None]:
    """Strike out what is gone before many volumes become too many: ``--rm`` takes nameless ones with it."""
    if len(seat.things("volume")) * 2 > seat.bounds.volumes:
        there = yield Call("GET", "/volumes")
        if there.ok:
            seat.forget("volume", *(seat.ids("volume") - {each["Name"] for each in there.body.get("Volumes") or []}))


def create_volume(request: Request, seat: Seat) -> Plan:
    """VolumeCreate: where one of this name is there, it is this seat's, and the answer is that one."""
    body = read(models.Volume, request.body)
    if body.driver not in ("", "local"):
        raise Refused(
            f"The lab does not allow the volume driver {body.driver[:40]}.",
            why="A driver runs as a program of the machine.",
            instead="Leave --driver out.",
        )
    yield from look_for_room(seat)
    check_room(seat, 1)
    name = names.check_object(body.name) if body.name else ""
    word = seat.ledger.intend(seat.name, "volume", name=name)
    document: dict[str, Json] = {"Driver": "local", "Labels": create.owned_labels(seat, body.labels, word)}
    if name:
        document["Name"] = seat.names.prefix + name
    reply = yield Call("POST", "/volumes/create", body=document)
    if reply.ok:
        seat.own("volume", reply.body["Name"], name or reply.body["Name"], word=word)
    else:
        seat.ledger.settle(word)
    return told(reply, seat)


def list_volumes(request: Request, seat: Seat) -> Plan:
    """VolumeList: this seat's."""
    wanted = filters(request, LIST_FILTERS)
    reply = yield Call("GET", "/volumes", (("filters", packed({k: v for k, v in wanted.items() if k != "name"})),))
    if not reply.ok:
        return told(reply, seat)
    mine = seat.ids("volume")
    found = [seat.names.view(each) for each in reply.body.get("Volumes") or [] if each["Name"] in mine]
    named = [each for each in found if matches_name(wanted.get("name", []), each["Name"])]
    return Answer(200, {"Volumes": named, "Warnings": None})


def inspect(request: Request, seat: Seat) -> Plan:
    """VolumeInspect."""
    thing = seat.find("volume", request.path[1])
    reply = yield Call("GET", f"/volumes/{thing.id}")
    if reply.status == 404:  # noqa: PLR2004
        seat.forget("volume", thing.id)
    return told(reply, seat)


def remove(request: Request, seat: Seat) -> Plan:
    """VolumeDelete."""
    thing = seat.find("volume", request.path[1])
    reply = yield Call("DELETE", f"/volumes/{thing.id}", chosen(request, "force"))
    if reply.ok or reply.status == 404:  # noqa: PLR2004
        seat.forget("volume", thing.id)
    return told(reply, seat)


def prune(request: Request, seat: Seat) -> Plan:
    """VolumePrune: this seat's that no container uses, one by one.

    From API 1.42 on, those with a name stay unless ``all`` is given (source: Engine API 1.42, VolumePrune).
    """
    wanted = filters(request, frozenset({"label", "label!", "all"}))
    if "label!" in wanted:
        raise Malformed("invalid filter: the lab's guard knows label= and all= here")
    major, minor = map(int, request.version.split("."))
    named_too = (major, minor) < (1, 42) or bool({"true", "1"} & set(wanted.get("all", [])))
    idle = {"dangling": ["true"], **{key: value for key, value in wanted.items() if key == "label"}}
    there = yield Call("GET", "/volumes", (("filters", packed(idle)),))
    if not there.ok:
        return told(there, seat)
    free = {each["Name"] for each in there.body.get("Volumes") or []}
    mine = [thing for thing in seat.things("volume") if thing.id in free and (named_too or thing.id == thing.name)]
    calls = [(thing.id, Call("DELETE", f"/volumes/{thing.id}")) for thing in mine]
    gone, _ = yield from remove_all(calls, lambda volume: seat.forget("volume", volume))
    return Answer(200, {"VolumesDeleted": [seat.names.plain(each) for each in gone], "SpaceReclaimed": 0})
