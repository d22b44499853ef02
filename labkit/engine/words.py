"""What a build or a start that failed says, put so that the person who wrote the Dockerfile can use it."""

from __future__ import annotations

import re
from itertools import takewhile

LONGEST = 240  # characters of a program's own words that a sentence takes in
COLOR = re.compile(r"\x1b\[[0-9;]*m")
PREFIX = re.compile(r"^(#\d+ \d+\.\d+ )?(npm (error|ERR!)\s*)?")  # BuildKit's time, npm's own word
EXIT = re.compile(r"(?:returned a non-zero code|exit code): (\d+)\s*$")
TELLING = re.compile(r"(?i)error\b|cannot|can't|can only|denied|not found|no such|not permitted|failed")
NOT_TELLING = re.compile(r"(?i)^code E|^errno ")
# The builder's own lines, of the classic one and of BuildKit.
BUILDER = re.compile(r"^(Step \d+/\d+ : |Removing intermediate |Sending build context |---> |#\d+ (?!\d+\.\d)|$)")
# An engine's words for what stands wrong in an image's configuration, and a sentence each.
# source: runc and moby, the errors of ContainerStart
START_FAULTS = (
    (re.compile(r"unable to find user ([^\s:]+)"), "The image's USER is {}, and it has no such user."),
    (re.compile(r"unable to find group ([^\s:]+)"), "The image's USER names the group {}, and it has no such group."),
    (
        re.compile(r'exec: \\?"([^"\\]+)\\?": .*(?:not found|no such file)'),
        "The container's command is {}, and the image has no such program.",
    ),
    (
        re.compile(r'exec: \\?"([^"\\]+)\\?": permission denied'),
        "The container's command is {}, which may not be executed.",
    ),
)


def build_fault(message: str, log: str) -> str:
    """Say why a build failed.

    Args:
        message: the builder's last word.
        log: what the failed program said, builder's own lines among it.
    """
    if "no build stage in current context" in message:
        return "there is no FROM above the first instruction."
    code = EXIT.search(message)
    if code is None:
        return message.strip()
    said = _said(log)
    return f"it ended with exit code {code[1]}" + (f" and said: {said}" if said else ".")


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
    for pattern, sentence in START_FAULTS:
        if found := pattern.search(message):
            return sentence.format(found[1])
    return ""
