"""What a Dockerfile says, for the few questions that only its text can answer."""

from __future__ import annotations

import io
import json
import re
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import takewhile
from typing import TYPE_CHECKING

from dockerfile_parse import DockerfileParser

if TYPE_CHECKING:
    from collections.abc import Mapping

NEEDS_BUILDKIT = {
    "RUN": ("--mount", "--network", "--security"),
    "COPY": ("--link", "--parents", "--exclude", "--chmod"),
    "ADD": ("--link", "--checksum", "--keep-git-dir", "--exclude", "--chmod"),
}
VARIABLE = re.compile(r"\$(?:\{(\w+)(?::-([^}]*))?\}|(\w+))")
DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
ESCAPE = re.compile(r"^\s*#\s*escape\s*=\s*[^\\\s]", re.IGNORECASE | re.MULTILINE)
LOCAL = re.compile(r"[A-Za-z0-9_./@+=,~*?\[\]-]+|<<.*")  # no address, and no variable that may hold one
MOUNTED = re.compile(r"--mount=(?:\S*,)?from=([^,\s]+)")
HEREDOC = re.compile(r"<<-?\s*[\"']?[A-Za-z_]")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction.

    Attributes:
        name: in capitals, such as ``COPY``.
        value: what follows, continued lines joined, spaces made single.
        stage: number of its stage, from 0; -1 before the first FROM.
        line: the line it begins on, from 1.
    """

    name: str
    value: str
    stage: int
    line: int

    def __str__(self) -> str:
        return f"{self.name} {self.value}"

    @property
    def words(self) -> tuple[str, ...]:
        """The value as words: exec form (JSON) and shell form alike."""
        try:
            parsed = json.loads(self.value)
        except (ValueError, RecursionError):  # the second from ten thousand brackets
            return tuple(self.value.split())
        return tuple(map(str, parsed)) if isinstance(parsed, list) else tuple(self.value.split())


def _default(value: str) -> tuple[str, str]:
    """Name and default of an ARG."""
    name, _, text = value.partition("=")
    return name, text.strip("\"'")


def _filled(word: str, given: Mapping[str, str]) -> str:
    """A word with its variables filled in: ``$NAME``, ``${NAME}`` and ``${NAME:-default}``."""
    found = VARIABLE.sub(lambda m: given.get(m[1] or m[3]) or m[2] or "", word)
    return found.strip("\"'")


def _is_flag(word: str) -> bool:
    return word.startswith("--")


class Dockerfile:
    """A parsed Dockerfile; text that is no Dockerfile has no instructions of use, and the engine says why.

    Args:
        text: its content.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def instructions(self) -> tuple[Instruction, ...]:
        """All instructions in order, comments left out."""
        found, stage = [], -1
        for entry in DockerfileParser(fileobj=io.BytesIO(self.text.encode())).structure:
            if entry["instruction"] == "COMMENT":
                continue
            stage += entry["instruction"] == "FROM"
            value = " ".join(entry["value"].split())
            found.append(Instruction(entry["instruction"], value, stage, entry["startline"] + 1))
        return tuple(found)

    def line_of(self, instruction: str) -> int:
        """The line on which an instruction begins, as a builder prints it; 0 where there is none like it."""
        name, _, value = " ".join(instruction.split()).partition(" ")
        lines = (i.line for i in self.instructions if (i.name, i.value) == (name.upper(), value))
        return next(lines, 0)

    @property
    def stages(self) -> int:
        """How many stages it has."""
        return 1 + max((i.stage for i in self.instructions), default=-1)

    @property
    def final(self) -> tuple[Instruction, ...]:
        """The instructions of the last stage."""
        last = self.stages - 1
        return tuple(i for i in self.instructions if i.stage == last and last >= 0)

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """Images that its stages begin with or copy from, variables filled in; stages of its own are left out."""
        given = dict(_default(i.value) for i in self.instructions if i.name == "ARG" and i.stage < 0)
        names, stages = [], {"scratch"}
        for instruction in self.instructions:
            words = [_filled(word, given) for word in instruction.value.split()]
            plain = [word for word in words if not _is_flag(word)]
            if instruction.name == "FROM" and plain:
                names += [plain[0]] * (plain[0].lower() not in stages)
                stages |= {plain[2].lower()} if [word.upper() for word in plain[1:2]] == ["AS"] and plain[2:] else set()
            elif instruction.name == "COPY":
                copied = [word.removeprefix("--from=") for word in words if word.startswith("--from=")]
                names += [name for name in copied if name.lower() not in stages and not name.isdigit()]
            elif instruction.name == "RUN":
                mounted = MOUNTED.findall(" ".join(words))
                names += [name for name in mounted if name.lower() not in stages]
        return tuple(dict.fromkeys(names))

    @property
    def fetches(self) -> Instruction | None:
        """The first ADD that may fetch from outside: the engine does that itself, with the machine's own network."""
        for instruction in self.instructions:
            kind, _, value = str(instruction).removeprefix("ONBUILD ").partition(" ")
            words = [w for w in replace(instruction, value=value).words if not _is_flag(w)]
            if kind.upper() == "ADD" and not all(LOCAL.fullmatch(word) for word in words):
                return instruction
        return None

    @property
    def escapes(self) -> bool:
        """Whether it changes the escape character, so that the builder and this class read different instructions."""
        return ESCAPE.search(self.text) is not None

    def based_on(self, stand_ins: Mapping[str, str]) -> str:
        """Its text with other base images: each name after FROM that ``stand_ins`` has, as it gives it."""
        lines = self.text.split("\n")
        for instruction in self.instructions:
            plain = [word for word in instruction.value.split() if not _is_flag(word)]
            if instruction.name == "FROM" and plain and plain[0] in stand_ins:
                place = instruction.line - 1
                pattern = rf"(?<=\s){re.escape(plain[0])}(?=\s|$)"
                lines[place] = re.sub(pattern, stand_ins[plain[0]], lines[place], count=1)
        return "\n".join(lines)

    @property
    def base_images(self) -> tuple[str, ...]:
        """Names after FROM that are no stage of this file, without those that hold a variable."""
        names, stages = [], set()
        for instruction in self.instructions:
            if instruction.name != "FROM":
                continue
            words = [w for w in instruction.value.split() if not w.startswith("--")]
            if words and words[0] not in stages and "$" not in words[0] and words[0] != "scratch":
                names.append(words[0])
            if len(words) == 3 and words[1].upper() == "AS":  # noqa: PLR2004  image AS name
                stages.add(words[2])
        return tuple(dict.fromkeys(names))

    @property
    def needs_buildkit(self) -> bool:
        """True where an instruction is one that the classic builder does not know."""
        if re.match(r"\s*#\s*syntax\s*=", self.text):
            return True
        for instruction in self.instructions:
            flags = [w.split("=")[0] for w in takewhile(_is_flag, instruction.value.split())]
            if any(flag in NEEDS_BUILDKIT.get(instruction.name, ()) for flag in flags):
                return True
            if instruction.name in ("RUN", "COPY", "ADD") and HEREDOC.search(instruction.value):
                return True
        return False
