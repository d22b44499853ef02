from __future__ import annotations

import pytest

from labkit.dockerfile import Dockerfile

MULTI = """\
# a comment
ARG V=20
FROM --platform=linux/amd64 node:20-alpine AS build
RUN npm ci \\
    --omit=dev
FROM build AS test
FROM alpine:3.20
COPY --from=build /a /b
CMD ["node", "a b"]
"""


def test_stages_and_lines():
    parsed = Dockerfile(MULTI)
    assert parsed.stages == 3
    assert [str(i) for i in parsed.final] == ["FROM alpine:3.20", "COPY --from=build /a /b", 'CMD ["node", "a b"]']
    assert [(i.name, i.stage, i.line) for i in parsed.instructions][:3] == [
        ("ARG", -1, 2),
        ("FROM", 0, 3),
        ("RUN", 0, 4),
    ]
    assert parsed.instructions[2].value == "npm ci --omit=dev"
    assert parsed.final[-1].words == ("node", "a b")


def test_base_images_are_no_stages():
    assert Dockerfile(MULTI).base_images == ("node:20-alpine", "alpine:3.20")
    assert Dockerfile("ARG V\nFROM node:$V\nFROM scratch\n").base_images == ()


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        (MULTI, False),
        ("# syntax=docker/dockerfile:1\nFROM a\n", True),
        ("FROM a\nRUN --mount=type=cache,target=/x true\n", True),
        ("FROM a\nCOPY --chown=1:1 a b\n", False),
        ("FROM a\nCOPY --link a b\n", True),
        ("FROM a\nRUN <<EOF\ntrue\nEOF\n", True),
        ("FROM a\nRUN test 1 << 2\n", False),
        ("FROM a\nRUN echo --mount\n", False),
        ("", False),
        ("not a dockerfile", False),
    ],
)
def test_what_needs_buildkit(text, needs):
    assert Dockerfile(text).needs_buildkit is needs


@pytest.mark.parametrize("text", ["", "\n\n", "FROM", "# only a comment", "\x00\xff", "RUN \\", "FROM a AS"])
def test_anything_can_be_looked_at(text):
    parsed = Dockerfile(text)
    assert isinstance(parsed.instructions, tuple)
    assert parsed.base_images in ((), ("a",))


@pytest.mark.parametrize(
    ("text", "fetches"),
    [
        ("FROM a\nADD app.tar.gz /app/\n", False),
        ('FROM a\nADD --chown=1:1 ["a b.tar", "/x/"]\n', True),  # no address, but no plain path either
        ("FROM a\nADD --chmod=644 a b* ./\n", False),
        ("FROM a\nADD <<END /x\nhello\nEND\n", False),
        ("FROM a\nADD https://example.com/x /x\n", True),
        ("FROM a\nADD \\\n  git@example.com:a/b.git /x\n", True),
        ("FROM a\nADD $FILE /x\n", True),
        ('FROM a\nADD ["http://example.com", "/x"]\n', True),
        ("FROM a\nonbuild add http://example.com /x\n", True),
        ("FROM a\nRUN echo ADD http://example.com /x\n", False),
        ("FROM a\nCOPY http:/x /x\n", False),
    ],
)
def test_what_may_fetch_from_outside(text, fetches):
    assert (Dockerfile(text).fetches is not None) is fetches


@pytest.mark.parametrize(
    ("text", "escapes"),
    [
        ("# escape=`\nFROM a\n", True),
        ("#ESCAPE = ^\nFROM a", True),
        ("# escape=\\\nFROM a\n", False),
        ("FROM a\n", False),
    ],
)
def test_another_escape_character(text, escapes):
    assert Dockerfile(text).escapes is escapes


def test_images_that_are_mounted():
    mounts = "--mount=type=bind,from=c,target=/x --mount=from=b,target=/y --mount=type=cache,target=/z"
    text = f"FROM a AS b\nRUN {mounts} true"
    assert Dockerfile(text).sources == ("a", "c")
