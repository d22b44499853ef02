"""One seat's world as the rules see it: its name, its ledger, its limits, and the course's images."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from labkit.guard import names
from labkit.guard.ledger import Ledger, Thing
from labkit.guard.names import Names, Pin, Ref
from labkit.guard.refusal import Malformed, Missing, Refused
from labkit.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_NETWORK = "bridge"
POOL = "10.231"  # where the engine was given none
HARMLESS, HARMFUL = "harmless", "harmful"  # an image's triggers (ONBUILD), once they were looked at
_TOKEN = re.compile(r"\b[0-9a-f]{12,64}\b")
_WORDS = {"container": "container", "network": "network", "volume": "volume", "exec": "exec instance"}
ANY_PORT = (1, 65535)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a seat may have in all.

    Attributes:
        containers: with those that have ended.
        networks: beside the default one.
        volumes: with those that have no name.
        ports: first and last port of this machine that it may publish on.
        publish: the address of this machine that published ports answer on.
        pool: where its networks' addresses come from: the first two numbers; "" leaves it to the engine.
        outbound: whether its networks lead outside.
        each: what each container may use when it does not say.
        memory: bytes that one container may ask for at most.
        cpus: cores that one container may ask for at most.
        stop_seconds: how long a container may take to stop.
        upload: bytes of one build context, image archive or copy.
        unique: whether the images that it builds carry its name, so that no other seat's build makes the same. Seats
            share what is the same, and the engine takes an image away with the last name that it sees: one that another
            seat is just being given comes too late.
    """

    containers: int = 60
    networks: int = 8
    volumes: int = 40
    ports: tuple[int, int] = ANY_PORT
    publish: str = "127.0.0.1"
    pool: str = ""
    outbound: bool = False
    each: Limits = field(default_factory=Limits)
    memory: int = 1 << 30
    cpus: float = 2.0
    stop_seconds: int = 30
    upload: int = 4 << 30
    unique: bool = False


@dataclass(frozen=True)
class Seat:
    """A seat.

    Attributes:
        name: small letters and digits.
        ledger: who owns what.
        course: the course's images that the engine has: name, such as ``node:20-alpine``, to id.
        bounds: what it may have.
        api: the newest API version that the guard and the engine know.
        arch: the engine's processor, in Docker's word.
        pool: where the engine's networks' addresses come from: the first two numbers.
    """

    name: str
    ledger: Ledger
    course: Mapping[str, str] = field(default_factory=dict)
    bounds: Bounds = field(default_factory=Bounds)
    api: str = "1.41"
    arch: str = "amd64"
    pool: str = POOL

    @cached_property
    def names(self) -> Names:
        """Its names on the engine."""
        return Names(self.name)

    # -- what it owns ------------------------------------------------------------------------------------------

    def things(self, kind: str) -> list[Thing]:
        """List what it owns of a kind, oldest first."""
        return self.ledger.things(self.name, kind)

    def ids(self, kind: str) -> set[str]:
        """Give the full ids of what it owns of a kind."""
        return {thing.id for thing in self.things(kind)}

    def own(self, kind: str, id: str, name: str = "", parent: str = "", word: str = "") -> None:  # noqa: A002
        """Write down that it owns a thing; see `Thing`."""
        self.ledger.own(self.name, Thing(kind, id, name, parent), word)

    def forget(self, kind: str, *ids: str) -> None:
        """Strike out what is gone."""
        self.ledger.forget(self.name, kind, ids)

    def find(self, kind: str, given: str) -> Thing:
        """Find a container, network, volume or exec by full id, name, or the beginning of its id.

        Raises:
            Missing: none is this seat's. Whether it is somebody else's is not looked at.
        """
        given = given.removeprefix("/")
        mine = self.things(kind)
        named = [thing for thing in mine if thing.name == given]
        found = [thing for thing in mine if thing.id == given] or named[-1:]
        if not found and kind in ("container", "network") and re.fullmatch(r"[0-9a-f]{1,64}", given):
            found = [thing for thing in mine if thing.id.startswith(given)]
        if not found:
            raise Missing(self.absent(kind, given))
        if len(found) > 1:
            raise Malformed(f"Multiple IDs found with provided prefix: {given}")
        return found[0]

    @staticmethod
    def absent(kind: str, given: str) -> str:
        """Say that a thing is not there, in the engine's words."""
        match kind:
            case "network":
                return f"network {given} not found"
            case "volume":
                return f"get {given}: no such volume"
            case "image":
                return f"No such image: {given}"
            case _:
                return f"No such {_WORDS.get(kind, kind)}: {given}"

    # -- images ------------------------------------------------------------------------------------------------

    def tags(self) -> dict[str, str]:
        """Give its own images' names, each with its image's id."""
        return {thing.id: thing.parent for thing in self.things("tag")}

    def pins(self) -> dict[str, str]:
        """Give its own images' names with a digest, each with its image's id."""
        return {thing.id: thing.parent for thing in self.things("pin")}

    def references(self, image: str) -> list[str]:
        """List its own names of an image, those with a digest last."""
        return [ref for ref, there in (self.tags() | self.pins()).items() if there == image]

    def visible_images(self) -> set[str]:
        """Give the ids of its own images and the course's."""
        return self.ids("image") | set(self.tags().values()) | set(self.course.values())

    def image(self, given: str) -> str:
        """Find an image's full id by name, id or the beginning of an id.

        Raises:
            Missing: it is neither this seat's nor the course's.
        """
        return self.image_and_tag(given)[0]

    def image_and_tag(self, given: str) -> tuple[str, str]:
        """Find an image's full id, and the name that was meant: "" where it was an id.

        Raises:
            Missing: it is neither this seat's nor the course's.
        """
        try:
            ref: Ref | Pin | None = names.parse_any(given)
        except Malformed:
            ref = None
        if ref:
            found = self.tags().get(str(ref)) or self.course.get(str(ref)) or self.pins().get(str(ref))
            if found:
                return found, str(ref)
        if names.ID.fullmatch(given):
            digest = given.removeprefix("sha256:")
            matching = {each for each in self.visible_images() if each.removeprefix("sha256:").startswith(digest)}
            if len(matching) > 1:
                raise Malformed(f"Multiple IDs found with provided prefix: {given}")
            if matching:
                return matching.pop(), ""
        raise Missing(self.absent("image", str(ref) if ref else given))

    def is_harmless(self, image: str) -> bool:
        """Tell whether an image of its own was looked at, and has no trigger that the guard would not let run."""
        thing = self.ledger.thing(self.name, "image", image)
        return bool(thing and thing.parent == HARMLESS)

    def image_names(self, image: str) -> list[str]:
        """List the names by which this seat knows an image."""
        own = self.tags()
        found = [ref for ref, there in own.items() if there == image]
        return found + [ref for ref, there in self.course.items() if there == image and ref not in own]

    def check_platform(self, wished: str) -> None:
        """Refuse a platform that is not the engine's own.

        Of another one it would pull the image, and give the course's own name to it (source: moby, pullForBuilder).
        """
        if wished.lower() not in ("", "linux", f"linux/{self.arch}", self.arch):
            raise Refused(
                f"The lab does not allow --platform {wished[:40]}.",
                why=f"The images that are here are for linux/{self.arch}, and the lab pulls no others.",
                instead="Leave it out.",
            )

    # -- what it is told ---------------------------------------------------------------------------------------

    def scrub(self, text: str) -> str:
        """Give a message of the engine in the seat's names, with nobody else's ids."""
        mine = self.ids("container") | self.ids("network") | self.ids("volume") | self.ids("exec")
        mine |= {image.removeprefix("sha256:") for image in self.visible_images()}
        known = tuple(mine)

        def replace(found: re.Match[str]) -> str:
            return found[0] if any(each.startswith(found[0]) for each in known) else "…"

        return _TOKEN.sub(replace, self.names.plain(text))
