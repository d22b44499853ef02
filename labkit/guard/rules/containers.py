"""Containers: made with the lab's limits, seen and touched by their seat alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from labkit.guard import create, models, names, registries
from labkit.guard.document import read
from labkit.guard.messages import Answer, Call, Json, Plan, Reply, Request
from labkit.guard.mounts import check_room
from labkit.guard.refusal import Malformed, Refused
from labkit.guard.rules import networks, volumes
from labkit.guard.rules.common import chosen, filters, matches_name, packed, remove_all, told

if TYPE_CHECKING:
    from collections.abc import Generator

    from labkit.guard.seat import Seat

TO_THE_ENGINE = ("exited", "expose", "health", "label", "publish", "status")
LIST_FILTERS = frozenset((*TO_THE_ENGINE, "ancestor", "before", "id", "name", "network", "since", "volume"))
CREATED = 201


def create_container(request: Request, seat: Seat) -> Plan:
    """ContainerCreate: written anew, owned before it is there."""
    body = read(models.Container, request.body)
    name = names.check_object(request.get("name")) if request.get("name") else ""
    seat.check_platform(request.get("platform"))
    yield from _room(seat)
    yield from volumes.look_for_room(seat)
    config = yield from _image_config(body, seat)
    check_room(seat, len((config.get("Volumes") or {}).keys() - body.volumes.keys()))
    yield from networks.have_default(seat)
    word = seat.ledger.intend(seat.name, "container", name=name, parent=body.image)
    try:
        document, shown = create.container(body, seat, word=word, name=name, exposed=config.get("ExposedPorts") or ())
        document |= create.health_of(config.get("Healthcheck") or {}, document.get("Healthcheck") or {})
        registries.touch_data(seat, document)
    except Refused:
        seat.ledger.settle(word)
        raise
    query = (("name", seat.names.prefix + name),) if name else ()
    reply = yield Call("POST", "/containers/create", query, document)
    if reply.status != CREATED:
        seat.ledger.settle(word)
        return told(reply, seat)
    mounted = yield from adopt(reply.body["Id"], seat, shown, word)
    if registries.is_one(body, document["Image"], seat):
        seat.own("registry", reply.body["Id"], parent=registries.data_of(mounted))
    return Answer(CREATED, {"Id": reply.body["Id"], "Warnings": []})


def _image_config(body: models.Container, seat: Seat) -> Generator[Call, Reply, dict[str, Json]]:
    """Look at what an image brings into a container; the course's are known, but for their ports."""
    image = seat.image(body.image)
    if image in seat.course.values() and not body.host_config.publish_all_ports:
        return {}
    looked = yield Call("GET", f"/images/{image}/json")
    return (looked.body.get("Config") or {}) if looked.ok else {}


def adopt(container: str, seat: Seat, image: str, word: str = "") -> Generator[Call, Reply, list[Json]]:
    """Write down a container and the volumes that the engine made for it; give its mounts."""
    # Owned at once, under no name yet: what happens in between must not lose it.
    seat.own("container", container, parent=image)
    looked = yield Call("GET", f"/containers/{container}/json")
    if not looked.ok:
        seat.forget("container", container)
        seat.ledger.settle(word)
        return []
    for mount in looked.body.get("Mounts") or []:
        if mount.get("Type") == "volume" and mount.get("Name"):
            seat.own("volume", mount["Name"], mount["Name"].removeprefix(seat.names.prefix))
    name = looked.body["Name"].removeprefix("/").removeprefix(seat.names.prefix)
    seat.own("container", container, name, image, word)
    return looked.body.get("Mounts") or []


def _room(seat: Seat) -> Generator[Call, Reply, None]:
    """Refuse one container too many; what is gone from the engine is struck out first."""
    if len(seat.things("container")) < seat.bounds.containers:
        return
    there = yield Call("GET", "/containers/json", (("all", "1"),))
    if there.ok:
        alive = {each["Id"] for each in there.body}
        seat.forget("container", *(seat.ids("container") - alive))
    if len(seat.things("container")) >= seat.bounds.containers:
        raise Refused(
            f"You have {seat.bounds.containers} containers, as many as the lab allows.",
            instead="Remove those that have ended: docker container prune.",
        )


def list_containers(request: Request, seat: Seat) -> Plan:
    """ContainerList: this seat's."""
    wanted = filters(request, LIST_FILTERS)
    mine = {thing.id: thing for thing in seat.things("container")}
    limit = int(request.get("limit") or 0) if re.fullmatch(r"-?[0-9]{1,6}", request.get("limit") or "0") else 0
    passed = {key: wanted[key] for key in TO_THE_ENGINE if key in wanted}
    pivoted = {"before", "since"} & wanted.keys()  # these may be containers that do not run
    query = chosen(request, "size", all="1" if request.flag("all") or limit > 0 or pivoted else "0")
    reply = yield Call("GET", "/containers/json", (*query, ("filters", packed(passed))))
    if not reply.ok:
        return told(reply, seat)
    found = [each for each in reply.body if each["Id"] in mine]
    found = [each for each in _between(found, wanted, seat) if _wanted(each, wanted, seat)]
    if pivoted and not (request.flag("all") or "status" in wanted or limit > 0):
        found = [each for each in found if each["State"] == "running"]
    shown = [_shown(each, seat, mine[each["Id"]].parent) for each in found]
    return Answer(200, shown[:limit] if limit > 0 else shown)


def _between(found: list[Json], wanted: dict[str, list[str]], seat: Seat) -> list[Json]:
    """Keep those that were made before or since others; the list begins with the newest."""
    order = [each["Id"] for each in found]
    for key, newer in (("before", False), ("since", True)):
        for given in wanted.get(key, []):
            pivot = seat.find("container", given).id
            at = order.index(pivot) if pivot in order else len(order)
            found = [each for each in found if (order.index(each["Id"]) < at) == newer and each["Id"] != pivot]
    return found


def _wanted(container: Json, wanted: dict[str, list[str]], seat: Seat) -> bool:
    """Look at those filters that speak of names, which the engine would take for other seats' too."""
    own_names = [seat.names.plain(name.removeprefix("/")) for name in container["Names"]]
    found = any(matches_name(wanted.get("name", []), name) for name in own_names)
    found = found and _any(wanted, "id", container["Id"].startswith)
    found = found and _any(wanted, "ancestor", lambda given: container["ImageID"] == seat.image(given))
    on = container.get("NetworkSettings", {}).get("Networks") or {}
    there = {*map(seat.names.plain, on), *(each.get("NetworkID") for each in on.values())}
    found = found and _any(wanted, "network", lambda given: given in there)
    mounts = {seat.names.plain(m.get("Name") or "") for m in container.get("Mounts") or []}
    mounts |= {m.get("Destination") for m in container.get("Mounts") or []}
    return found and _any(wanted, "volume", lambda given: given in mounts)


def _any(wanted: dict[str, list[str]], key: str, holds: Json) -> bool:
    return key not in wanted or any(holds(given) for given in wanted[key])


def _shown(container: Json, seat: Seat, image: str) -> Json:
    shown = seat.names.view(container)
    shown["Image"] = _image_now(image, container["ImageID"], seat)
    return shown


def _image_now(named: str, image: str, seat: Seat) -> str:
    """Name a container's image as docker does: by the name it was run with, unless that means another one now."""
    try:
        return named if seat.image(named) == image else image
    except Refused:
        return image


def inspect(request: Request, seat: Seat) -> Plan:
    """ContainerInspect."""
    thing = seat.find("container", request.path[1])

    def view(body: Json) -> Json:
        shown = seat.names.view(body)
        shown["Config"]["Image"] = thing.parent or shown["Config"]["Image"]
        return shown

    reply = yield Call("GET", f"/containers/{thing.id}/json", chosen(request, "size"))
    return or_gone(reply, thing.id, seat, view)


def or_gone(reply: Reply, container: str, seat: Seat, view: Json = None) -> Answer:
    """Hand a reply on; a container that the engine does not know any more is struck out."""
    if reply.status == 404 and "No such container" in str(reply.body):  # noqa: PLR2004
        seat.forget("container", container)
    return told(reply, seat, view)


def remove(request: Request, seat: Seat) -> Plan:
    """ContainerDelete."""
    thing = seat.find("container", request.path[1])
    if request.flag("link"):
        raise Refused("The lab does not allow links.")
    gone = (yield from _volumes_of(thing.id, seat)) if request.flag("v") else []
    reply = yield Call("DELETE", f"/containers/{thing.id}", chosen(request, "v", "force"))
    if reply.ok:
        seat.forget("container", thing.id)
        seat.forget("volume", *gone)
    return or_gone(reply, thing.id, seat)


def _volumes_of(container: str, seat: Seat) -> Generator[Call, Reply, list[str]]:
    """List the volumes that go with a container: those that the engine named."""
    looked = yield Call("GET", f"/containers/{container}/json")
    mounts = looked.body.get("Mounts") or [] if looked.ok else []
    found = [mount["Name"] for mount in mounts if mount.get("Type") == "volume" and mount.get("Name")]
    return [name for name in found if not name.startswith(seat.names.prefix)]


def prune(request: Request, seat: Seat) -> Plan:
    """ContainerPrune: this seat's that do not run, one by one."""
    wanted = filters(request, frozenset({"label", "label!", "until"}))
    if wanted.keys() - {"label"}:
        raise Malformed("invalid filter: the lab's guard knows label= here")
    ended = {"status": ["created", "exited", "dead"], **wanted}
    there = yield Call("GET", "/containers/json", (("all", "1"), ("size", "1"), ("filters", packed(ended))))
    if not there.ok:
        return told(there, seat)
    mine = [each for each in there.body if each["Id"] in seat.ids("container")]
    calls = [(each["Id"], Call("DELETE", f"/containers/{each['Id']}")) for each in mine]
    gone, _ = yield from remove_all(calls, lambda container: seat.forget("container", container))
    space = sum(each.get("SizeRw") or 0 for each in mine if each["Id"] in gone)
    return Answer(200, {"ContainersDeleted": gone, "SpaceReclaimed": space})
