"""For continuous integration: JUnit XML as pytest writes it, one test case for each check."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from labkit.result import Outcome

if TYPE_CHECKING:
    from labkit.result import Finding, Report

TAGS = {Outcome.FAIL: "failure", Outcome.ERROR: "error", Outcome.TODO: "skipped"}
# Characters that XML 1.0 cannot hold at all, also not escaped; a build's log may have them.
ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report) -> str:
    """Render a report as a JUnit document."""
    count = {outcome: sum(f.outcome is outcome for f in report.findings) for outcome in Outcome}
    suite = ET.Element(
        "testsuite",
        name=report.exercise,
        tests=str(len(report.findings)),
        failures=str(count[Outcome.FAIL]),
        errors=str(count[Outcome.ERROR]),
        skipped=str(count[Outcome.TODO]),
    )
    for finding in report.findings:
        _case(suite, report.exercise, finding)
    suites = ET.Element("testsuites", name="labkit")
    suites.append(suite)
    ET.indent(suites)
    return ET.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: ET.Element, exercise: str, finding: Finding) -> None:
    case = ET.SubElement(suite, "testcase", classname=exercise, name=_legal(f"{finding.check}: {finding.title}"))
    if tag := TAGS.get(finding.outcome):
        child = ET.SubElement(case, tag, message=_legal(finding.saw))
        child.text = _legal("\n".join(part for part in (finding.want, finding.why) if part))


def _legal(text: str) -> str:
    return ILLEGAL.sub("\ufffd", text)
