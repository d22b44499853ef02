"""For programs: JSON by the schema in `grades-v1.schema.json`, beside this file. It holds all but the evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labkit.report.grades.shared import ABOUT, Rows, number, pieces
from labkit.report.json_ import finding_data

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from labkit.result import Grade, Provenance

SCHEMA = "labkit/grades/v1"


def render(grades: Sequence[Grade], about: Mapping[str, str]) -> Iterator[str]:
    """Render all grades, with what is told about them."""
    return pieces(
        {
            "schema": SCHEMA,
            "about": {key: about[key] for key in ABOUT if key in about},
            "grades": Rows(_grade, grades),
        }
    )


def _grade(grade: Grade) -> dict[str, Any]:
    return {
        "learner": grade.learner,
        "name": grade.name,
        "exercise": grade.report.exercise,
        "title": grade.report.title,
        "outcome": grade.report.outcome.value,
        "points": number(grade.points),
        "open_points": number(grade.open_points),
        "max_points": number(grade.max_points),
        "penalty": number(grade.penalty),
        "set_aside": grade.set_aside,
        "submitted": grade.submitted.isoformat() if grade.submitted else None,
        "source": grade.source,
        "notes": list(grade.notes),
        "snapshot": grade.report.snapshot,
        "engine": grade.report.engine,
        "provenance": _provenance(grade.provenance) if grade.provenance else None,
        "findings": [finding_data(finding) for finding in grade.report.findings],
    }


def _provenance(provenance: Provenance) -> dict[str, Any]:
    return {
        "course": provenance.course,
        "exercise_hash": provenance.exercise_hash,
        "engine": provenance.engine,
        "base_images": dict(provenance.base_images),
        "graded": provenance.graded.isoformat(),
        "seconds": number(provenance.seconds),
    }
