"""For the notebook's panel: the findings as a list, in words as well as in color."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from labkit.result import Outcome

if TYPE_CHECKING:
    from labkit.result import Finding, Report

WORDS = {
    Outcome.PASS: ("✓", "pass"),
    Outcome.FAIL: ("✗", "not yet"),
    Outcome.TODO: ("·", "to do"),
    Outcome.ERROR: ("!", "trouble"),
}


def render(report: Report) -> str:
    """Render the findings as an HTML list for the panel's styles; every text is escaped."""
    return f'<ul class="findings">{"".join(map(_item, report.findings))}</ul>' if report.findings else ""


def _item(finding: Finding) -> str:
    sign, word = WORDS[finding.outcome]
    head = (
        f'<div class="finding-head"><span class="word"><span aria-hidden="true">{sign}</span> {word}</span> '
        f"<strong>{prose(finding.title or finding.check)}</strong></div>"
    )
    wanted = "What to do" if finding.outcome is Outcome.ERROR else "Wanted"  # of an error, run.py puts its fix there
    said = [("Seen", finding.saw), (wanted, finding.want), ("Why", finding.why)]
    if finding.outcome in (Outcome.PASS, Outcome.TODO):
        said = []  # what is right or untouched needs no explanation
    rows = "".join(f"<dt>{name}</dt><dd>{prose(text)}</dd>" for name, text in said if text)
    return f'<li class="finding {finding.outcome.value}">{head}{f"<dl>{rows}</dl>" if rows else ""}</li>'


def prose(text: str) -> str:
    """Escape a sentence; what stands in `backticks` becomes code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))
