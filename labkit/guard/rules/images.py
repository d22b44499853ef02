"""Images: a seat sees its own and the course's, and names its own as it likes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from labkit.guard import names
from labkit.guard.imagetars import ImageOut
from labkit.guard.messages import Answer, Call, Json, Plan, Relay, Reply, Request, Shape
from labkit.guard.refusal import Malformed, Refused
from labkit.guard.rules import transfers
from labkit.guard.rules.common import chosen, filters, packed, told

if TYPE_CHECKING:
    from collections.abc import Generator

    from labkit.guard.seat import Seat

LIST_FILTERS = frozenset(("before", "dangling", "label", "reference", "since", "until"))
LOADED = re.compile(r"Loaded image(?: ID)?: (\S+)")
CREATED, CONFLICT, NOT_FOUND = 201, 409, 404


def shown(image: Json, seat: Seat) -> Json:
    """Show an image with the names by which this seat knows it."""
    view = seat.names.view(image)
    named = seat.image_names(image["Id"])
    view["RepoTags"] = named
    repositories = {ref.rpartition(":")[0] for ref in named}
    digests = [each for each in view.get("RepoDigests") or [] if each.partition("@")[0] in repositories]
    digests += [ref for ref, there in seat.pins().items() if there == image["Id"]]
    view["RepoDigests"] = digests or ([] if named else ["<none>@<none>"])
    return view


def list_images(request: Request, seat: Seat) -> Plan:
    """ImageList."""
    wanted = filters(request, LIST_FILTERS)
    everything = request.flag("all")
    passed = {key: wanted[key] for key in ("label",) if key in wanted}
    reply = yield Call("GET", "/images/json", (*chosen(request, "digests"), ("filters", packed(passed))))
    if not reply.ok:
        return told(reply, seat)
    mine = seat.visible_images()
    found = [shown(each, seat) for each in reply.body if each["Id"] in mine]
    there = {each["Id"] for each in reply.body}
    if not passed:
        seat.forget("image", *(seat.ids("image") - there - set(seat.tags().values()))) if everything else None
    for key, later in (("before", False), ("since", True)):
        for given in wanted.get(key, []):
            at = next((each["Created"] for each in reply.body if each["Id"] == seat.image(given)), 0)
            found = [each for each in found if (each["Created"] > at if later else each["Created"] < at)]
    return Answer(200, [_dangling(each) for each in found if _wanted(each, wanted)])


def _dangling(image: Json) -> Json:
    """Write an image without a name as engines list it; the docker command leaves out what has one of the two only."""
    known = image["RepoTags"] or image["RepoDigests"] not in ([], ["<none>@<none>"])
    return image if known else image | {"RepoTags": ["<none>:<none>"], "RepoDigests": ["<none>@<none>"]}


def _wanted(image: Json, wanted: dict[str, list[str]]) -> bool:
    if "dangling" in wanted:
        named = bool(image["RepoTags"]) or image["RepoDigests"] != ["<none>@<none>"]
        if (wanted["dangling"] in (["true"], ["1"])) == named:
            return False
    if patterns := wanted.get("reference"):
        image["RepoTags"] = [ref for ref in image["RepoTags"] if any(_matches(pattern, ref) for pattern in patterns)]
        bare = {ref: f"{ref.partition('@')[0]}:" for ref in image["RepoDigests"]}
        image["RepoDigests"] = [ref for ref in bare if any(_matches(pattern, bare[ref]) for pattern in patterns)]
        return bool(image["RepoTags"] or image["RepoDigests"])
    return True


def _matches(pattern: str, ref: str) -> bool:
    """Compare as docker does (source: distribution/reference, FamiliarMatch): * stops at a slash."""
    if not re.fullmatch(r"[A-Za-z0-9_.:/*?-]{1,200}", pattern) or pattern.count("*") > 4:  # noqa: PLR2004
        raise Malformed(f"invalid filter 'reference={pattern[:40]}': the lab's guard takes plain names with * and ?")
    parts = re.escape(pattern).replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
    return bool(re.fullmatch(parts, ref) or re.fullmatch(parts, ref.rpartition(":")[0]))


def _name(request: Request, last: int = 1) -> str:
    """Give the name in an address: all segments between the first and the last ``last``."""
    return "/".join(request.path[1 : len(request.path) - last])


def inspect(request: Request, seat: Seat) -> Plan:
    """ImageInspect."""
    image = seat.image(_name(request))
    reply = yield Call("GET", f"/images/{image}/json")
    return told(reply, seat, lambda body: shown(body, seat))


def history(request: Request, seat: Seat) -> Plan:
    """ImageHistory: other seats may have given names to the same layers."""
    image = seat.image(_name(request))

    def view(body: Json) -> Json:
        mine = seat.visible_images()
        return [
            seat.names.view(each) | {"Tags": seat.image_names(each["Id"]) or None if each["Id"] in mine else None}
            for each in body
        ]

    reply = yield Call("GET", f"/images/{image}/history")
    return told(reply, seat, view)


def tag_image(request: Request, seat: Seat) -> Plan:
    """ImageTag: the new name is this seat's own, and hides nobody's."""
    image = seat.image(_name(request))
    given = request.get("repo") + (f":{request.get('tag')}" if request.get("tag") else "")
    reply = yield from transfers.name(image, names.parse_new(given), seat)
    return told(reply, seat)


def remove_image(request: Request, seat: Seat) -> Plan:
    """ImageDelete: a name of this seat's, or an image that nobody else has."""
    given = "/".join(request.path[1:])
    image, ref = seat.image_and_tag(given)
    own = seat.references(image)
    if ref and ref in own:
        return (yield from _answer_removed(request, seat, image, [ref]))
    if image in seat.course.values() and image not in seat.ids("image") and not own:
        raise Refused(
            f"{ref or given} is one of the course's images, and the lab does not remove these.",
            why="Others use it too, and it could not be had again without a network.",
            instead="Remove it with `./lab images remove` when you are done with the course.",
            status=CONFLICT,
        )
    if len([each for each in own if "@" not in each] or own) > 1 and not request.flag("force"):
        short = image.removeprefix("sha256:")[:12]
        message = f"conflict: unable to delete {short} (must be forced) - image is referenced in multiple repositories"
        return Answer(CONFLICT, {"message": message})
    return (yield from _answer_removed(request, seat, image, own))


def _answer_removed(request: Request, seat: Seat, image: str, refs: list[str]) -> Plan:
    gone, fault = yield from remove(seat, image, refs, chosen(request, "force", "noprune"))
    return told(fault, seat) if fault and not gone else Answer(200, gone)


def remove(
    seat: Seat, image: str, refs: list[str], query: tuple[tuple[str, str], ...]
) -> Generator[Call, Reply, tuple[list[Json], Reply | None]]:
    """Take names from an image, and the image itself when it has none left; say what went, and the first fault."""
    gone: list[Json] = []
    refs = [*refs, *_pins_that_go(seat, image, refs)]
    targets = [(ref, f"/images/{seat.names.image(names.parse_any(ref))}") for ref in refs]
    if not refs and not (yield from is_others_too(seat, image)):
        targets = [("", f"/images/{image}")]
    if (yield from _is_below_anothers(seat, image)):
        query = (*(pair for pair in query if pair[0] != "noprune"), ("noprune", "1"))
    for ref, path in targets:
        yield from _keep_for_others(seat, image, ref)
        # force is for a stopped container of it; by a name it never takes another's name away.
        reply = yield Call("DELETE", path, query)
        if not reply.ok and reply.status != NOT_FOUND:
            return gone, reply
        if ref:
            seat.forget("pin" if "@" in ref else "tag", ref)
        gone += [_plain(entry, seat) for entry in (reply.body if reply.ok else [])]
    left = yield Call("GET", f"/images/{image}/json")
    if not left.ok or not refs:
        seat.forget("image", image)
    return gone, None


def _pins_that_go(seat: Seat, image: str, refs: list[str]) -> list[str]:
    """List the names with a digest that go with the last tag of their repository, as on the engine."""
    left = {names.parse(ref).name for ref, there in seat.tags().items() if there == image and ref not in refs}
    going = {names.parse(ref).name for ref in refs if "@" not in ref} - left
    pins = [ref for ref, there in seat.pins().items() if there == image and ref not in refs]
    return [ref for ref in pins if ref.partition("@")[0] in going]


def is_others_too(seat: Seat, image: str) -> Generator[Call, Reply, bool]:
    """Tell whether somebody else has an image, too; by its id the engine would remove it with all its names."""
    if image in seat.course.values() or seat.ledger.owned_by_others(seat.name, "image", image):
        return True
    looked = yield Call("GET", f"/images/{image}/json")
    found = [*(looked.body.get("RepoTags") or []), *(looked.body.get("RepoDigests") or [])] if looked.ok else []
    return not all(name.startswith(seat.names.repository) for name in found)


def _is_below_anothers(seat: Seat, image: str) -> Generator[Call, Reply, bool]:
    """Tell whether another seat has an image that this one was built on: without a name, it would go with this one."""
    looked = yield Call("GET", f"/images/{image}/json")
    while looked.ok and (parent := looked.body.get("Parent")):
        if seat.ledger.owned_by_others(seat.name, "image", parent):
            return True
        looked = yield Call("GET", f"/images/{parent}/json")
    return False


def _keep_for_others(seat: Seat, image: str, ref: str) -> Generator[Call, Reply, None]:
    """Take a name from an image that another seat has, too, so that the image does not go with its last name."""
    if ref and seat.course and seat.ledger.owned_by_others(seat.name, "image", image):
        name, _, label = seat.names.image(names.parse_any(ref)).rpartition(":")
        other = next(iter(seat.course.values()))
        yield Call("POST", f"/images/{other}/tag", (("repo", name), ("tag", label)))


def _plain(entry: Json, seat: Seat) -> Json:
    return {key: seat.names.plain(value) for key, value in entry.items()}


def prune(request: Request, seat: Seat) -> Plan:
    """ImagePrune: this seat's that have no name; with ``dangling=false`` all of its that no container uses."""
    wanted = filters(request, frozenset({"dangling", "label"}))
    all_too = bool({"false", "0"} & set(wanted.get("dangling", [])))
    containers = yield Call("GET", "/containers/json", (("all", "1"),))
    there = yield Call("GET", "/images/json", (("filters", packed({k: v for k, v in wanted.items() if k == "label"})),))
    if not (containers.ok and there.ok):
        return told(there if containers.ok else containers, seat)
    used = {each["ImageID"] for each in containers.body}
    sizes = {each["Id"]: each for each in there.body}
    gone: list[Json] = []
    space = 0
    for image in sorted(seat.ids("image")):
        refs = seat.references(image)
        if image in used or image not in sizes or (refs and not all_too):
            continue
        removed, _ = yield from remove(seat, image, refs, ())
        gone += removed
        space += sizes[image]["Size"] if any(entry.get("Deleted") == image for entry in removed) else 0
    return Answer(200, {"ImagesDeleted": gone or None, "SpaceReclaimed": space})


def save(request: Request, seat: Seat) -> Plan:
    """ImageGet, ImageGetAll: names of this seat's go into the archive as the seat knows them."""
    given = [value for key, value in request.query if key == "names"] if request.path[1] == "get" else [_name(request)]
    wanted = [part for value in given for part in value.split(",") if part]
    if not wanted:
        raise Malformed("missing parameter: names")
    ids = {each: seat.image_and_tag(each) for each in wanted}
    on_engine = [
        seat.names.image(names.parse(ref)) if ref in seat.tags() else ref if ref in seat.course else image
        for image, ref in ids.values()
    ]
    call = Call("GET", "/images/get", tuple(("names", each) for each in on_engine))
    return Relay(call, Shape.TAR, download=ImageOut(seat.names))
    yield
