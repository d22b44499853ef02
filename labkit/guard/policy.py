"""The rule for each request: a table of what the guard knows; all else is refused.

`decide` is total: whatever the request, it gives a plan, and the plan ends in an answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from labkit.guard.messages import Answer, Body, Query, Request
from labkit.guard.refusal import Malformed, Refused
from labkit.guard.rules import build, containers, images, incoming, lifecycle, networks, registry, system, volumes
from labkit.guard.turns import Turn
from labkit.guard.walls import not_here

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from labkit.guard.messages import Call, Decision, Plan, Reply
    from labkit.guard.seat import Seat

OLDEST, NEWEST = (1, 25), (1, 51)
LONGEST_TARGET = 16384
SEGMENT = re.compile(r"[A-Za-z0-9_.:@+-]{1,255}")
VERSION = re.compile(r"v([0-9]{1,2})\.([0-9]{1,3})")
MOST_VALUES = 64
REPEATED = {"t", "names", "changes"}  # of all others the engine would take the first


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the table.

    Attributes:
        methods: in capitals, split by "|".
        path: segments; "*" is one, "**" one or more, "a|b" either.
        query: the names of values that it knows.
        rule: what makes the plan.
        body: how the body is read.
        turn: what it may do to the cache that others build with.
    """

    methods: str
    path: str
    rule: Callable[[Request, Seat], Plan]
    query: str = ""
    body: Body = Body.NONE
    turn: Turn = Turn.ANY

    def fits(self, method: str, path: tuple[str, ...]) -> bool:
        """Tell whether this row is for a request."""
        return method in self.methods.split("|") and _fits(tuple(self.path.strip("/").split("/")), path)


def _fits(pattern: tuple[str, ...], path: tuple[str, ...]) -> bool:
    if "**" in pattern:
        at = pattern.index("**")
        after = len(pattern) - at - 1
        if len(path) < at + 1 + after:
            return False
        head, tail = path[:at], path[len(path) - after :]
        return _fits(pattern[:at], head) and _fits(pattern[at + 1 :], tail)
    same = len(pattern) == len(path)
    return same and all(each == "*" or segment in each.split("|") for each, segment in zip(pattern, path, strict=True))


_JSON, _STREAM = Body.JSON, Body.STREAM
_LOGS = "follow stdout stderr since until timestamps tail details stream one-shot"
_BUILD = (
    "dockerfile t q nocache rm forcerm pull buildargs target platform session buildid version remote labels memory"
    " memswap cpusetcpus cpusetmems cpushares cpuperiod cpuquota shmsize networkmode extrahosts cgroupparent cachefrom"
    " outputs squash securityopt ulimits"
)
ROUTES = (
    Route("GET|HEAD", "/_ping", system.ping),
    Route("GET", "/version", system.version),
    Route("GET", "/info", system.info),
    Route("GET", "/system/df", system.disk, "type verbose"),
    Route("GET", "/events", system.events, "since until filters"),
    Route("POST", "/auth", registry.login, "", Body.JSON),
    Route("GET", "/distribution/**/json", system.no_login),
    Route("GET", "/images/search", system.no_login, "term limit filters"),
    Route("POST", "/images/**/push", registry.push, "tag platform"),
    Route("GET", "/swarm|nodes|services|tasks|secrets|configs", system.no_swarm, "filters status"),
    Route("GET", "/plugins", system.no_plugins, "filters"),
    # containers
    Route("GET", "/containers/json", containers.list_containers, "all limit size filters"),
    Route("POST", "/containers/create", containers.create_container, "name platform", _JSON),
    Route("POST", "/containers/prune", containers.prune, "filters"),
    Route("DELETE", "/containers/*", containers.remove, "v force link"),
    Route("GET", "/containers/*/json", containers.inspect, "size"),
    Route("GET", "/containers/*/**/json", system.no_such, "size"),  # `docker inspect` of an image's name with a slash
    Route("GET", "/networks|volumes/*/**", system.no_such, "verbose scope"),
    Route("GET", "/containers/*/top|changes", lifecycle.look, "ps_args"),
    Route("GET", "/containers/*/logs|stats|export", lifecycle.stream, _LOGS),
    Route("POST", "/containers/*/start", lifecycle.act, "detachKeys checkpoint checkpoint-dir"),
    Route("POST", "/containers/*/stop|restart|kill|pause|unpause", lifecycle.act, "t signal"),
    Route("POST", "/containers/*/resize", lifecycle.act, "h w"),
    Route("POST", "/containers/*/wait", lifecycle.wait, "condition"),
    Route("POST", "/containers/*/attach", lifecycle.attach, "detachKeys logs stream stdin stdout stderr"),
    Route("POST", "/containers/*/rename", lifecycle.rename, "name"),
    Route("POST", "/containers/*/update", lifecycle.update, "", _JSON),
    Route("GET|HEAD", "/containers/*/archive", lifecycle.archive, "path"),
    Route("PUT", "/containers/*/archive", lifecycle.archive, "path noOverwriteDirNonDir copyUIDGID", _STREAM),
    Route("POST", "/containers/*/exec", lifecycle.create_exec, "", _JSON),
    Route("POST", "/exec/*/start", lifecycle.exec_, "", _JSON),
    Route("POST", "/exec/*/resize", lifecycle.exec_, "h w"),
    Route("GET", "/exec/*/json", lifecycle.exec_),
    # images
    Route("GET", "/images/json", images.list_images, "all filters digests shared-size manifests"),
    Route("GET", "/images/get", images.save, "names platform"),
    Route("GET", "/images/**/get", images.save, "platform"),
    Route("GET", "/images/**/json", images.inspect, "manifests platform"),
    Route("GET", "/images/**/history", images.history, "platform"),
    Route(
        "POST", "/images/create", incoming.create_image, "fromImage fromSrc repo tag message platform changes", _STREAM
    ),
    Route("POST", "/images/load", incoming.load, "quiet platform", _STREAM),
    Route("POST", "/images/prune", images.prune, "filters", turn=Turn.REMOVE),
    Route("POST", "/images/**/tag", images.tag_image, "repo tag force"),
    Route("DELETE", "/images/**", images.remove_image, "force noprune platforms", turn=Turn.REMOVE),
    Route("POST", "/commit", incoming.commit, "container repo tag comment author pause changes", _JSON),
    # networks and volumes
    Route("GET", "/networks", networks.list_networks, "filters"),
    Route("POST", "/networks/create", networks.create_network, "", _JSON),
    Route("POST", "/networks/prune", networks.prune, "filters"),
    Route("GET", "/networks/*", networks.inspect, "verbose scope"),
    Route("DELETE", "/networks/*", networks.remove),
    Route("POST", "/networks/*/connect|disconnect", networks.connect, "", _JSON),
    Route("GET", "/volumes", volumes.list_volumes, "filters"),
    Route("POST", "/volumes/create", volumes.create_volume, "", _JSON),
    Route("POST", "/volumes/prune", volumes.prune, "filters"),
    Route("GET", "/volumes/*", volumes.inspect),
    Route("DELETE", "/volumes/*", volumes.remove, "force"),
    # builds
    Route("POST", "/build", build.build, _BUILD, _STREAM, Turn.BUILD),
    Route("POST", "/build/cancel", build.cancel, "id"),
    Route("POST", "/build/prune", build.prune, "all filters keep-storage reserved-space max-used-space min-free-space"),
    Route("POST", "/session", build.session),
    Route("POST", "/grpc", build.grpc),
)


def parse_target(target: str, api: str) -> tuple[str, tuple[str, ...], Query]:
    """Read a request's target.

    Args:
        target: as the client sent it.
        api: the newest version that guard and engine know, for clients that name none.

    Returns:
        The API version, the path's segments, and the query's pairs.

    Raises:
        Malformed: it could be read in two ways, or is of another kind than the API's.
    """
    if not target.startswith("/") or len(target) > LONGEST_TARGET or "#" in target or not target.isascii():
        raise Malformed("This is no address of the Engine API.")
    where, _, query = target.partition("?")
    path = tuple(_decode(part, plus=False) for part in where[1:].split("/"))
    if not all(SEGMENT.fullmatch(part) and part not in (".", "..") for part in path):
        raise Malformed("This is no address of the Engine API.")
    version = api
    if found := VERSION.fullmatch(path[0]):
        asked, known = (int(found[1]), int(found[2])), tuple(map(int, api.split(".")))
        if asked < OLDEST:
            raise Malformed(f"client version {asked[0]}.{asked[1]} is too old. Minimum supported API version is 1.25")
        if asked > known:
            raise Malformed(f"client version {asked[0]}.{asked[1]} is too new. Maximum supported API version is {api}")
        version, path = f"{asked[0]}.{asked[1]}", path[1:]
    pairs = tuple(_pair(part) for part in query.split("&") if part)
    if len(pairs) > MOST_VALUES:
        raise Malformed("The address has too many values.")
    return version, path, pairs


def _decode(text: str, *, plus: bool) -> str:
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        raise Malformed("The address is not encoded as it should be.")
    try:
        return unquote_to_bytes(text.replace("+", " ") if plus else text).decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed("The address is not encoded as it should be.") from error


def _pair(part: str) -> tuple[str, str]:
    if ";" in part:
        raise Malformed("The address has a semicolon, which readers take differently.")
    key, _, value = part.partition("=")
    found = _decode(key, plus=True), _decode(value, plus=True)
    if "\0" in found[1]:
        raise Malformed("The address has a null character.")
    return found


def route(method: str, path: tuple[str, ...], query: Query) -> Route:
    """Find the row for a request.

    Raises:
        Refused: there is none, or it does not know one of the values.
    """
    row = next((each for each in ROUTES if each.fits(method, path)), None)
    if row is None:
        raise not_here()
    known = row.query.split()
    seen = set()
    for key, value in query:
        if key not in known and value not in ("", "0", "false", "null", "{}", "[]"):
            raise Malformed(f"The lab's guard does not know the value {key[:40]!r} here, so it does not pass it on.")
        if key in seen and key not in REPEATED:
            raise Malformed(f"The value {key[:40]!r} is given twice.")
        seen.add(key)
    return row


def decide(row: Route, request: Request, seat: Seat) -> Generator[Call, Reply, Decision | Refused]:
    """Give the plan for a request; a refusal is a decision too.

    Args:
        row: the request's, from `route`.
        request: parsed.
        seat: who asks.
    """
    try:
        return (yield from row.rule(request, seat))
    except Refused as error:
        return error.with_traceback(None)


def refusal(error: Refused) -> Answer:
    """Give the answer that says a refusal."""
    error.with_traceback(None)  # a wall is one object for all: its trace would grow, and hold every body it refused
    return Answer(error.status, {"message": str(error)})
