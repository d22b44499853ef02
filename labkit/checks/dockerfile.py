"""Checks of a Dockerfile's text, for what only text can show; the file is parsed, never searched line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.checks.registry import check, failed, passed
from labkit.words import say

if TYPE_CHECKING:
    from labkit.dockerfile import Instruction
    from labkit.evidence import Evidence
    from labkit.result import Finding


@check("{name} is there")
def instruction_present(evidence: Evidence, *, name: str, value: str | None = None, stage: str = "final") -> Finding:
    """An instruction stands in the Dockerfile.

    Args:
        evidence: the evidence.
        name: the instruction, such as ``HEALTHCHECK``.
        value: what must follow it, compared word by word (exec form and shell form alike); None for anything.
        stage: "final" for the last stage only, "any" for all.
    """
    dockerfile = evidence.dockerfile
    where = dockerfile.final if stage == "final" else dockerfile.instructions
    wanted = f"{name} {value}" if value else name
    found = [i for i in where if i.name == name.upper()]
    if any(value is None or i.words == tuple(value.split()) or i.value == value for i in found):
        return passed(say("The Dockerfile has {wanted}.", wanted=wanted))
    return failed(
        say("The Dockerfile has {found}.", found=found[-1])
        if found
        else say("The Dockerfile has no {name}.", name=name),
        say("{wanted} in the last stage.", wanted=wanted)
        if stage == "final"
        else say("{wanted} in the Dockerfile.", wanted=wanted),
        say("This instruction leaves nothing behind that could be measured, so its text is what counts."),
    )


@check("{first} comes before {then}")
def instruction_order(evidence: Evidence, *, first: str, then: str) -> Finding:
    """One instruction stands before another in the last stage.

    Args:
        evidence: the evidence.
        first: beginning of the instruction that must come first, such as ``COPY package``.
        then: beginning of the one that must follow, such as ``RUN npm ci``.
    """
    final = evidence.dockerfile.final
    one, other = _first(final, first), _first(final, then)
    if one is not None and other is not None and one < other:
        return passed(say("{first} stands before {then}.", first=final[one], then=final[other]))
    missing = [text for text, place in ((first, one), (then, other)) if place is None]
    return failed(
        say("There is no {missing} in the last stage.", missing=missing[0])
        if missing
        else say("{then} stands before {first}.", then=then, first=first),
        say("{first} before {then}.", first=first, then=then),
        say("Instructions run from top to bottom, each on what those above it left."),
    )


def _first(instructions: tuple[Instruction, ...], beginning: str) -> int | None:
    words = beginning.split(maxsplit=1)
    name, rest = words[0].upper(), words[1] if len(words) > 1 else ""
    places = (n for n, i in enumerate(instructions) if i.name == name and i.value.startswith(rest))
    return next(places, None)
