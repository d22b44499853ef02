"""An ignore file is no Dockerfile, whatever the engine is told that it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.guard.buildkit.ignore import FIRST, ignored
from labkit.guard.refusal import Refused


@pytest.mark.parametrize(
    "text",
    [
        "FROM alpine",
        "  from alpine",
        "a\n\tFrOm\talpine",
        "FROM\valpine",
        "FROM\ralpine",
        "\u2003FROM alpine",
        "FR\\\nOM alpine",
        "FR\\ \t\nOM alpine",
        "\\",
    ],
)
def test_what_could_be_read_as_a_dockerfile(text):
    with pytest.raises(Refused, match="does not take"):
        ignored(text.encode())


@pytest.mark.parametrize(
    "text", ["", "node_modules\n!a\n**/*.log\n", "# FROM here on\n", "from\n", "fromage x\n", "FROM"]
)
def test_what_is_one(text):
    assert ignored(text.encode()).decode() == FIRST + text


@pytest.mark.parametrize("text", ["# syntax=x/y\na", "// syntax=x/y", '{"syntax": "x/y"}', "\ufeff# syntax=x/y"])
def test_no_directive_counts_after_a_line_that_is_none(text):
    first, *_ = ignored(text.encode()).decode().split("\n")
    assert (first + "\n", "=" in first) == (FIRST, False)


def test_bytes_that_are_no_text():
    with pytest.raises(Refused, match="UTF-8"):
        ignored(b"\xff")


@given(st.text(alphabet="FROMfrom \t\v\f\r\n\\#a\u2003\u0085"))
def test_the_engine_never_finds_a_stage_in_it(text):
    try:
        found = ignored(text.encode()).decode()
    except Refused:
        return
    # As the engine reads it (source: BuildKit, parser.go): lines by "\n", joined after a backslash, words by blanks.
    for line in found.split("\n"):
        assert not line.rstrip(" \t\r").endswith("\\") or line.lstrip().startswith("#")
        word, *more = line.strip().split(None, 1) or [""]
        assert word.lower() != "from" or not more
