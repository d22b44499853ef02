"""Images that come to be: imported, loaded, committed, built. Each is its seat's, under names of the seat's."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from labkit.guard import models, names
from labkit.guard.dockerfile import is_harmless
from labkit.guard.document import read
from labkit.guard.imagetars import ImageIn
from labkit.guard.messages import Answer, Call, Json, Plan, Query, Relay, Reply, Request, Shape
from labkit.guard.refusal import Refused
from labkit.guard.rules import registry
from labkit.guard.rules.common import chosen, told
from labkit.guard.seat import HARMFUL, HARMLESS
from labkit.guard.tars import Plain

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from labkit.guard.seat import Seat

ID = re.compile(r"sha256:[0-9a-f]{64}")
LOADED = re.compile(r"Loaded image(?: ID)?: (\S+)")
CREATED, NOT_FOUND = 201, 404


def create_image(request: Request, seat: Seat) -> Plan:
    """ImageCreate: the course's images are there already, a registry of the seat's may be asked; import of a tar."""
    if source := request.get("fromSrc"):
        return _import(request, seat, source)
    if wanted := registry.wanted(request, seat):
        return (yield from registry.pull(request, seat, wanted))
    given = request.get("fromImage")
    tag = request.get("tag")
    ref = names.parse(given + ((f"@{tag}" if tag.startswith("sha256:") else f":{tag}") if tag else ""))
    if str(ref) in seat.course or str(ref) in seat.tags():
        lines = [{"status": f"Pulling from {ref.name}", "id": ref.tag}] if str(ref) in seat.course else []
        lines.append({"status": f"Status: Image is up to date for {ref}"})
        return Answer(200, "".join(json.dumps(line) + "\r\n" for line in lines))
    raise Refused(
        f"The lab does not pull {ref}.",
        why="An image from outside may hold anything, and the course works without a network.",
        instead=f"It has: {', '.join(sorted(seat.course)) or 'none yet; run ./lab images prepare'}.",
        status=NOT_FOUND,
    )


def _import(request: Request, seat: Seat, source: str) -> Relay:
    if source != "-":
        raise Refused(
            "The lab does not import from an address.",
            why="The engine would fetch it, with the machine's own network.",
            instead="Give the file itself: docker import - NAME < FILE.",
        )
    refs, named = _named(request, seat)
    if any(key == "changes" and value for key, value in request.query):
        raise Refused("The lab does not allow --change with import.", instead="Use a Dockerfile for this.")
    made: list[str] = []

    def view(line: Json) -> Json:
        if isinstance(line, dict) and ID.fullmatch(str(line.get("status"))):
            made.append(line["status"])
        return line

    return Relay(
        Call("POST", "/images/create", (("fromSrc", "-"), *named)),
        Shape.LINES,
        view,
        upload=Plain(seat.bounds.upload),
        then=lambda: owned(seat, made, refs),
    )


def _named(request: Request, seat: Seat) -> tuple[list[names.Ref], Query]:
    """Give the name that an image is to have, if any: as the seat knows it, and for the engine."""
    if not request.get("repo"):
        return [], ()
    ref = names.parse_new(request.get("repo") + (f":{request.get('tag')}" if request.get("tag") else ""))
    name, _, label = seat.names.image(ref).rpartition(":")
    return [ref], (("repo", name), ("tag", label))


def owned(seat: Seat, made: list[str], refs: list[names.Ref]) -> Generator[Call, Reply, list[Json]]:
    """Write down the image that came to be, and its names."""
    yield from ()
    for image in made[-1:]:
        _own(seat, image)
        for ref in refs:
            seat.own("tag", str(ref), str(ref), image)
    return []


def _own(seat: Seat, image: str) -> None:
    """Write down an image, unless it is the course's: a build of FROM alone gives the very same one."""
    if image not in seat.course.values():
        seat.own("image", image)


def look_at_triggers(seat: Seat) -> Generator[Call, Reply, None]:
    """Look at the triggers (ONBUILD) of this seat's images, once each: a build from one carries them out."""
    for thing in seat.things("image"):
        if thing.parent:
            continue
        looked = yield Call("GET", f"/images/{thing.id}/json")
        if looked.ok:
            triggers = (looked.body.get("Config") or {}).get("OnBuild") or []
            seat.own("image", thing.id, parent=HARMLESS if is_harmless(triggers, seat) else HARMFUL)


def built(seat: Seat, refs: list[names.Ref], digest: str) -> Generator[Call, Reply, None]:
    """Write down the image that BuildKit made: its id is what the engine has under its name, or digest."""
    for given, named in [*((seat.names.image(ref), [ref]) for ref in refs), (digest, [])]:
        looked = (yield Call("GET", f"/images/{given}/json")) if given else Reply(NOT_FOUND)
        if looked.ok:
            yield from owned(seat, [looked.body["Id"]], named)


def load(request: Request, seat: Seat) -> Plan:
    """ImageLoad: the names in the archive become this seat's before the engine reads them."""
    quiet = (("quiet", "1"),) if request.flag("quiet") else ()
    loaded: list[str] = []

    def view(line: Json) -> Json:
        found = LOADED.fullmatch(str(line.get("stream")).strip()) if isinstance(line, dict) else None
        if found:
            loaded.append(found[1])
        return seat.names.view(line)

    return Relay(
        Call("POST", "/images/load", quiet),
        Shape.LINES,
        view,
        upload=ImageIn(seat.names, seat.bounds.upload),
        then=lambda: _loaded(seat, loaded),
    )
    yield


def _loaded(seat: Seat, loaded: list[str]) -> Generator[Call, Reply, list[Json]]:
    """Own what the engine says that it loaded; an id that an archive only claims is worth nothing."""
    for given in loaded:
        looked = yield Call("GET", f"/images/{given}/json")
        if looked.ok:
            _own(seat, looked.body["Id"])
            if not given.startswith("sha256:"):
                seat.own("tag", seat.names.plain(given), seat.names.plain(given), looked.body["Id"])
    return []


def commit(request: Request, seat: Seat) -> Plan:
    """ImageCommit: the image is this seat's."""
    thing = seat.find("container", request.get("container"))
    read(models.Container, request.body)  # the docker command sends what is in ``changes`` too
    changes = [value for key, value in request.query if key == "changes"]
    for line in "\n".join(changes).splitlines():
        if not re.fullmatch(r"\s*(CMD|ENTRYPOINT|ENV|EXPOSE|LABEL|USER|VOLUME|WORKDIR)\s[^\\]*", line, re.IGNORECASE):
            raise Refused(f"The lab does not allow --change {line[:60]!r}.", instead="Use a Dockerfile for this.")
    refs, named = _named(request, seat)
    query = (("container", thing.id), *named, *chosen(request, "pause", "comment", "author"))
    query += (("changes", "\n".join(changes)),) if changes else ()
    reply = yield Call("POST", "/commit", query, {})
    if reply.status == CREATED:
        yield from owned(seat, [reply.body["Id"]], refs)
    return told(reply, seat)


def made_view(seat: Seat, made: list[str], *, quiet: bool, ids: dict[str, str]) -> Callable[[Json], Json]:
    """Give the view of a build's lines.

    Args:
        seat: whose names they have.
        made: where ids go that only the engine can say.
        quiet: whether an id comes alone.
        ids: of images in the Dockerfile as the engine has it, and their names.
    """

    def view(line: Json) -> Json:
        said = line if isinstance(line, dict) else {}
        if "error" in said:
            made.clear()  # what there was is a stage of a build that came to nothing
        aux = said.get("aux")
        found = aux.get("ID") if isinstance(aux, dict) else said.get("stream") if quiet else None
        if ID.fullmatch(str(found).strip()):
            made.append(str(found).strip())
        if str(said.get("stream")).startswith("Step "):
            for image, name in ids.items():
                said["stream"] = said["stream"].replace(image, name)
        return seat.names.view(line)

    return view
