"""`docs/checks.md`, made from the checks: their headlines, signatures and docstrings, and what they refuse."""

from __future__ import annotations

import inspect
import re
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from labkit.checks.registry import REGISTERED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from labkit.checks.registry import Registered

HEAD = """\
# The checks

What an exercise can name under `[[checks]]` in its `exercise.toml`. This page is made by `labkit dev manual` from the
functions in `labkit/checks`; each function's signature is the schema of its arguments.

Every check also takes `points` (1 where not given), `title` (replaces the headline) and `details`, which says how much
a failure may tell: `"full"`, `"actual"` (what was seen, not what was wanted) or `"none"`.
"""


TABLE = """\
## What they refuse

Wrong submissions in `tests/wrong`, by the check that alone refuses each. `pytest tests/engine/test_exercises.py` proves
every one of them.

| check | exercise | wrong submissions |
|---|---|---|"""


def manual(refused: Iterable[tuple[str, str, str]]) -> str:
    """Return the page, as Markdown.

    Args:
        refused: of each wrong submission the check that refuses it, its exercise, and its own name.
    """
    entries = [_entry(name, one) for name, one in sorted(REGISTERED.items())]
    rows = [f"| `{check}` | {exercise} | {names} |" for (check, exercise), names in _grouped(refused)]
    return "\n".join([HEAD, *entries, TABLE, *rows, ""])


def _grouped(refused: Iterable[tuple[str, str, str]]) -> Iterator[tuple[tuple[str, str], str]]:
    for key, group in groupby(sorted(refused), itemgetter(0, 1)):
        yield key, ", ".join(name.replace("-", " ") for _, _, name in group)


def _entry(name: str, check: Registered) -> str:
    text, arguments = _docstring(check)
    parameters = list(inspect.signature(check.function).parameters.values())[1:]  # the first is the evidence
    lines = [f"## `{name}`\n", f"*{check.title}*\n", f"{text}\n"]
    for each in parameters:
        default = "required" if each.default is each.empty else f"default `{_toml(each.default)}`"
        lines.append(f"- `{each.name}` ({_type(each.annotation)}, {default}): {arguments[each.name]}")
    return "\n".join(lines) + ("\n" if parameters else "")


def _docstring(check: Registered) -> tuple[str, dict[str, str]]:
    """Split a docstring into its text, on one line a paragraph, and what it says of each argument."""
    text, _, rest = (inspect.getdoc(check.function) or "").partition("\nArgs:\n")
    arguments = {found[1]: " ".join(found[2].split()) for found in _arguments(rest)}
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.strip().split("\n\n")), arguments


def _arguments(text: str) -> Iterator[re.Match[str]]:
    return re.finditer(r"^    (\w+): (.*(?:\n {8}.*)*)", text, re.MULTILINE)


def _type(annotation: str) -> str:
    """The TOML word for a type."""
    words = {"str": "text", "int": "whole number", "float": "number", "list[str]": "list of texts", "None": ""}
    words["bool"] = "true or false"
    return " or ".join(filter(None, (words[part] for part in str(annotation).split(" | "))))


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "nothing" if value is None else f'"{value}"' if isinstance(value, str) else f"{value}"
