"""All checks by name. A check is a function from evidence to a finding; its signature is its schema."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec

from labkit.result import Finding, Outcome
from labkit.words import mark

if TYPE_CHECKING:
    from collections.abc import Callable

    from labkit.evidence import Evidence

P = ParamSpec("P")
KILLED = 137  # the exit code after SIGKILL: 128 + 9
WHY_ASKED = mark(
    "`docker stop` sends SIGTERM and gives a grace period; then, as `docker kill` at once, it "
    "sends SIGKILL. No program can catch that: what it was doing is lost."
)


@dataclass(frozen=True, slots=True)
class Registered:
    """A check with its headline."""

    function: Callable[..., Finding]
    title: str


REGISTERED: dict[str, Registered] = {}
CHECKS: dict[str, Callable[..., Finding]] = {}


def check(
    title: str,
) -> Callable[[Callable[Concatenate[Evidence, P], Finding]], Callable[Concatenate[Evidence, P], Finding]]:
    """Register a function as a check under its own name.

    Args:
        title: its headline where an exercise gives none; ``{argument}`` is filled in.
    """

    def register(function: Callable[Concatenate[Evidence, P], Finding]) -> Callable[Concatenate[Evidence, P], Finding]:
        REGISTERED[function.__name__] = Registered(function, title)
        CHECKS[function.__name__] = function
        return function

    return register


def passed(saw: str) -> Finding:
    """The check passed: say what was seen."""
    return Finding(Outcome.PASS, saw)


def failed(saw: str, want: str, why: str) -> Finding:
    """The check failed: say what was seen, what was wanted, why it matters."""
    return Finding(Outcome.FAIL, saw, want, why)


for _module in sorted(path.stem for path in Path(__file__).parent.glob("*.py")):
    if _module not in ("__init__", "manual", "registry"):  # what they import is here already
        importlib.import_module(f"labkit.checks.{_module}")
