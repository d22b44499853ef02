"""For a terminal: a line for each check, and three more where it did not pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.result import Outcome
from labkit.status import FINDINGS
from labkit.words import mark, say

if TYPE_CHECKING:
    from labkit.result import Finding, Report

CLOSING = {
    Outcome.PASS: mark("Well done: everything passed."),
    Outcome.FAIL: mark("Not there yet: mend what is named above, then check again."),
    Outcome.TODO: mark("Nothing is changed yet: edit the exercise's files, then check."),
    Outcome.ERROR: mark("Something went wrong that is not your fault; no points are lost. Try again."),
}


def render(report: Report) -> str:
    """Render a report as plain text, ending in a newline."""
    lines = [f"{report.exercise}: {report.title}", ""]
    for finding in report.findings:
        lines += _lines(finding)
    points = say("{points:g} of {most:g} points", points=report.points, most=report.max_points)
    lines += ["", say(CLOSING[report.outcome]), points]
    lines += [note for note in (report.not_run_note, report.since_note) if note]
    return "\n".join(lines) + "\n"


def _lines(finding: Finding) -> list[str]:
    shown, width = FINDINGS[finding.outcome], max(len(each.word) for each in FINDINGS.values())
    lines = [f"{shown.sign} {shown.word:{width}}  {finding.title}"]
    if finding.outcome in (Outcome.FAIL, Outcome.ERROR):
        said = ((say("Seen"), finding.saw), (say("Wanted"), finding.want), (say("Why"), finding.why))
        lines += [f"{' ' * (width + 6)}{name}: {text}" for name, text in said if text]
    return lines
