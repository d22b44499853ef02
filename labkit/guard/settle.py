"""After a start, or a call that was cut off: what came of it is found, what is gone is struck out.

Then ledger and engine agree. An image without a name that was cut off is the one thing that is not found: like the
steps of a build it is nobody's, and the same build or load makes it this seat's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.guard import names
from labkit.guard.messages import Call, Json, Reply
from labkit.guard.rules import transfers
from labkit.guard.rules.common import packed
from labkit.guard.rules.containers import adopt

if TYPE_CHECKING:
    from collections.abc import Generator

    from labkit.guard.seat import Seat


def settle(seat: Seat) -> Generator[Call, Reply, None]:
    """Plan what makes a seat's ledger and the engine agree.

    A label is believed only where its random word was written down before: anyone at the engine can set labels.
    """
    before = [each for each in seat.ledger.intents() if each.seat == seat.name and each.word not in seat.ledger.claims]
    yield from transfers.settle(seat)
    yield from _containers(seat)
    yield from _networks(seat)
    yield from _volumes(seat)
    yield from _images(seat)
    for intent in before:
        seat.ledger.settle(intent.word)


def _words(seat: Seat, kind: str) -> dict[str, dict[str, str]]:
    return {each.word: each.detail for each in seat.ledger.intents() if each.seat == seat.name and each.kind == kind}


def _containers(seat: Seat) -> Generator[Call, Reply, None]:
    there = yield Call("GET", "/containers/json", (("all", "1"),))
    if not there.ok:
        return
    words = _words(seat, "container")
    unnamed = {thing.id: thing for thing in seat.things("container") if not thing.name}
    for each in there.body:
        word = (each.get("Labels") or {}).get(names.INTENT, "")
        if word in words:
            yield from adopt(each["Id"], seat, words[word].get("parent", ""), word)
        elif each["Id"] in unnamed:
            yield from adopt(each["Id"], seat, unnamed[each["Id"]].parent)
    seat.forget("container", *(seat.ids("container") - {each["Id"] for each in there.body}))


def _networks(seat: Seat) -> Generator[Call, Reply, None]:
    there = yield Call("GET", "/networks")
    if not there.ok:
        return
    words = _words(seat, "network")
    for each in there.body:
        word = (each.get("Labels") or {}).get(names.INTENT, "")
        if word in words:
            seat.own("network", each["Id"], words[word].get("name", ""), word=word)
    seat.forget("network", *(seat.ids("network") - {each["Id"] for each in there.body}))


def _volumes(seat: Seat) -> Generator[Call, Reply, None]:
    there = yield Call("GET", "/volumes", (("filters", packed({"label": [f"{names.OWNER}={seat.name}"]})),))
    everything = yield Call("GET", "/volumes")
    if not (there.ok and everything.ok):
        return
    words = _words(seat, "volume") | _words(seat, "container")
    for each in there.body.get("Volumes") or []:
        word = (each.get("Labels") or {}).get(names.INTENT, "")
        if word in words:
            seat.own("volume", each["Name"], seat.names.plain(each["Name"]))
    seat.forget("volume", *(seat.ids("volume") - {each["Name"] for each in everything.body.get("Volumes") or []}))


def _images(seat: Seat) -> Generator[Call, Reply, None]:
    """Find names in this seat's part of the engine's: nobody but the guard gives such names."""
    there = yield Call("GET", "/images/json", (("all", "1"),))
    if not there.ok:
        return
    ids = {each["Id"] for each in there.body}
    found: dict[str, Json] = {}
    for each in there.body:
        for tag in each.get("RepoTags") or []:
            if tag.startswith(seat.names.repository):
                found[seat.names.plain(tag)] = each["Id"]
    for ref, image in found.items():
        seat.own("pin" if "@" in ref else "tag", ref, ref, image)
        if image not in seat.course.values():
            seat.own("image", image)
    seat.forget("tag", *(seat.tags().keys() - found.keys()))
    seat.forget("pin", *(seat.pins().keys() - found.keys()))
    seat.forget("image", *(seat.ids("image") - ids))
