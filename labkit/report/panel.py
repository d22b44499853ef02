"""For the notebook's panel: the findings as a list, in words as well as in color."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from labkit.result import Outcome
from labkit.status import FINDINGS
from labkit.words import mark, say

if TYPE_CHECKING:
    from labkit.result import Finding, Report

# In the order in which they are shown.
GROUPS = {
    Outcome.ERROR: mark("Trouble"),
    Outcome.FAIL: mark("Not yet"),
    Outcome.TODO: mark("To do"),
    Outcome.PASS: mark("Passed"),
}


def render(report: Report) -> str:
    """Render the findings for the panel's styles, what is to be done first; every text is escaped."""
    groups = ([f for f in report.findings if f.outcome is outcome] for outcome in GROUPS)
    return "".join(_group(group) for group in groups if group)


def _group(findings: list[Finding]) -> str:
    outcome = findings[0].outcome
    title = f"<h4>{escape(say(GROUPS[outcome]))} <span>({len(findings)})</span></h4>"
    return f'{title}<ul class="findings">{"".join(map(_item, findings))}</ul>'


def _item(finding: Finding) -> str:
    shown = FINDINGS[finding.outcome]
    head = (
        f'<span class="word"><span aria-hidden="true">{shown.sign}</span> {escape(shown.word)}</span> '
        f"<strong>{prose(finding.title or finding.check)}</strong>"
    )
    wanted = (
        say("What to do") if finding.outcome is Outcome.ERROR else say("Wanted")
    )  # of an error, run.py puts its fix there
    said = [(say("Seen"), finding.saw), (wanted, finding.want), (say("Why"), finding.why)]
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{prose(text)}</dd>" for name, text in said if text)
    begin = f'<li class="finding {finding.outcome.value}">'
    if not rows:
        return f'{begin}<div class="finding-head">{head}</div></li>'
    # What is right or untouched needs no explanation, but has one for whoever asks.
    is_open = " open" if finding.outcome in (Outcome.FAIL, Outcome.ERROR) else ""
    return f'{begin}<details{is_open}><summary class="finding-head">{head}</summary><dl>{rows}</dl></details></li>'


def prose(text: str) -> str:
    """Escape a sentence; what stands in `backticks` becomes code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))
