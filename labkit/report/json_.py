"""For programs: JSON by the schema in `report-v1.schema.json`, beside this file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labkit.result import Finding, Report

SCHEMA = "labkit/report/v1"


def render(report: Report) -> str:
    """Render a report as JSON, indented, ending in a newline."""
    return json.dumps(as_data(report), indent=2, ensure_ascii=False) + "\n"


def as_data(report: Report) -> dict[str, Any]:
    """A report as data that JSON can hold."""
    return {
        "schema": SCHEMA,
        "exercise": report.exercise,
        "title": report.title,
        "outcome": report.outcome.value,
        "points": report.points,
        "max_points": report.max_points,
        "snapshot": report.snapshot,
        "engine": report.engine,
        "findings": [finding_data(finding) for finding in report.findings],
    }


def finding_data(finding: Finding) -> dict[str, Any]:
    """A finding as data that JSON can hold."""
    return {
        "check": finding.check,
        "title": finding.title,
        "outcome": finding.outcome.value,
        "saw": finding.saw,
        "want": finding.want,
        "why": finding.why,
        "earned": finding.earned,
        "points": finding.points,
        "hidden": finding.hidden,
    }
