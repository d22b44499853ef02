"""For continuous integration: JUnit XML as pytest writes it, one test case for each check."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from labkit.result import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from labkit.result import Finding, Report

TAGS = {Outcome.FAIL: "failure", Outcome.ERROR: "error", Outcome.TODO: "skipped"}
# Characters that XML 1.0 cannot hold at all, also not escaped; a build's log may have them.
ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report) -> str:
    """Render a report as a JUnit document."""
    return document([suite(report.exercise, report.exercise, report.findings)])


def document(suites: Iterable[ET.Element]) -> str:
    """A whole document that holds the suites, ending in a newline."""
    root = ET.Element("testsuites", name="labkit")
    root.extend(suites)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def suite(name: str, classname: str, findings: Sequence[Finding]) -> ET.Element:
    """A suite with a test case for each finding.

    Args:
        name: the suite's name.
        classname: the class of its test cases: readers tell cases apart by this and their name.
        findings: in the order of the exercise.
    """
    count = {outcome: sum(f.outcome is outcome for f in findings) for outcome in Outcome}
    element = ET.Element(
        "testsuite",
        name=legal(name),
        tests=str(len(findings)),
        failures=str(count[Outcome.FAIL]),
        errors=str(count[Outcome.ERROR]),
        skipped=str(count[Outcome.TODO]),
    )
    for finding in findings:
        _case(element, legal(classname), finding)
    return element


def _case(suite: ET.Element, classname: str, finding: Finding) -> None:
    case = ET.SubElement(suite, "testcase", classname=classname, name=legal(f"{finding.check}: {finding.title}"))
    if tag := TAGS.get(finding.outcome):
        child = ET.SubElement(case, tag, message=legal(finding.saw))
        child.text = legal("\n".join(part for part in (finding.want, finding.why) if part))


def legal(text: str) -> str:
    """A text in which each character that XML cannot hold is replaced by U+FFFD."""
    return ILLEGAL.sub("\ufffd", text)
