"""For continuous integration: JUnit XML, one test suite for each learner and exercise."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from labkit.report.grades.shared import number, visible
from labkit.report.junit import document, legal, suite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from labkit.result import Finding, Grade


def render(grades: Sequence[Grade], about: Mapping[str, str]) -> str:  # noqa: ARG001  the same for every format
    """Render all grades as a JUnit document."""
    return document(_suite(grade) for grade in grades)


def _suite(grade: Grade) -> ET.Element:
    # The class is learner.exercise: some readers drop cases of the same class and name, and show what stands before the
    # last dot as a folder. A slug has no dot.
    learner, exercise = visible(grade.learner), grade.report.exercise
    findings = [_seen(finding) for finding in grade.report.findings]
    element = suite(f"{learner}: {exercise}", f"{learner}.{exercise}", findings)
    if grade.provenance:
        element.set("time", f"{grade.provenance.seconds:.3f}")
        element.set("timestamp", grade.provenance.graded.isoformat())
    properties = ET.Element("properties")
    for name, value in _said(grade):
        ET.SubElement(properties, "property", name=name, value=legal(value))
    element.insert(0, properties)
    return element


def _seen(finding: Finding) -> Finding:
    saw, want, why = (visible(text, keep="\n") for text in (finding.saw, finding.want, finding.why))
    return replace(finding, title=visible(finding.title), saw=saw, want=want, why=why)


def _said(grade: Grade) -> list[tuple[str, str]]:
    said = [
        ("name", visible(grade.name)),
        ("points", f"{number(grade.points)}"),
        ("open_points", f"{number(grade.open_points)}"),
        ("max_points", f"{number(grade.max_points)}"),
        ("penalty", f"{number(grade.penalty)}"),
    ]
    hidden = [str(place) for place, finding in enumerate(grade.report.findings, 1) if finding.hidden]
    if hidden:
        said.append(("hidden", " ".join(hidden)))  # numbers of the cases that learners must not see yet
    return said + [("note", visible(note)) for note in grade.notes]
