"""What differs between two states of an exercise's files, as HTML: in words and signs as well as in color."""

from __future__ import annotations

import difflib
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

AROUND = 3  # lines that are shown around a change
MARKS = {"-": ("del", "-"), "+": ("ins", "+")}


def render(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Render what changed, file by file.

    Args:
        before: the files' texts, by path.
        after: the same files later.

    Returns:
        HTML, every text in it escaped; "" where nothing differs.
    """
    return "".join(_file(path, before.get(path, ""), text) for path, text in after.items())


def _file(path: str, before: str, after: str) -> str:
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), n=AROUND, lineterm=""))
    if not lines:
        return ""
    rows = "".join(_rows(lines[2:]))  # without the two lines that name the files
    return f'<p><strong><code>{escape(path)}</code></strong></p><pre class="diff" tabindex="0">{rows}</pre>'


def _rows(lines: list[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        if line.startswith("@@"):
            yield '<span class="gap">⋮\n</span>' if number else ""
        elif line[:1] in MARKS:
            tag, sign = MARKS[line[:1]]
            yield f"<{tag}>{sign} {escape(line[1:])}\n</{tag}>"
        else:
            yield f"<span>  {escape(line[1:])}\n</span>"
