"""One transfer to or from a registry of the seat's: the name that the engine knows it by, and what stays of it.

The engine resolves no name for it: what a seat calls ``localhost:5000/shop:1.0`` is ``127.0.0.1:0005000/shop:1.0`` for
it. That is the same address to it, but another name than any that somebody else can have given: the guard lets no
port be written with more than five digits. The name lasts as long as the transfer.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labkit.guard import names, registries
from labkit.guard.messages import Call, Json, Reply
from labkit.guard.refusal import Refused
from labkit.guard.rules.common import packed

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from labkit.guard.names import Pin, Ref
    from labkit.guard.seat import Seat

KIND = "transfer"
FEWEST_DIGITS, MOST_DIGITS = 6, 60  # of a port, with zeros in front: one form for each transfer under way
CONFLICT = 409


@dataclass(frozen=True, slots=True)
class Transfer:
    """A transfer under way.

    Attributes:
        seat: whose.
        ref: the image, as the seat names it.
        address: of the registry, as the engine is told it.
        word: of its intent, and of its claim on the port.
        keeps: whether the image becomes the seat's.
    """

    seat: Seat
    ref: Ref | Pin
    address: str
    word: str
    keeps: bool

    @property
    def repository(self) -> str:
        """The image's name on the engine, without a tag."""
        return f"{self.address}/{self.ref.path}"

    @property
    def label(self) -> str:
        """The tag or digest."""
        return f"sha256:{self.ref.hex}" if isinstance(self.ref, names.Pin) else self.ref.tag

    def plain(self, value: Json) -> Json:
        """Give a document of the engine with the address as the seat writes it."""
        if isinstance(value, str):
            bare = f"{self.address.partition(':')[0]}:{int(self.address.rpartition(':')[2])}"
            text = value.replace(self.address, self.ref.host).replace(f"//{bare}/", f"//{self.ref.host}/")
            return self.seat.names.plain(text)
        if isinstance(value, list):
            return [self.plain(each) for each in value]
        return {key: self.plain(each) for key, each in value.items()} if isinstance(value, dict) else value

    def end(self) -> None:
        """Let go of the port."""
        self.seat.ledger.claims.pop(self.word, None)


def begin(seat: Seat, ref: Ref | Pin, *, keeps: bool) -> Transfer:
    """Claim the port of a registry, before it is looked at.

    Raises:
        Refused: it is no registry of this machine, or too many transfers are under way.
    """
    port = registries.port_of(ref.host, seat)
    registries.check_known(port, str(ref))
    ledger = seat.ledger
    taken = {*ledger.claims.values(), *(each.detail["address"] for each in ledger.intents() if each.kind == KIND)}
    address = next((form for form in forms(seat, port) if form not in taken), "")
    if not address:
        raise Refused("Too many pushes and pulls are under way.", instead="Wait until one is done.", status=CONFLICT)
    word = ledger.intend(seat.name, KIND, address=address, ref=str(ref), keeps="1" if keeps else "")
    ledger.claims[word] = address
    return Transfer(seat, ref, address, word, keeps)


def forms(seat: Seat, port: int) -> Iterator[str]:
    """Give the forms of an address, each seat's in another order.

    The engine remembers in which repositories of an address it has met a layer, whoever's they were, and asks for it
    there: two seats that use a port one after the other had better not have one address.
    """
    count = MOST_DIGITS - FEWEST_DIGITS + 1
    first = zlib.crc32(seat.name.encode())
    for number in range(count):
        yield f"{seat.bounds.publish}:{port:0>{FEWEST_DIGITS + (first + number) % count}}"


def find(it: Transfer) -> Generator[Call, Reply, None]:
    """Look whether a registry of the seat's answers at the port, and nothing else may come to answer there.

    Raises:
        Refused: none does.
    """
    port = registries.port_of(it.ref.host, it.seat)
    waiting = yield Call("GET", "/containers/json", (("filters", packed({"status": ["restarting"]})),))
    for each in waiting.body if waiting.ok else []:
        looked = yield Call("GET", f"/containers/{each['Id']}/json")
        if looked.ok and _may_take(looked.body, port):
            raise registries.nobody(it.ref.host)
    for thing in it.seat.things("registry"):
        looked = yield Call("GET", f"/containers/{thing.id}/json")
        if looked.ok and _publishes(looked.body, it.seat.bounds.publish, port):
            return
    raise registries.nobody(it.ref.host)


def _publishes(container: Json, address: str, port: int) -> bool:
    running = container["State"]["Running"] and not container["State"].get("Paused")
    bound = (container["NetworkSettings"].get("Ports") or {}).get(registries.PORT) or []
    return running and any(each["HostIp"] == address and each["HostPort"] == str(port) for each in bound)


def _may_take(container: Json, port: int) -> bool:
    """Tell whether a container that starts may come to have a port; one that the engine chooses freely is another."""
    wished = (container["HostConfig"].get("PortBindings") or {}).values()
    for each in [binding for bindings in wished for binding in bindings or []]:
        first, _, last = (each.get("HostPort") or "0").partition("-")
        if int(first) <= port <= int(last or first):
            return True
    return False


def check_free(container: str, seat: Seat) -> Generator[Call, Reply, None]:
    """Refuse to start what could take the port of a registry that the engine speaks to just now.

    Raises:
        Refused: it could.
    """
    if not seat.ledger.claims or container in seat.ids("registry"):
        return
    looked = yield Call("GET", f"/containers/{container}/json")
    ports = [int(address.rpartition(":")[2]) for address in seat.ledger.claims.values()]
    if looked.ok and any(_may_take(looked.body, port) for port in ports):
        raise Refused(
            "A push or pull is under way to the port that this container publishes.",
            why="The engine would go on speaking to it, whatever it is.",
            instead="Wait until it is done, or publish another port.",
            status=CONFLICT,
        )


def finish(it: Transfer) -> Generator[Call, Reply, bool]:
    """Write down what came of a transfer, and take its name from the image; False where there is none."""
    seat, on_engine = it.seat, f"{it.repository}{'@' if isinstance(it.ref, names.Pin) else ':'}{it.label}"
    looked = yield Call("GET", f"/images/{on_engine}/json")
    if looked.ok:
        image = looked.body["Id"]
        if it.keeps and image not in seat.course.values():
            seat.own("image", image)
        digests = {ref.partition("@")[2] for ref in looked.body.get("RepoDigests") or [] if _is_of(ref, it.repository)}
        pins = [names.Pin(it.ref.host, it.ref.path, each.removeprefix("sha256:")) for each in sorted(digests)]
        kept: list[Ref | Pin] = [it.ref] if it.keeps and isinstance(it.ref, names.Ref) else []
        for ref in (*kept, *pins):
            yield from name(image, ref, seat)
        yield Call("DELETE", f"/images/{on_engine}")
    seat.ledger.settle(it.word)
    return looked.ok


def _is_of(reference: str, repository: str) -> bool:
    return reference.partition("@")[0] == repository


def name(image: str, ref: Ref | Pin, seat: Seat) -> Generator[Call, Reply, Reply]:
    """Give an image a name of this seat's, with a tag or a digest."""
    kind = "pin" if isinstance(ref, names.Pin) else "tag"
    repository, _, label = seat.names.image(ref).rpartition(":")
    seat.own(kind, str(ref), str(ref), image)  # first: a name on the engine that nobody owns could not be removed
    reply = yield Call("POST", f"/images/{image}/tag", (("repo", repository), ("tag", label)))
    if not reply.ok:
        seat.forget(kind, str(ref))
    return reply


def settle(seat: Seat) -> Generator[Call, Reply, None]:
    """Finish what was cut off: an image that came is the seat's, the name of the transfer is taken from it.

    What is not there is looked for once more at the next time: the engine may still have been about it.
    """
    for intent in seat.ledger.intents():
        if (intent.seat, intent.kind) == (seat.name, KIND) and intent.word not in seat.ledger.claims:
            ref, detail = names.parse_any(intent.detail["ref"]), intent.detail
            it = Transfer(seat, ref, detail["address"], intent.word, bool(detail["keeps"]))
            found = yield from finish(it)
            if not found and not detail.get("again"):
                seat.ledger.intend(seat.name, KIND, **detail, again="1")
