"""For Gradescope: what an autograder leaves in ``results.json``, one for each learner.

Scores are those after the late policy. A check that could not be run gives its full points, since an error never costs
any, and has no status: it neither passed nor failed. A hidden check is shown after the grades are published;
Gradescope then also keeps the total back until that day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labkit.report.grades.shared import dumps, entries, explained, granted, headline, number, remarks, seconds
from labkit.result import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from labkit.result import Finding, Grade

STATUS = {Outcome.PASS: "passed", Outcome.FAIL: "failed", Outcome.TODO: "failed"}


def render(grades: Sequence[Grade], about: Mapping[str, str]) -> str:  # noqa: ARG001  the same for every format
    """Render one learner's grades."""
    tests = [_test(f"{place}", grade, finding) for place, (grade, finding) in enumerate(entries(grades), 1)]
    said = [f"{grade.report.exercise}: {remark}" for grade in grades for remark in remarks(grade)]
    return dumps(
        {
            "score": number(sum(test["score"] for test in tests)),
            "execution_time": seconds(grades),
            "output": "\n".join(said),
            # Text, not the default: a name or a build's log must not be read as markup.
            "output_format": "text",
            "test_output_format": "text",
            "test_name_format": "text",
            "visibility": "visible",
            "extra_data": {"snapshots": {grade.report.exercise: grade.report.snapshot for grade in grades}},
            "tests": tests,
        }
    )


def _test(place: str, grade: Grade, finding: Finding) -> dict[str, Any]:
    status = STATUS.get(finding.outcome)
    return {
        "name": headline(grade, finding),
        "number": place,
        "score": number(granted(grade, finding)),
        "max_score": number(finding.points),
        **({"status": status} if status else {}),
        "output": explained(finding),
        "visibility": "after_published" if finding.hidden else "visible",
        "extra_data": {"outcome": finding.outcome.value},
    }
