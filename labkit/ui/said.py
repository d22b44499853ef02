"""What the panel says, as HTML for its message and as text for a cell."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from labkit.result import Outcome
from labkit.ui import markdown
from labkit.words import mark, say, say_many

if TYPE_CHECKING:
    from labkit.errors import LabError
    from labkit.result import Report
    from labkit.ui.controller import Remembered

CLOSING = {
    Outcome.PASS: ("done", mark("Well done.")),
    Outcome.FAIL: ("not yet", mark("Not yet.")),
    Outcome.TODO: ("to do", mark("Nothing to check yet.")),
    Outcome.ERROR: ("trouble", mark("Something went wrong that is not your fault.")),
}


@dataclass(frozen=True, slots=True)
class Said:
    """A message.

    Attributes:
        kind: "hint", "note", or a status; decides the color.
        head: its first words.
        text: the rest, as Markdown.
    """

    kind: str
    head: str
    text: str

    @property
    def message(self) -> dict[str, str]:
        """As the panel's trait wants it."""
        html = self.text if isinstance(self.text, Html) else markdown.render(self.text)
        return {"kind": self.kind, "head": self.head, "html": html}

    def __repr__(self) -> str:
        return f"{self.head} {self.text}".strip()


class Html(str):
    """HTML that is safe already."""

    __slots__ = ()


def of_report(report: Report) -> Said:
    """Say in one sentence how a check ended; the findings say the rest."""
    kind, head = CLOSING[report.outcome]
    good = sum(finding.outcome is Outcome.PASS for finding in report.findings)
    solution, below = say("Solution shows how the course does it, and why."), say("What was seen is below.")
    count = say("{good} of {all} checks passed.", good=good, all=len(report.findings))
    rest = {
        Outcome.PASS: f"{count} {solution}",
        Outcome.FAIL: f"{count} {below}",
        Outcome.TODO: say("Edit the exercise's files first, then check."),
        Outcome.ERROR: say("No points are lost. See below, then check again."),
    }
    return Said(kind, say(head), " ".join(filter(None, (rest[report.outcome], report.not_run_note, report.since_note))))


def of_effort(note: Remembered) -> str:
    """Say how much work there was: "3 checks, 12 minutes"; "" where there was none."""
    checks = say_many("{count} check", "{count} checks", note.attempts) if note.attempts else ""
    minutes = round(note.seconds / 60)
    time = say_many("{count} minute", "{count} minutes", minutes) if minutes else ""
    earlier = say("an earlier version was passed") if note.changed else ""
    return ", ".join(filter(None, (checks, time, earlier)))


def of_error(error: LabError) -> Said:
    """Say what happened, why it matters and what to do."""
    parts = [f"<p>{escape(error.why)}</p>" if error.why else "", _to_do(escape(error.fix))]
    return Said("trouble", error.what, Html("".join(parts).replace("\n", "<br>")))


def of_bug(error: BaseException) -> Said:
    """Say that the lab itself is at fault, with what its authors need to know folded away."""
    details = escape("".join(traceback.format_exception(error)))
    fix, summary = say("check again; if it comes again, report it with the details."), say("Details")
    html = (
        f"<p>{escape(type(error).__name__)}: {escape(str(error))}</p>"
        f"{_to_do(fix)}"
        f"<details><summary>{summary}</summary><pre>{details}</pre></details>"
    )
    return Said("trouble", say("The lab itself has a fault here; your work is not touched."), Html(html))


def _to_do(html: str) -> str:
    head = say("What to do")
    return f"<p><b>{head}:</b> {html}</p>"
