"""What an engine says of itself and of what goes on: this seat's part of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from labkit.guard.messages import NOTHING, Answer, Call, Json, Plan, Relay, Request, Shape
from labkit.guard.names import parse
from labkit.guard.refusal import Missing, Refused
from labkit.guard.rules.common import chosen, filters, packed, told
from labkit.guard.rules.images import shown

if TYPE_CHECKING:
    from labkit.guard.seat import Seat

# What a client may know of the machine under the containers.
INFO = [
    "Architecture",
    "CgroupDriver",
    "CgroupVersion",
    "DefaultRuntime",
    "Driver",
    "ExperimentalBuild",
    "KernelVersion",
    "LoggingDriver",
    "MemTotal",
    "NCPU",
    "OSType",
    "OSVersion",
    "OperatingSystem",
    "ServerVersion",
    "SystemTime",
    "MemoryLimit",
    "SwapLimit",
    "CpuCfsPeriod",
    "CpuCfsQuota",
    "PidsLimit",
]
EVENT_FILTERS = frozenset(("container", "event", "image", "label", "network", "type", "volume"))
HEADERS = ("api-version", "ostype", "docker-experimental", "builder-version", "server", "cache-control", "pragma")
EVENT_KINDS = ("container", "network", "volume", "image")


def ping(request: Request, seat: Seat) -> Plan:
    """SystemPing: the newest API that the guard knows, at most."""
    reply = yield Call(request.method, "/_ping")
    kept = tuple((key, value) for key, value in reply.headers if key in HEADERS and key != "api-version")
    return Answer(
        reply.status, "OK" if reply.ok else "", (*kept, ("api-version", seat.api), ("content-type", "text/plain"))
    )


def version(request: Request, seat: Seat) -> Plan:  # noqa: ARG001
    """SystemVersion."""
    reply = yield Call("GET", "/version")

    def view(body: Json) -> Json:
        for part in (body, *(each.get("Details", {}) for each in body.get("Components") or [])):
            if "ApiVersion" in part:
                part["ApiVersion"] = seat.api
        return body

    return told(reply, seat, view)


def info(request: Request, seat: Seat) -> Plan:  # noqa: ARG001
    """SystemInfo: counts of this seat's things, nothing of the machine's settings."""
    reply = yield Call("GET", "/info")
    there = yield Call("GET", "/containers/json", (("all", "1"),))
    if not (reply.ok and there.ok):
        return told(there if reply.ok else reply, seat)
    states = [each["State"] for each in there.body if each["Id"] in seat.ids("container")]
    found = {key: reply.body[key] for key in INFO if key in reply.body}
    found |= {
        "ID": f"labkit-{seat.name}",
        "Name": f"labkit-{seat.name}",
        "Containers": len(states),
        "ContainersRunning": states.count("running"),
        "ContainersPaused": states.count("paused"),
        "ContainersStopped": len(states) - states.count("running") - states.count("paused"),
        "Images": len(seat.visible_images()),
        "Runtimes": {"runc": {"path": "runc"}},
        "DriverStatus": [],
        "Plugins": {"Volume": ["local"], "Network": ["bridge", "null"], "Authorization": None, "Log": ["json-file"]},
        "Swarm": {"NodeID": "", "NodeAddr": "", "LocalNodeState": "inactive", "ControlAvailable": False, "Error": ""},
        "SecurityOptions": [],
        "RegistryConfig": {},
        "IndexServerAddress": "",
        "Warnings": None,
        "Labels": [],
        "LiveRestoreEnabled": False,
        "DockerRootDir": "/var/lib/docker",
    }
    return Answer(200, found)


def disk(request: Request, seat: Seat) -> Plan:
    """SystemDataUsage: each list is this seat's part; the engine knows no filter for it."""
    if request.get("type") not in ("", "container", "image", "volume", "build-cache"):
        raise Refused(f"unknown object type: {request.get('type')[:40]}", status=400)
    reply = yield Call("GET", "/system/df", chosen(request, "type", "verbose"))
    mine = {"Images": seat.visible_images(), "Containers": seat.ids("container"), "Volumes": seat.ids("volume")}

    def view(body: Json) -> Json:
        found: dict[str, Json] = {"BuildCache": [], "BuilderSize": 0}
        for kind, key in (("Images", "Id"), ("Containers", "Id"), ("Volumes", "Name")):
            there = [each for each in body.get(kind) or [] if each[key] in mine[kind]]
            found[kind] = [shown(each, seat) if kind == "Images" else seat.names.view(each) for each in there]
        # The engine's own count has everybody's containers in it.
        uses = [each["ImageID"] for each in found["Containers"]]
        for image in found["Images"]:
            image["Containers"] = uses.count(image["Id"]) if body.get("Containers") else -1
        found["LayersSize"] = sum(each["Size"] - max(each.get("SharedSize", 0), 0) for each in found["Images"])
        return found

    return told(reply, seat, view)


def events(request: Request, seat: Seat) -> Plan:
    """SystemEvents: what happens to this seat's things; filters by name are for the guard, in the seat's names."""
    wanted = filters(request, EVENT_FILTERS)
    for key in ("since", "until"):
        if not re.fullmatch(r"[0-9TZ:.+-]{0,40}", request.get(key)):
            raise Refused(f"invalid value for {key}", status=400)
    passed = {key: value for key, value in wanted.items() if key in ("event", "label")}
    kinds = [kind for kind in wanted.get("type", EVENT_KINDS) if kind in EVENT_KINDS]
    named: dict[str, set[str]] = {
        key: set(wanted[key]) for key in ("container", "image", "network", "volume") if key in wanted
    }

    def view(line: Json) -> Json:
        return _event(line, seat, named)

    query = (*chosen(request, "since", "until"), ("filters", packed({**passed, "type": kinds or ["none"]})))
    return Relay(Call("GET", "/events", query), Shape.LINES, view)
    yield


def _event(event: Json, seat: Seat, named: dict[str, set[str]]) -> Json:
    kind, actor = event.get("Type"), event.get("Actor") or {}
    key = actor.get("ID", "")
    if kind == "image":
        # Of an image that others have too, only what happens to it as a whole, or to this seat's names.
        name = (actor.get("Attributes") or {}).get("name", "")
        if (name if name not in ("", key) else key) not in _image_words(seat):
            return NOTHING
    elif kind not in EVENT_KINDS or not seat.ledger.thing(seat.name, kind, key):
        return NOTHING
    shown = seat.names.view(event)
    attributes = shown["Actor"].get("Attributes") or {}
    if kind == "network" and attributes.get("container") and attributes["container"] not in seat.ids("container"):
        return NOTHING
    if kind == "container" and (thing := seat.ledger.thing(seat.name, kind, key)):
        attributes["image"] = shown["from"] = thing.parent or attributes.get("image", "")
    words = {key, shown["Actor"]["ID"], attributes.get("name", ""), attributes.get("image", "")}
    if any(
        not (kind == which and any(_is(word, each) for each in words for word in values))
        for which, values in named.items()
    ):
        return NOTHING
    return shown


def _is(word: str, given: str) -> bool:
    return word == given or (len(word) >= 12 and given.startswith(word))  # noqa: PLR2004  an id in short form


def _image_words(seat: Seat) -> set[str]:
    """Give the words by which an event may speak of this seat's images, those that have just gone included."""
    return seat.ids("image") | {seat.names.image(parse(ref)) for ref in seat.tags()}


def no_swarm(request: Request, seat: Seat) -> Plan:  # noqa: ARG001
    """Say what an engine says that is no part of a swarm."""
    yield from ()
    message = "This node is not a swarm manager. The course needs no swarm."
    return Answer(503, {"message": message})


def no_such(request: Request, seat: Seat) -> Plan:
    """Say that nothing of a kind has a name with a slash in it: `docker inspect` asks for each kind in turn."""
    yield from ()
    kind, name = request.path[0], "/".join(request.path[1:]).removesuffix("/json")
    raise Missing(seat.absent(kind.removesuffix("s"), name))


def no_plugins(request: Request, seat: Seat) -> Plan:  # noqa: ARG001
    """PluginList: none."""
    yield from ()
    return Answer(200, [])


def no_login(request: Request, seat: Seat) -> Plan:  # noqa: ARG001
    """DistributionInspect, ImageSearch: they lead outside."""
    yield from ()
    raise Refused(
        "The lab does not go to a registry for you.",
        why="The engine would speak to it from the machine's own network.",
        instead="The course's images are here already; `docker images` lists them.",
    )
