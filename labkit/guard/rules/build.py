"""Builds: a Dockerfile begins from what the seat may see, and what comes out is the seat's."""

from __future__ import annotations

import base64
import json
import re
from functools import partial
from typing import TYPE_CHECKING

from labkit.guard import names, strictjson
from labkit.guard.buildkit import control
from labkit.guard.buildkit import session as session_files
from labkit.guard.buildkit.opening import OPEN, check_session, opening
from labkit.guard.context import Context
from labkit.guard.dockerfile import Dockerfile, cleaned
from labkit.guard.messages import Answer, Call, Plan, Relay, Request, Shape
from labkit.guard.refusal import Malformed, Refused
from labkit.guard.rules.common import chosen, say
from labkit.guard.rules.incoming import built, look_at_triggers, made_view, owned

if TYPE_CHECKING:
    from collections.abc import Callable

    from labkit.guard.messages import Json
    from labkit.guard.seat import Seat

BUILD_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
UPLOAD, SESSION_REMOTE = "upload-request", "client-session"
TRACE = "moby.buildkit.trace"


def build(request: Request, seat: Seat) -> Plan:
    """ImageBuild: classic, or BuildKit; the context is the request's body, or was uploaded by a request before."""
    kit = request.get("version") == "2"
    remote, uploads = request.get("remote"), request.get("buildid").startswith(f"{UPLOAD}:")
    if remote not in ("", UPLOAD, SESSION_REMOTE) or (remote and not kit):
        raise Refused(
            "The lab does not build from an address.",
            why="The engine would fetch it, with the machine's own network.",
            instead="Get the files first, then build from their folder.",
        )
    yield from look_at_triggers(seat)
    rewriter = Dockerfile(seat, _map(request, "buildargs"), kit=kit)
    upload = None if remote else Context(seat, _path(request), rewriter)
    query = _query(request, seat, kit=kit)
    if kit and uploads:
        return Relay(Call("POST", "/build", query), Shape.BYTES, upload=upload)
    refs = [names.parse_new(value) for key, value in request.query if key == "t" and value]
    query += tuple(("t", seat.names.image(ref)) for ref in refs)
    made: list[str] = []
    view = _traced(made_view(seat, made, quiet=request.flag("q"), ids=rewriter.ids), seat)
    return Relay(Call("POST", "/build", query), Shape.LINES, view, upload, then=lambda: owned(seat, made, refs))


def _traced(view: Callable[[Json], Json], seat: Seat) -> Callable[[Json], Json]:
    """Add to a view how BuildKit tells of its steps: a message of its own in the middle of JSON."""

    def traced(line: Json) -> Json:
        if isinstance(line, dict) and line.get("id") == TRACE and isinstance(line.get("aux"), str):
            told = control.progress(base64.b64decode(line["aux"]), seat)
            return line | {"aux": base64.b64encode(told).decode()}
        return view(line)

    return traced


def _map(request: Request, name: str) -> dict[str, str]:
    text = request.get(name)
    found = (strictjson.read(text.encode()) if text else None) or {}
    if not isinstance(found, dict) or not all(value is None or isinstance(value, str) for value in found.values()):
        raise Malformed(f"invalid value for {name}")
    return {str(key): value for key, value in found.items() if value is not None}


def _query(request: Request, seat: Seat, *, kit: bool) -> tuple[tuple[str, str], ...]:
    each = seat.bounds.each
    if request.get("networkmode") not in ("", "default", "none", "bridge"):
        raise Refused(
            f"The lab does not allow --network {request.get('networkmode')[:40]} with build.",
            why="A build step would be on a network that is not its own.",
            instead="Leave it out, or use --network none.",
        )
    for name, flag in (("extrahosts", "--add-host"), ("cgroupparent", "--cgroup-parent"), ("squash", "--squash")):
        if request.get(name) not in ("", "0", "false", "[]", "{}", "null"):
            raise Refused(f"The lab does not allow {flag} with build.", instead="Leave it out.")
    for name, flag in (("securityopt", "--security-opt"), ("ulimits", "--ulimit"), ("outputs", "--output")):
        if request.get(name) not in ("", "[]", "{}", "null"):
            raise Refused(f"The lab does not allow {flag} with build.", instead="Leave it out.")
    seat.check_platform(request.get("platform"))
    on = {name: "1" for name in ("q", "nocache") if request.flag(name)}
    wished = chosen(request, "target", **on)  # not pull: the course's images are on no registry
    arguments = _map(request, "buildargs")
    if any(name.startswith("BUILDKIT_") for name in arguments):
        raise Refused(
            "The lab does not allow BUILDKIT_ arguments.", why="They can run a program of somebody else's choice."
        )
    labels = {k: v for k, v in _map(request, "labels").items() if not k.casefold().startswith(names.RESERVED)}
    labels |= {names.MAKER: seat.name} if seat.bounds.unique else {}
    fixed = {
        "labels": json.dumps(labels),
        "buildargs": json.dumps(arguments | ({"BUILDKIT_CACHE_MOUNT_NS": seat.name} if kit else {})),
        "networkmode": "none" if request.get("networkmode") == "none" or not seat.bounds.outbound else "default",
        "forcerm": "1",  # a container of a failed step is nobody's, so nobody could remove it
        "rm": "1",
        "memory": str(each.build_memory),
        "memswap": str(each.build_memory),
        "cpuperiod": "100000",
        "cpuquota": str(int(seat.bounds.cpus * 100_000)),
    }
    if sources := [source for source in _list(request, "cachefrom") if source]:
        fixed["cachefrom"] = json.dumps([seat.image(source) for source in sources])
    return (*wished, ("dockerfile", _path(request)), *fixed.items(), *(_kit(request, seat) if kit else ()))


def _path(request: Request) -> str:
    return cleaned(request.get("dockerfile") or "Dockerfile")


def _list(request: Request, name: str) -> list[str]:
    text = request.get(name)
    found = strictjson.read(text.encode()) if text else []
    if not isinstance(found or [], list) or not all(isinstance(value, str) for value in found or []):
        raise Malformed(f"invalid value for {name}")
    return found or []


def _kit(request: Request, seat: Seat) -> tuple[tuple[str, str], ...]:
    """Give what only BuildKit has: its session must be this seat's, and so must the build's name."""
    session, build_id = request.get("session"), request.get("buildid")
    uploaded = request.get("remote") == UPLOAD or build_id.startswith(UPLOAD)
    if uploaded and _path(request) != "Dockerfile":  # of two requests, each could name another
        raise Refused("With a context that was uploaded, the Dockerfile's name is Dockerfile.")
    found = [("version", "2")]
    if request.get("remote"):
        found.append(("remote", request.get("remote")))
    if session:
        check_session(session, seat)
        # It may come after its build. A Dockerfile that it gives is read with this build's arguments.
        known = seat.ledger.thing(seat.name, "session", session)
        seat.own("session", session, known.name if known else "", json.dumps(_map(request, "buildargs")))
        found.append(("session", session))
    if build_id:
        kind, _, own = build_id.rpartition(f"{UPLOAD}:")
        if kind or not BUILD_ID.fullmatch(own):
            raise Malformed("invalid value for buildid")
        upload = f"{UPLOAD}:" if build_id.startswith(UPLOAD) else ""
        found.append(("buildid", f"{upload}{seat.name}-{own}"))
    return tuple(found)


def cancel(request: Request, seat: Seat) -> Plan:
    """BuildCancel: of this seat's own builds."""
    if not BUILD_ID.fullmatch(request.get("id")):
        raise Malformed("invalid value for id")
    reply = yield Call("POST", "/build/cancel", (("id", f"{seat.name}-{request.get('id')}"),))
    return Answer(reply.status)


def prune(request: Request, seat: Seat) -> Plan:  # noqa: ARG001
    """BuildPrune: the cache is for all, so nothing goes."""
    return say({"CachesDeleted": None, "SpaceReclaimed": 0})


def session(request: Request, seat: Seat) -> Plan:
    """Session: the engine speaks to the client through it, about the client's own files."""
    uuid, headers = opening(request.headers, seat)
    known = seat.ledger.thing(seat.name, "session", uuid)
    seat.own("session", uuid, OPEN, known.parent if known else "")  # its build may have come before
    call = Call("POST", "/session", headers=tuple(headers))

    def rewrite(content: bytes) -> bytes:
        of_build = seat.ledger.thing(seat.name, "session", uuid)
        arguments = json.loads(of_build.parent or "{}") if of_build else {}
        return Dockerfile(seat, arguments, kit=True).rewrite(content)

    return Relay(
        call,
        Shape.HIJACK,
        ended=lambda _: seat.forget("session", uuid),
        protocol="h2c",
        mediate=partial(session_files.mediate, seat=seat, rewrite=rewrite),
    )
    yield


def grpc(request: Request, seat: Seat) -> Plan:  # noqa: ARG001
    """BuildKit's own door; each call is judged."""
    yield from look_at_triggers(seat)
    plan = partial(built, seat)
    return Relay(
        Call("POST", "/grpc"),
        Shape.HIJACK,
        protocol="h2c",
        mediate=partial(control.mediate, seat=seat, owned=plan),
    )
