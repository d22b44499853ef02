"""Log in, push, pull: to a registry that is a container of the seat's own, and to no other."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from labkit.guard import models, names, registries, strictjson
from labkit.guard.document import read
from labkit.guard.messages import Call, Json, Plan, Relay, Reply, Request, Shape
from labkit.guard.refusal import Malformed, Missing
from labkit.guard.rules import transfers
from labkit.guard.rules.common import told

if TYPE_CHECKING:
    from collections.abc import Generator

    from labkit.guard.messages import Answer
    from labkit.guard.names import Pin, Ref
    from labkit.guard.seat import Seat

HEADER = "x-registry-auth"
LONGEST_HEADER = 8192


def login(request: Request, seat: Seat) -> Plan:
    """SystemAuth: a name and a password, for a registry of the seat's."""
    body = read(models.Credentials, request.body)
    host = body.serveraddress
    if not registries.port_of(host, seat):
        registries.check_known(0, host or "docker.io")
    it = yield from _found(seat, names.Ref(host, "login", "latest"), keeps=False)
    try:
        reply = yield Call("POST", "/auth", body=_document(body, it.address))
    finally:
        _nothing(it)
    return told(replace(reply, body=it.plain(reply.body)), seat)


def push(request: Request, seat: Seat) -> Plan:
    """ImagePush: one name of the seat's."""
    name = "/".join(request.path[1:-1])
    if not request.get("tag"):
        raise registries.not_one_name(name)
    ref = names.parse(f"{name}:{request.get('tag')}")
    seat.check_platform(request.get("platform"))
    login_ = _credentials(request, ref.host)
    image = seat.tags().get(str(ref)) or seat.course.get(str(ref))
    if not image:
        raise Missing(f"An image does not exist locally with the tag: {ref.name}")
    it = yield from _found(seat, ref, keeps=False)
    try:
        reply = yield Call("POST", f"/images/{image}/tag", (("repo", it.repository), ("tag", it.label)))
    except BaseException:
        it.end()  # its intent stays: the name may be there
        raise
    if not reply.ok:
        _nothing(it)
        return told(reply, seat)
    return _relay(it, Call("POST", f"/images/{it.repository}/push", (("tag", it.label),)), login_)


def pull(request: Request, seat: Seat, ref: Ref | Pin) -> Plan:
    """ImageCreate from a registry of the seat's: what comes is the seat's, under the name by which it asked."""
    seat.check_platform(request.get("platform"))
    login_ = _credentials(request, ref.host)
    it = yield from _found(seat, ref, keeps=True)
    query = (("fromImage", it.repository), ("tag", it.label))
    return _relay(it, Call("POST", "/images/create", query), login_)


def wanted(request: Request, seat: Seat) -> Ref | Pin | None:
    """Give what is to be pulled, where its name has a registry of this machine's in it.

    Raises:
        Malformed: it is no name, or means all tags.
    """
    given, tag = request.get("fromImage"), request.get("tag")
    whole = given + ((f"@{tag}" if tag.startswith("sha256:") else f":{tag}") if tag else "")
    ref = names.parse_any(whole)
    if not registries.port_of(ref.host, seat):
        return None
    if not tag and ":" not in given.rsplit("/", 1)[-1]:
        raise registries.not_one_name(given)
    return ref


def _relay(it: transfers.Transfer, call: Call, header: Json) -> Relay:
    written = json.dumps(_document(header, it.address) if header else {}).encode()
    headers = (("X-Registry-Auth", base64.urlsafe_b64encode(written).decode()),)

    def then() -> Generator[Call, Reply, list[Json]]:
        yield from transfers.finish(it)
        return []

    def failed(reply: Reply) -> Generator[Call, Reply, Answer]:
        yield from transfers.finish(it)
        return told(replace(reply, body=it.plain(reply.body)), it.seat)

    return Relay(
        replace(call, headers=headers),
        Shape.LINES,
        it.plain,
        then=then,
        failed=failed,
        ended=lambda _whole: it.end(),
    )


def _found(seat: Seat, ref: Ref | Pin, *, keeps: bool) -> Generator[Call, Reply, transfers.Transfer]:
    """Claim the registry's port, and look whether a registry of the seat's is there."""
    it = transfers.begin(seat, ref, keeps=keeps)
    try:
        yield from transfers.find(it)
    except BaseException:
        _nothing(it)
        raise
    return it


def _nothing(it: transfers.Transfer) -> None:
    """End a transfer that the engine was not asked for."""
    it.end()
    it.seat.ledger.settle(it.word)


def _credentials(request: Request, host: str) -> models.Credentials | None:
    """Read the header with a name and a password; it must be meant for this registry.

    Raises:
        Malformed: it is none, or for another one.
    """
    given = [value for key, value in request.headers if key == HEADER]
    if not given:
        return None
    if len(given) > 1 or len(given[0]) > LONGEST_HEADER:
        raise Malformed("The header X-Registry-Auth is not one login.")
    bare = given[0].rstrip("=")
    if not re.fullmatch(r"[A-Za-z0-9_-]*", bare) or len(bare) % 4 == 1:
        raise Malformed("The header X-Registry-Auth is not base64.")
    text = base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
    found = read(models.Credentials, strictjson.read(text))
    if found.serveraddress not in ("", host):
        raise Malformed(f"The login is for {found.serveraddress[:80]!r}, not for {host[:80]}.")
    return found if found.username else None


def _document(login_: models.Credentials, address: str) -> Json:
    return {"username": login_.username, "password": login_.password, "serveraddress": address}
