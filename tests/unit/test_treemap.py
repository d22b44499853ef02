"""The treemap: areas in proportion, and a text that says what is sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.pictures import context_treemap
from labkit.pictures.treemap import Box, squarify

ROOM = Box(10, 20, 600, 300)
FILES = {"big/a": 6_000_000, "big/b/c": 3_000_000, "app.js": 900, ".env": 20, "logs/a": 1_000_000, "empty": 0}


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=30))
def test_areas_are_in_proportion_and_fill_the_room(sizes):
    sizes.sort(reverse=True)
    boxes = squarify(sizes, ROOM)
    assert len(boxes) == len(sizes)
    for size, box in zip(sizes, boxes, strict=True):
        assert box.width * box.height == pytest.approx(600 * 300 * size / sum(sizes), rel=1e-6)
        assert box.x >= ROOM.x - 1e-6
        assert box.y >= ROOM.y - 1e-6
        assert box.x + box.width <= ROOM.x + ROOM.width + 1e-6
        assert box.y + box.height <= ROOM.y + ROOM.height + 1e-6


def test_equal_sizes_give_near_squares():
    assert all(0.5 <= box.width / box.height <= 2 for box in squarify([1] * 8, ROOM))


def test_nothing_gives_nothing():
    assert squarify([], ROOM) == []


def test_all_is_sent_where_nothing_is_left_out():
    assert context_treemap(FILES).text.splitlines() == [
        "10 MB of 10 MB are sent, 6 of 6 files",
        "    9 MB  big/    sent",
        "    1 MB  logs/   sent",
        "  < 1 kB  app.js  sent",
        "  < 1 kB  .env    sent",
        "    0 kB  empty   sent",
    ]


def test_what_stays_and_what_goes_in_part():
    assert context_treemap(FILES, ["big/a", "app.js", "elsewhere"]).text.splitlines() == [
        "6 MB of 10 MB are sent, 2 of 6 files",
        "    9 MB  big/    sent in part: 6 MB",
        "    1 MB  logs/   stays here",
        "  < 1 kB  app.js  sent",
        "  < 1 kB  .env    stays here",
        "    0 kB  empty   stays here",
    ]


def test_what_is_too_small_to_see_is_named():
    words = " ".join(text.text for text in context_treemap(FILES, ["app.js"]).drawing.iter("text"))
    assert "too small to see: app.js (sent), .env (stays here)" in words


def test_many_small_ones_take_several_lines():
    figure = context_treemap({"big": 10**9} | {f"file-with-a-name-{n}": 1 for n in range(30)})
    lines = [text.text for text in figure.drawing.iter("text") if "file-with" in text.text]
    assert len(lines) > 3
    assert max(map(len, lines)) <= 109
