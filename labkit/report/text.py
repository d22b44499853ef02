"""For a terminal: a line for each check, and three more where it did not pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.result import Outcome

if TYPE_CHECKING:
    from labkit.result import Finding, Report

WORDS = {Outcome.PASS: "✓ pass   ", Outcome.FAIL: "✗ not yet", Outcome.TODO: "· to do  ", Outcome.ERROR: "! trouble"}
CLOSING = {
    Outcome.PASS: "Well done: everything passed.",
    Outcome.FAIL: "Not there yet: mend what is named above, then check again.",
    Outcome.TODO: "Nothing is changed yet: edit the exercise's files, then check.",
    Outcome.ERROR: "Something went wrong that is not your fault; no points are lost. Try again.",
}


def render(report: Report) -> str:
    """Render a report as plain text, ending in a newline."""
    lines = [f"{report.exercise}: {report.title}", ""]
    for finding in report.findings:
        lines += _lines(finding)
    lines += ["", CLOSING[report.outcome], f"{report.points:g} of {report.max_points:g} points"]
    lines += [note for note in (report.not_run_note, report.since_note) if note]
    return "\n".join(lines) + "\n"


def _lines(finding: Finding) -> list[str]:
    lines = [f"{WORDS[finding.outcome]}  {finding.title}"]
    if finding.outcome in (Outcome.FAIL, Outcome.ERROR):
        said = (("Seen", finding.saw), ("Wanted", finding.want), ("Why", finding.why))
        lines += [f"             {name}: {text}" for name, text in said if text]
    return lines
