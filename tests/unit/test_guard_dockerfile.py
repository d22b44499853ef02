"""Dockerfiles written anew: no text leads to an image that the seat does not see, nor outside."""

from __future__ import annotations

import pytest

from labkit.guard.dockerfile import Dockerfile, is_harmless
from labkit.guard.ledger import Ledger
from labkit.guard.refusal import Refused
from labkit.guard.seat import HARMFUL, HARMLESS, Seat

COURSE = {"alpine:3.20": "sha256:" + "a" * 64, "node:20-alpine": "sha256:" + "b" * 64}
MINE, UNSEEN = "sha256:" + "c" * 64, "sha256:" + "d" * 64
ON_ENGINE = "labkit.invalid/ada/o/shop/web:1"


@pytest.fixture
def seat(tmp_path):
    found = Seat("ada", Ledger(tmp_path / "ledger.db"), COURSE)
    for name, image, known in (("shop/web:1", MINE, HARMLESS), ("trap:latest", UNSEEN, HARMFUL)):
        found.own("image", image, parent=known)
        found.own("tag", name, name, image)
    return found


def rewrite(seat, text, *, kit=False, **arguments):
    content = text.encode() if isinstance(text, str) else text
    return Dockerfile(seat, arguments, kit=kit).rewrite(content).decode()


ACCEPTED = {
    "plain": ("FROM alpine:3.20\nRUN true\n", "FROM alpine:3.20\nRUN true\n"),
    "small letters": ("from alpine:3.20\nrun true\n", "FROM alpine:3.20\nRUN true\n"),
    "Docker Hub's long name": ("FROM docker.io/library/alpine:3.20\n", "FROM alpine:3.20\n"),
    "one's own image": ("FROM shop/web:1\n", f"FROM {MINE}\n"),
    "one's own image by id": (f"FROM {MINE}\n", f"FROM {MINE}\n"),
    "scratch": ("FROM scratch\nCOPY a /a\n", "FROM scratch\nCOPY a /a\n"),
    "stages": (
        "FROM alpine:3.20 AS one\nFROM one as two\nCOPY --from=one /a /b\nCOPY --from=0 /a /c\n",
        "FROM alpine:3.20 AS one\nFROM one as two\nCOPY --from=one /a /b\nCOPY --from=0 /a /c\n",
    ),
    "a copy from an image": (
        "FROM scratch\nCOPY --from=shop/web:1 /a /\n",
        f"FROM scratch\nCOPY --from={MINE} /a /\n",
    ),
    "flags": (
        "FROM --platform=linux/amd64 alpine:3.20\nCOPY --chown=1:1 --chmod=755 a b /\n",
        "FROM alpine:3.20\nCOPY --chown=1:1 --chmod=755 a b /\n",
    ),
    "the builder's own platform": ("FROM --platform=$BUILDPLATFORM alpine:3.20\n", "FROM alpine:3.20\n"),
    "BuildKit's flags": (
        "FROM scratch\nCOPY --link --exclude=*.md a /\n",
        "FROM scratch\nCOPY --link --exclude=*.md a /\n",
    ),
    "a variable with a default": ("ARG V=3.20\nFROM alpine:${V}\n", "ARG V=3.20\nFROM alpine:3.20\n"),
    "a variable from the command": ("ARG V\nFROM alpine:$V\n", "ARG V\nFROM alpine:3.20\n"),
    "a variable with a fallback": ("FROM alpine:${NONE:-3.20}\n", "FROM alpine:3.20\n"),
    "lines that go on": ("FROM alpine:3.20\nRUN a \\\n  && b\nRUN c\n", "FROM alpine:3.20\nRUN a   && b\n\nRUN c\n"),
    "a remark between": ("FROM alpine:3.20\nRUN a \\\n# why\n  && b\n", "FROM alpine:3.20\nRUN a   && b\n\n\n"),
    "a last line that goes on": ("FROM alpine:3.20\nRUN a \\", "FROM alpine:3.20\nRUN a"),
    "ends of lines as on Windows": ("FROM alpine:3.20\r\nRUN a\r\n", "FROM alpine:3.20\nRUN a\n"),
    "ADD of a file": ("FROM alpine:3.20\nADD app.tar.gz /app/\n", 'FROM alpine:3.20\nADD ["app.tar.gz", "/app/"]\n'),
    "a syntax line": ("# syntax=somebody/else\nFROM alpine:3.20\n", "\nFROM alpine:3.20\n"),
    "a trigger": ("FROM alpine:3.20\nONBUILD COPY . /app\n", "FROM alpine:3.20\nONBUILD COPY . /app\n"),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_accepted(seat, case):
    text, expected = ACCEPTED[case]
    assert rewrite(seat, text, V="3.20") == expected


REFUSED = {
    "an image from outside": "FROM redis\n",
    "another seat's image": "FROM labkit.invalid/bob/o/secret:1\n",
    "one's own by its name on the engine": f"FROM {ON_ENGINE}\n",
    "another's by id": "FROM sha256:" + "e" * 64 + "\n",
    "an image with triggers": "FROM trap\n",
    "a copy from outside": "FROM alpine:3.20\nCOPY --from=redis /a /\n",
    "a copy from a stage that is not done": "FROM alpine:3.20 AS me\nCOPY --from=me /a /\n",
    "a copy from a number too high": "FROM alpine:3.20\nCOPY --from=7 /a /\n",
    "a flag behind a backslash": "FROM alpine:3.20\nCOPY --fr\\om=redis /a /\n",
    "a flag in quotes": 'FROM alpine:3.20\nCOPY --f"rom"=redis /a /\n',
    "a flag after another": "FROM alpine:3.20\nCOPY --chown=1 --from=redis /a /\n",
    "a flag after a tab": "FROM alpine:3.20\nCOPY\t--chown=1\t--from=redis /a /\n",
    "a variable that nobody set": "FROM $NONE\n",
    "a variable within one": "ARG A=$B\nFROM $A\n",
    "ADD from an address": "FROM alpine:3.20\nADD http://127.0.0.1/a /\n",
    "ADD from an address in a variable": "FROM alpine:3.20\nENV A=http://127.0.0.1/a\nADD $A /\n",
    "ADD from an address in quotes": 'FROM alpine:3.20\nADD h"ttp:"//127.0.0.1/a /\n',
    "ADD from an address in JSON": 'FROM alpine:3.20\nADD ["http:\\u002f\\u002f127.0.0.1/a", "/"]\n',
    "ADD from a repository": "FROM alpine:3.20\nADD git@example.org:a/b.git /\n",
    "a trigger from an address": "FROM alpine:3.20\nONBUILD ADD http://127.0.0.1/a /\n",
    "a trigger that copies from an image": "FROM alpine:3.20\nONBUILD COPY --chown=1 --from=alpine:3.20 /a /\n",
    "a trigger that mounts an image": "FROM alpine:3.20\nONBUILD RUN --mount=from=alpine:3.20,target=/m a\n",
    "another platform": "FROM --platform=linux/s390x alpine:3.20\n",
    "another platform in a variable": "ARG P=linux/s390x\nFROM --platform=$P alpine:3.20\n",
    "a trigger within one": "FROM alpine:3.20\nONBUILD ONBUILD ADD http://127.0.0.1/a /\n",
    "another escape character": "# escape=`\nFROM alpine:3.20\nRUN a `\nFROM redis\n",
    "an unknown word": "FROM alpine:3.20\nFETCH redis\n",
    "a mark before the first word": b"\xef\xbb\xbfFROM redis\n",
    "a script": "FROM alpine:3.20\nRUN <<EOF\necho a\nEOF\n",
    "a here-document": "FROM alpine:3.20\nCOPY <<EOF /a\nFROM redis\nEOF\n",
    "a here-document that hides a stage": 'FROM scratch\nRUN <<"RUN "\nFROM scratch AS bob\nFROM scratch\nRUN \n',
    "a stage with an image's name": "FROM alpine:3.20 AS labkit.invalid/bob/o/secret:1\n",
    "FROM with more words": "FROM alpine:3.20 redis\n",
    "no UTF-8": b"FROM alpine:3.20\nRUN echo \xb4\n",
    "nothing after FROM": "FROM \n FROM redis\n",
    "odd flags": "FROM --x=y alpine:3.20\n",
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(seat, case):
    with pytest.raises(Refused):
        rewrite(seat, REFUSED[case])


@pytest.mark.parametrize("end", ["\\", "\\ ", "\\\t", "\\\r", "\\\v", "\\\x0b\x0c", " # \\"])
@pytest.mark.parametrize("hidden", ["FROM redis", "from\tredis", "\x0cFROM redis", "\u2028FROM redis"])
def test_what_a_line_hides_is_never_an_instruction_of_its_own(seat, end, hidden):
    """However two readers take the end of a line: what stands first on a line that is sent on was judged."""
    try:
        text = rewrite(seat, f"FROM alpine:3.20\nRUN echo {end}\n{hidden}\n")
    except Refused:
        return
    first = [line.split(" ", 1)[0] for line in text.split("\n") if line]
    assert first == ["FROM", "RUN"]
    assert not text.rstrip("\n").endswith("\\")


KIT = {
    "a cache": ("RUN --mount=type=cache,target=/c a", "RUN --mount=type=cache,target=/c a"),
    "a mount of a stage": ("RUN --mount=type=bind,from=one,target=/o a", "RUN --mount=type=bind,from=one,target=/o a"),
    "a mount of an image": ("RUN --mount=FROM=shop/web:1,target=/o a", f"RUN --mount=from={ON_ENGINE},target=/o a"),
    "no network": ("RUN --network=none a", "RUN --network=none a"),
}


@pytest.mark.parametrize("case", KIT)
def test_buildkits_flags(seat, case):
    line, expected = KIT[case]
    text = rewrite(seat, f"FROM alpine:3.20 AS one\nFROM one AS two\n{line}\n", kit=True)
    assert text.split("\n")[2] == expected


@pytest.mark.parametrize(
    "flag",
    [
        "--mount=from=redis,target=/o",
        "--mount=from=two,target=/o",
        "--mount=fr\\om=redis,target=/o",
        '--mount="from=redis",target=/o',
        "--mount=from=$A,target=/o",
        "--network=host",
        "--security=insecure",
    ],
)
def test_buildkits_flags_that_lead_elsewhere(seat, flag):
    with pytest.raises(Refused):
        rewrite(seat, f"FROM alpine:3.20 AS one\nFROM one AS two\nRUN {flag} a\n", kit=True)


@pytest.mark.parametrize(
    ("triggers", "harmless"),
    [
        ([], True),
        (["COPY . /app", "RUN make"], True),
        (["ADD http://127.0.0.1/a /"], False),
        (["COPY --from=labkit.invalid/bob/o/secret:1 / /"], False),
        (["RUN a \\"], False),
        (["RUN --mount=type=bind,from=labkit.invalid/bob/o/secret:1,target=/m a"], False),
        (["RUN --mount=type=bind,FROM=alpine:3.20,target=/m a"], False),
        (["RUN --security=insecure a"], False),
        (["RUN\t--mount=from=alpine:3.20 a"], False),
        (["RUN a\nFROM redis"], False),
        (["from redis"], False),
    ],
)
def test_triggers(seat, triggers, harmless):
    assert is_harmless(triggers, seat) is harmless


def test_a_message_names_what_there_is(seat):
    with pytest.raises(Refused, match=r"no image 'redis' here.*alpine:3\.20, node:20-alpine, shop/web:1"):
        rewrite(seat, "FROM redis\n")


def test_here_documents_are_refused_in_words(seat):
    with pytest.raises(Refused, match="here-documents"):
        rewrite(seat, "FROM alpine:3.20\nRUN <<EOF\necho a\nEOF\n", kit=True)
