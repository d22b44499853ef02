"""For a spreadsheet: a row for each check, or a row for each learner.

Names and what was seen come from learners, and a spreadsheet runs a cell that begins like a formula. Such a cell gets
an apostrophe in front; what cannot be seen is written out, also line breaks, so that a row is a line.
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from labkit.report.grades.shared import by_learner, exercises, number, visible
from labkit.result import Finding, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from labkit.result import Grade

LONG = (
    "learner",
    "name",
    "exercise",
    "number",
    "check",
    "title",
    "hidden",
    "outcome",
    "points",
    "max_points",
    "open_points",
    "penalty",
    "saw",
    "submitted",
    "source",
    "notes",
)
# Source: OWASP, CSV injection. The last four are the wide forms that East Asian keyboards give; blanks are skipped.
FORMULA = re.compile("[\t\r]|\\s*[=+\\-@\uff1d\uff0b\uff0d\uff20]")
NOTHING = Finding(Outcome.TODO, "", points=0)  # stands for an exercise without any finding, so that its learner is seen

Row = list[str | float]


def render_long(grades: Sequence[Grade], about: Mapping[str, str]) -> str:  # noqa: ARG001  the same for every format
    """Render a row for each learner, exercise and check; points are those after the late policy."""
    return _table(LONG, (row for grade in grades for row in _checks(grade)))


def render_wide(grades: Sequence[Grade], about: Mapping[str, str]) -> str:  # noqa: ARG001  the same for every format
    """Render a row for each learner, with the points of each exercise; empty where there is no grade for it."""
    slugs = list(exercises(grades))
    head = ("learner", "name", *slugs, "total", "max", "open_points", "set_aside")
    return _table(head, (_sums(own, slugs) for own in by_learner(grades).values()))


def _checks(grade: Grade) -> Iterator[Row]:
    for place, finding in enumerate(grade.report.findings or (NOTHING,), 1):
        left = 1 - grade.penalty
        yield [
            grade.learner,
            grade.name,
            grade.report.exercise,
            place,
            finding.check,
            finding.title,
            _word(finding.hidden),
            finding.outcome.value,
            finding.earned * left,
            finding.points,
            finding.points * left if finding.outcome is Outcome.ERROR else 0,
            grade.penalty,
            finding.saw,
            grade.submitted.isoformat() if grade.submitted else "",
            grade.source,
            " ".join(grade.notes),
        ]


def _sums(own: Sequence[Grade], slugs: Sequence[str]) -> Row:
    points = {grade.report.exercise: grade.points for grade in own}
    return [
        own[0].learner,
        own[0].name,
        *(points.get(slug, "") for slug in slugs),
        sum(grade.points for grade in own),
        sum(grade.max_points for grade in own),
        sum(grade.open_points for grade in own),
        _word(any(grade.set_aside for grade in own)),
    ]


def _table(head: Sequence[str], rows: Iterable[Row]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: str | float) -> str | float:
    if not isinstance(value, str):
        return number(value)  # written by us, so a minus is a minus
    return f"'{visible(value)}" if FORMULA.match(value) else visible(value)


def _word(yes: bool) -> str:  # noqa: FBT001  the word for it is all that this gives
    return "yes" if yes else "no"
