"""Requests of one seat for what is not its own: each is refused, and everybody else's things are as before."""

from __future__ import annotations

import json
import re

import pytest
from attacks_create import BODIES, CREATE
from attacks_framing import FRAMING, HIDDEN
from attacks_odd import ODD_BODIES, ODD_FRAMING, ODD_HIDDEN
from attacks_routes import ROUTES
from attacks_values import VALUES
from live_guard import SMALL
from world import ask

REFUSED = range(400, 500)


pytestmark = pytest.mark.usefixtures("unchanged")


def said(found):
    return found["message"] if isinstance(found, dict) else str(found)


def is_refused(status, found, word):
    """A refusal says what it is about, and names nothing of others."""
    assert status in REFUSED or (status == 503 and "swarm" in said(found)), found
    assert word in said(found)
    assert said(found)


@pytest.mark.parametrize("name", CREATE)
def test_containers(world, guard, me, name):
    body, word = CREATE[name]
    whole = world.fill({"Image": SMALL, "Cmd": ["true"], **body})
    is_refused(*ask(guard, me, "POST", "/containers/create", whole), word)


@pytest.mark.parametrize("name", BODIES | ODD_BODIES)
def test_bodies(guard, me, name):
    text, word = (BODIES | ODD_BODIES)[name]
    is_refused(*ask(guard, me, "POST", "/containers/create", text.replace('"I"', f'"{SMALL}"').encode()), word)


@pytest.mark.parametrize("kind", ["utf-16", "latin-1"])
def test_bodies_that_are_no_utf8(guard, me, kind):
    body = json.dumps({"Image": SMALL, "User": "ä"}, ensure_ascii=False).encode(kind)
    is_refused(*ask(guard, me, "POST", "/containers/create", body), "UTF-8")


@pytest.mark.parametrize("name", ROUTES | VALUES)
def test_routes(world, guard, me, name):
    method, target, body, word = (ROUTES | VALUES)[name]
    target = world.fill(target).replace('"', "%22").replace("{", "%7B").replace("}", "%7D").replace("[", "%5B")
    target = target.replace("]", "%5D")
    is_refused(*ask(guard, me, method, target, world.fill(body)), word)


def statuses(answer):
    """Of each answer; 100 only asks for the body, and is none."""
    return [int(code) for code in re.findall(rb"^HTTP/1\.1 (?!100)(\d{3})", answer, re.MULTILINE)]


def filled(world, text):
    """The words of a table of framing, as bytes."""
    return text.replace("/M", f"/{world.words['mine']}").replace("/V", f"/{world.words['victimid']}").encode("latin-1")


@pytest.mark.parametrize("name", FRAMING | ODD_FRAMING)
def test_framing(world, guard, me, name):
    found = statuses(guard.raw(me, filled(world, (FRAMING | ODD_FRAMING)[name])))
    assert found in ([], *([code] for code in REFUSED))


@pytest.mark.parametrize("name", HIDDEN | ODD_HIDDEN)
def test_what_is_hidden_behind(world, guard, me, name):
    found = statuses(guard.raw(me, filled(world, (HIDDEN | ODD_HIDDEN)[name])))
    assert 1 <= len(found) <= 2
    assert not [code for code in found[1:] if code not in REFUSED]


ABSENT = {
    "containers": ("GET", "/containers/{}/json", "victimname victim victimid victimshort by byid"),
    "containers to remove": ("DELETE", "/containers/{}?force=1", "victimname victim victimid victimshort by byid"),
    "networks": ("GET", "/networks/{}", "vnet vnetid bynet bynetid"),
    "volumes": ("GET", "/volumes/{}", "vvol vanon byvol"),
    "images": ("GET", "/images/{}/json", "vtag vimage bytag"),
    "execs": ("GET", "/exec/{}/json", "vexec"),
}
NEVER = {64: "0123456789abcdef" * 4, 12: "fedcba987654", 71: "sha256:" + "0123456789abcdef" * 4}


@pytest.mark.parametrize("kind", ABSENT)
def test_what_is_anothers_is_as_what_never_was(world, guard, me, kind):
    """The same status and the same words, by name, by id and by a short id."""
    method, target, words = ABSENT[kind]
    for key in words.split():
        word = world.words[key]
        never = NEVER.get(len(word), "never-used:1" if "tag" in key else "never-used")
        theirs = ask(guard, me, method, target.format(word))
        nobodys = ask(guard, me, method, target.format(never))
        assert theirs[0] == nobodys[0] == 404
        assert said(theirs[1]).replace(word, "X") == said(nobodys[1]).replace(never, "X")
