"""What a seat is told: nothing of others, and of what is another's the same, byte for byte, as of what never was."""

from __future__ import annotations

import concurrent.futures
import re
import time

import pytest
from attacks_reveal import ABSENT, LISTS
from world import ask

pytestmark = pytest.mark.usefixtures("unchanged")
OTHERS = re.compile("victim|stopped|vnet|vvol|vanon|vexec|vtag|vimage|by")  # words that are another's
HIDDEN = {"{": "%7B", "}": "%7D", '"': "%22", "[": "%5B", "]": "%5D"}
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def encoded(target):
    return "".join(HIDDEN.get(char, char) for char in target)


def secrets_of(world):
    """Everything by which another's thing is known; the base image is everybody's."""
    named = {word for key, word in world.words.items() if OTHERS.match(key) and key != "byimage"}
    return named | {world.words["victimid"][:12], world.words["byownid"].removeprefix("sha256:")[:12]}


@pytest.mark.parametrize("target", LISTS)
def test_lists(world, guard, me, other, target):
    """See that none of the words by which others' things are known is in an answer, unless it was in the request."""
    now = int(time.time())
    target = target.replace("{past}", str(now - 600)).replace("{now}", str(now))
    target = world.fill(target)
    status, found = ask(guard, me, "GET", encoded(target))
    assert status in (200, 404)
    told = str(found)
    assert not [word for word in secrets_of(world) if word in told]
    assert other not in told


def test_disk_usage_asked_by_several_at_once(guard, me, other):
    """Engine 20.10 counts for one client at a time and refuses the rest; a seat waits for its turn instead."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        asked = [pool.submit(ask, guard, seat, "GET", "/system/df") for seat in (me, other) * 4]
    assert {each.result()[0] for each in asked} == {200}


def test_what_is_ones_own_is_in_the_lists(world, guard, me):
    """So that the test above could fail."""
    found = str(ask(guard, me, "GET", "/containers/json?all=1"))
    assert world.words["mine"] in found


def never_of(word):
    """Something of the same length and form that nobody ever had."""
    if re.fullmatch(r"(sha256:)?[0-9a-f]+", word):
        begin, _, digits = word.rpartition(":")
        return begin + ":" * bool(begin) + digits.translate(str.maketrans("0123456789abcdef", "fedcba9876543210"))
    name, colon, tag = word.partition(":")
    return name.translate(str.maketrans(LETTERS, LETTERS[13:] + LETTERS[:13])) + colon + tag


def raw(guard, seat, request):
    method, _, rest = request.partition(" ")
    target, _, body = rest.partition(" ")
    head = f"{method} {encoded(target)} HTTP/1.1\r\nHost: d\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return guard.raw(seat, (head + body).encode(), half=False)


@pytest.mark.parametrize(("kind", "request_"), [(kind, each) for kind in ABSENT for each in ABSENT[kind][1]])
def test_what_is_anothers_is_as_what_never_was(world, guard, me, kind, request_):
    """By its name, its full id and a short one."""
    for key in ABSENT[kind][0].split():
        word = world.words[key]
        never = never_of(word)
        assert len(never) == len(word)
        assert never != word
        request = request_.replace("{mine}", world.words["mine"])
        theirs, nobodys = (raw(guard, me, request.replace("X", each)) for each in (word, never))
        assert theirs.startswith(b"HTTP/1.1 "), key
        assert theirs.replace(word.encode(), never.encode()) == nobodys, key
        is_list = "/json?" in request or request.startswith(("GET /volumes?", "GET /networks?"))
        assert theirs.startswith((b"HTTP/1.1 404", b"HTTP/1.1 400") if not is_list else b"HTTP/1.1 "), key
        assert (
            not is_list
            or theirs.split(b"\r\n\r\n")[1].strip() in (b"[]", b'{"Volumes": [], "Warnings": null}')
            or (theirs.startswith(b"HTTP/1.1 4"))
        )
