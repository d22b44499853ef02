"""A session inside of BuildKit's own door: how it is opened, and one Dockerfile for several builds."""

from __future__ import annotations

import pytest

from labkit.guard.buildkit.opening import ID, KEY, METHODS, NAME, opening
from labkit.guard.buildkit.tunnel import Shared
from labkit.guard.ledger import Ledger
from labkit.guard.refusal import Malformed, Refused
from labkit.guard.seat import Seat

UUID, THEIRS, MINE = "a" * 25, "b" * 25, "c" * 25
DIFF = "/moby.filesync.v1.FileSync/DiffCopy"
COURSE = {"alpine:3.20": "sha256:" + "a" * 64, "alpine:3.21": "sha256:" + "b" * 64}


@pytest.fixture
def seat(tmp_path):
    book = Ledger(tmp_path / "ledger.db")
    Seat("bob", book).own("session", THEIRS, "open")
    it = Seat("ada", book, COURSE)
    it.own("session", MINE, "open")
    return it


def test_what_the_engine_gets(seat):
    given = [(":path", "/x"), (ID, UUID), (NAME, "n"), (KEY, "k"), (METHODS, DIFF), (METHODS, "/a.B/C"), ("x-y", "z")]
    expected = [(ID, UUID), (NAME, "n"), (KEY, "ada:k"), (METHODS, DIFF), (METHODS, "/a.B/C")]
    assert opening(given, seat) == (UUID, expected)


@pytest.mark.parametrize(
    "given",
    [
        [],
        [(ID, "short")],
        [(ID, "A" * 25)],
        [(ID, THEIRS)],
        [(ID, MINE)],
        [(ID, UUID), (ID, UUID)],
        [(ID, UUID), (KEY, "a"), (KEY, "bob:a")],
        [(ID, UUID), (NAME, "a\nb")],
        [(ID, UUID), (METHODS, "no path")],
        [(ID, UUID), *[(METHODS, DIFF)] * 33],
    ],
)
def test_what_is_no_session(seat, given):
    with pytest.raises(Malformed):
        opening(given, seat)


CHOSEN, FIXED = b"ARG V=3.20\nFROM alpine:$V\n", b"FROM alpine:3.20\nARG V\nRUN echo $V\n"


def test_builds_that_agree(seat):
    shared = Shared(seat)
    for _ in range(2):
        shared.agree({"V": "3.21"})
        assert shared.rewrite(CHOSEN).split(b"\n")[:2] == [b"ARG V=3.20", b"FROM alpine:3.21"]


def test_builds_that_do_not_agree_on_an_image(seat):
    shared = Shared(seat)
    shared.agree({"V": "3.20", "W": "1"})
    shared.agree({"V": "3.21", "W": "1"})
    assert shared.arguments == {"V": "$", "W": "1"}
    with pytest.raises(Refused, match="cannot tell which image"):
        shared.rewrite(CHOSEN)


@pytest.mark.parametrize("first", [{}, {"V": "3.20"}])
def test_a_build_that_comes_when_the_image_was_chosen(seat, first):
    shared = Shared(seat)
    shared.agree(first)
    shared.rewrite(CHOSEN)
    shared.agree(dict(first))
    with pytest.raises(Refused, match="one after another"):
        shared.agree({"V": "3.21"})


def test_arguments_that_choose_no_image_may_differ(seat):
    shared = Shared(seat)
    shared.agree({"V": "1"})
    before = shared.rewrite(FIXED)
    shared.agree({"V": "2"})
    assert shared.rewrite(FIXED) == before
