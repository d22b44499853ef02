"""What a build or a start that failed says, put so that the person who wrote the Dockerfile can use it."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING

from labkit.words import mark, say

if TYPE_CHECKING:
    from collections.abc import Sequence

KILLED = 128 + 9  # the exit code of what SIGKILL ended
LONGEST = 240  # characters of a program's own words that a sentence takes in
COLOR = re.compile(r"\x1b\[[0-9;]*m")
PREFIX = re.compile(r"^(#\d+ \d+\.\d+ )?(npm (error|ERR!)\s*)?")  # BuildKit's time, npm's own word
EXIT = re.compile(r"(?:returned a non-zero code|exit code): (\d+)\s*$")
TELLING = re.compile(r"(?i)error\b|cannot|can't|can only|denied|not found|no such|not permitted|failed")
NOT_TELLING = re.compile(r"(?i)^code E|^errno ")
# The builder's own lines, of the classic one and of BuildKit.
BUILDER = re.compile(r"^(Step \d+/\d+ : |Removing intermediate |Sending build context |---> |#\d+ (?!\d+\.\d)|$)")
NO_IMAGE = mark(
    "The image {name} is not on this engine, and no registry that answers has it. `labkit images "
    "prepare` brings back what the course needs."
)
NOT_COPIED = mark("there is no {name} in what it copies from, or .dockerignore leaves it out.")
# The builders' words, the classic one's and BuildKit's, and a sentence each; {name} is the first group.
# source: moby and buildkit, builder/dockerfile and frontend/dockerfile
BUILD_FAULTS = (
    (re.compile(r"no build stage in current context"), mark("there is no FROM above the first instruction.")),
    (re.compile(r"invalid from flag value (\S+?): "), mark("there is neither a stage nor an image named {name}.")),
    (re.compile(r"failed to do request: .*/v2/(?:library/)?(\S+)/manifests/"), NO_IMAGE),
    (re.compile(r"^COPY failed: .*stat (\S+): file does not exist"), NOT_COPIED),
    (re.compile(r"^lstat \S+/merged/(\S+): no such file"), NOT_COPIED),
    (re.compile(r'^"/?(\S+)" not found: not found'), NOT_COPIED),
)
OUTER = re.compile(r"^(?:failed to solve[^:]*: |failed to create LLB definition: |failed to parse Dockerfile: )+")
# An engine's words for what stands wrong in an image's configuration, and a sentence each.
# source: runc and moby, the errors of ContainerStart
START_FAULTS = (
    (re.compile(r"unable to find user ([^\s:]+)"), mark("The image's USER is {name}, and it has no such user.")),
    (
        re.compile(r"unable to find group ([^\s:]+)"),
        mark("The image's USER names the group {name}, and it has no such group."),
    ),
    (
        re.compile(r'exec: \\?"([^"\\]+)\\?": .*(?:not found|no such file)'),
        mark("The container's command is {name}, and the image has no such program."),
    ),
    (
        re.compile(r'exec: \\?"([^"\\]+)\\?": permission denied'),
        mark("The container's command is {name}, which may not be executed."),
    ),
)


def build_fault(message: str, log: str) -> str:
    """Say why a build failed.

    Args:
        message: the builder's last word.
        log: what was said since its step began, the builder's own lines among it.
    """
    code = EXIT.search(message)
    if code is None:
        return _first_sentence(BUILD_FAULTS, message) or OUTER.sub("", message.strip())
    said = _said(log)
    if int(code[1]) == KILLED and not said:
        said = say(
            "nothing. Exit code 137 is 128 + 9, SIGKILL: it took more memory than a step may have, or was killed."
        )
    number = code[1]
    return (
        say("it ended with exit code {number} and said: {said}", number=number, said=said)
        if said
        else say("it ended with exit code {number}.", number=number)
    )


def _said(log: str) -> str:
    """The first lines that name what was wrong; stack traces are left out."""
    said = (COLOR.sub("", line).strip() for line in log.splitlines())
    lines = [PREFIX.sub("", line).strip() for line in said if not BUILDER.match(line)]
    lines = [line for line in lines if line and not NOT_TELLING.search(line)]
    first = next((n for n, line in enumerate(lines) if TELLING.search(line)), max(len(lines) - 1, 0))
    words = " ".join(takewhile(lambda line: not line.startswith(("at ", "{")), lines[first : first + 3]))
    return words if len(words) <= LONGEST else words[:LONGEST].rsplit(" ", 1)[0] + " …"


def start_fault(message: str) -> str:
    """Say why a container could not be started, or return "" where the image is not at fault."""
    return _first_sentence(START_FAULTS, message)


def _first_sentence(table: Sequence[tuple[re.Pattern[str], str]], message: str) -> str:
    """Give the sentence of the first pattern that is in the message, or ""."""
    found = ((pattern.search(message), sentence) for pattern, sentence in table)
    return next((say(sentence, name=match[match.lastindex or 0]) for match, sentence in found if match), "")
