"""For a learner: a page with all results, what was seen where a check did not pass, and what they stand on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from labkit.report.grades.page import page
from labkit.report.grades.shared import masked, remarks
from labkit.result import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from labkit.result import Finding, Grade

STATES = {
    Outcome.PASS: "everything passed",
    Outcome.FAIL: "not there yet",
    Outcome.TODO: "not finished",
    Outcome.ERROR: "a person will look at it",
}
PUBLIC = "public checks passed"


@dataclass(frozen=True, slots=True)
class Part:
    """One exercise on the page.

    Attributes:
        grade: the learner's result.
        state: that result in words.
        findings: those of the grade, without what is hidden.
        remarks: what is told besides, a sentence each.
    """

    grade: Grade
    state: str
    findings: tuple[Finding, ...]
    remarks: list[str]


def render(grades: Sequence[Grade], about: Mapping[str, str]) -> str:
    """Render one learner's grades."""
    return page(
        "learner.html",
        title=about.get("title") or "Your results",
        parts=[
            Part(grade, _state(grade), tuple(map(masked, grade.report.findings)), remarks(grade)) for grade in grades
        ],
        points=sum(grade.points for grade in grades),
        most=sum(grade.max_points for grade in grades),
        open_points=sum(grade.open_points for grade in grades),
    )


def _state(grade: Grade) -> str:
    """How the exercise went, in words that claim nothing about hidden checks that did not pass."""
    public = [finding for finding in grade.report.findings if not finding.hidden]
    if public and not grade.report.passed and all(finding.outcome is Outcome.PASS for finding in public):
        return PUBLIC
    return STATES[grade.report.outcome]
