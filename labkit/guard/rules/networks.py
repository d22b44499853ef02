"""Networks: bridges of the seat's own, with addresses from its pool."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from labkit.guard import create, models, names
from labkit.guard.document import read
from labkit.guard.messages import Answer, Call, Json, Plan, Reply, Request
from labkit.guard.refusal import Malformed, Refused
from labkit.guard.rules import transfers
from labkit.guard.rules.common import chosen, filters, matches_name, packed, remove_all, told
from labkit.guard.seat import DEFAULT_NETWORK, POOL
from labkit.guard.walls import host_network

if TYPE_CHECKING:
    from collections.abc import Generator

    from labkit.guard.ledger import Thing
    from labkit.guard.seat import Seat

LIST_FILTERS = frozenset(("driver", "id", "label", "name", "scope", "type", "dangling"))
IPV4 = 4
WIDE = 16  # bits of a pool's prefix, at most
SUBNETS = 1024  # of 64 addresses each, in a pool of 65536
BUILT_IN = ("host", "none", DEFAULT_NETWORK)
CREATED = 201


def pool(info: Json) -> str:
    """Choose where networks' addresses come from: the pool that the engine was given, where it is wide enough.

    Who gave it knows what else is on that machine, and looks for the networks there when the engine is gone.

    Args:
        info: what the engine says of itself (source: Engine API 1.40, SystemInfo, DefaultAddressPools).

    Returns:
        The first two numbers of the addresses.
    """
    for each in (info or {}).get("DefaultAddressPools") or ():
        base = ipaddress.ip_network(each["Base"], strict=False)
        if base.version == IPV4 and base.prefixlen <= WIDE:
            return ".".join(str(base.network_address).split(".")[:2])
    return POOL


def make(seat: Seat, name: str, *, internal: bool, labels: dict[str, str]) -> Generator[Call, Reply, Reply]:
    """Make a network in the first free part of the pool.

    Another seat, or someone at the engine, may have a part already: the engine says so, and the next is tried.
    """
    reply = Reply(500, {"message": "the lab's pool of networks has no room left"})
    first = sum(map(ord, seat.name)) * 7 % SUBNETS  # seats begin at different places, so few have to try twice
    for step in range(SUBNETS):
        number = (first + step) % SUBNETS
        word = seat.ledger.intend(seat.name, "network", name=name)
        reply = yield Call("POST", "/networks/create", body=_document(seat, name, number, internal, labels, word))
        if reply.status == CREATED:
            seat.own("network", reply.body["Id"], name, word=word)
            return reply
        seat.ledger.settle(word)
        if "overlaps" not in str(reply.body):
            return reply
    return reply


def _document(  # noqa: PLR0913, PLR0917
    seat: Seat,
    name: str,
    number: int,
    internal: bool,  # noqa: FBT001
    labels: dict[str, str],
    word: str,
) -> Json:
    address = f"{seat.bounds.pool or seat.pool}.{number // 4}.{number % 4 * 64}/26"
    return {
        "Name": seat.names.prefix + name,
        "CheckDuplicate": True,
        "Driver": "bridge",
        "Internal": internal,
        "Labels": create.owned_labels(seat, labels, word),
        "IPAM": {"Driver": "default", "Config": [{"Subnet": address}]},
        "Options": {"com.docker.network.bridge.enable_ip_masquerade": str(seat.bounds.outbound).lower()},
    }


def have_default(seat: Seat) -> Generator[Call, Reply, None]:
    """Make sure that the seat's default network is there: no seat is on another's, nor on the engine's own."""
    for thing in seat.things("network"):
        if thing.name == DEFAULT_NETWORK:
            looked = yield Call("GET", f"/networks/{thing.id}")
            if looked.ok:
                return
            seat.forget("network", thing.id)
    yield from make(seat, DEFAULT_NETWORK, internal=False, labels={})


def create_network(request: Request, seat: Seat) -> Plan:
    """NetworkCreate."""
    body = read(models.Network, request.body)
    name = names.check_object(body.name)
    if name in BUILT_IN:
        raise Refused(f"operation is not permitted on predefined {name} network")
    if body.driver not in ("", "bridge"):
        raise Refused(
            f"The lab does not allow the network driver {body.driver[:40]}.",
            why="It would put containers on the machine's own network.",
            instead="Leave --driver out: the network is a bridge.",
        )
    if body.ipam.driver not in ("", "default"):
        raise Refused("The lab does not allow --ipam-driver.", instead="Leave it out: the lab gives the addresses.")
    if any(thing.name == name for thing in seat.things("network")):
        return Answer(409, {"message": f"network with name {name} already exists"})
    if len(seat.things("network")) > seat.bounds.networks:
        raise Refused(f"You have {seat.bounds.networks} networks, as many as the lab allows.", instead="Remove one.")
    reply = yield from make(seat, name, internal=body.internal, labels=body.labels)
    return told(reply, seat)


def list_networks(request: Request, seat: Seat) -> Plan:
    """NetworkList: this seat's, its default one and "none"."""
    wanted = filters(request, LIST_FILTERS)
    yield from have_default(seat)
    passed = {key: value for key, value in wanted.items() if key not in ("name", "id")}
    reply = yield Call("GET", "/networks", (("filters", packed(passed)),))
    if not reply.ok:
        return told(reply, seat)
    mine = seat.ids("network")
    found = [_shown(each, seat) for each in reply.body if each["Id"] in mine]
    if "label" not in wanted:
        found += [each for each in reply.body if each["Name"] == "none" and each["Driver"] == "null"]
    return Answer(200, [each for each in found if _wanted(each, wanted)])


def _wanted(network: Json, wanted: dict[str, list[str]]) -> bool:
    ids = wanted.get("id", [""])
    return matches_name(wanted.get("name", []), network["Name"]) and any(network["Id"].startswith(each) for each in ids)


def _shown(network: Json, seat: Seat) -> Json:
    """Show a network, with this seat's containers alone: someone at the engine may have put another on it."""
    shown = seat.names.view(network)
    mine = seat.ids("container")
    shown["Containers"] = {key: value for key, value in (shown.get("Containers") or {}).items() if key in mine}
    return shown


def find(seat: Seat, given: str) -> Thing:
    """Find a network of this seat's; the machine's own is refused with its reason."""
    if given == "host":
        raise host_network()
    return seat.find("network", given)


def inspect(request: Request, seat: Seat) -> Plan:
    """NetworkInspect."""
    if request.path[1] == DEFAULT_NETWORK:
        yield from have_default(seat)
    thing = find(seat, request.path[1])
    reply = yield Call("GET", f"/networks/{thing.id}")
    return told(reply, seat, lambda body: _shown(body, seat))


def connect(request: Request, seat: Seat) -> Plan:
    """NetworkConnect, NetworkDisconnect: both the network and the container are this seat's."""
    thing = find(seat, request.path[1])
    body = read(models.Connect, request.body)
    container = seat.find("container", body.container)
    document: dict[str, Json] = {"Container": container.id}
    if request.path[2] == "connect":
        yield from transfers.check_free(
            container.id, seat
        )  # with its first network it takes the ports that it publishes
        if body.endpoint_config.network_id:
            raise Malformed("A connection names its network in the address only.")
        known = [container.name] if container.name and thing.name != DEFAULT_NETWORK else []
        document["EndpointConfig"] = {"Aliases": [*body.endpoint_config.aliases, *known]}
    else:
        document["Force"] = body.force
    reply = yield Call("POST", f"/networks/{thing.id}/{request.path[2]}", body=document)
    return told(reply, seat)


def remove(request: Request, seat: Seat) -> Plan:
    """NetworkDelete."""
    if request.path[1] in BUILT_IN:
        raise Refused(f"{request.path[1]} is a pre-defined network and cannot be removed")
    thing = find(seat, request.path[1])
    reply = yield Call("DELETE", f"/networks/{thing.id}")
    if reply.ok or reply.status == 404:  # noqa: PLR2004
        seat.forget("network", thing.id)
    return told(reply, seat)


def prune(request: Request, seat: Seat) -> Plan:
    """NetworkPrune: this seat's that no container is on, one by one."""
    wanted = filters(request, frozenset({"label", "until"}))
    if "until" in wanted:
        raise Malformed("invalid filter: the lab's guard knows label= here")
    there = yield Call("GET", "/networks", (*chosen(request), ("filters", packed({**wanted, "dangling": ["true"]}))))
    if not there.ok:
        return told(there, seat)
    idle = {each["Id"] for each in there.body}
    mine = [thing for thing in seat.things("network") if thing.id in idle and thing.name != DEFAULT_NETWORK]
    calls = [(thing.id, Call("DELETE", f"/networks/{thing.id}")) for thing in mine]
    gone, _ = yield from remove_all(calls, lambda network: seat.forget("network", network))
    return Answer(200, {"NetworksDeleted": [thing.name for thing in mine if thing.id in gone]})
