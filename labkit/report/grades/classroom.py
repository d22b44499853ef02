"""For the reporter of the legacy GitHub Classroom: one JSON object for each learner, not yet in base64.

The reporter sends the sum of the tests' scores, but its table shows the share of tests that passed times ``max_score``.
Both agree only where all tests are worth the same. So a check that is worth more stands here as several tests, each
worth one unit: the largest number that all checks' points are multiples of. Two things the table cannot show, and the
sum that is sent can: the late policy, and the points of a check that could not be run, which gives its points but has
not passed. Where it would take too many tests, each check is one test, and the table is not to be trusted.

The learner can read this, so it does not tell what a hidden check is.
"""

from __future__ import annotations

from fractions import Fraction
from math import gcd, lcm
from typing import TYPE_CHECKING, Any

from labkit.report.grades.shared import dumps, entries, explained, granted, headline, masked, max_points, number
from labkit.result import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from labkit.result import Finding, Grade

VERSION = 3  # of the two that the reporter is given, the one whose scores may be fractions
MOST_TESTS = 200
STATUS = {Outcome.PASS: "pass", Outcome.FAIL: "fail", Outcome.TODO: "fail", Outcome.ERROR: "error"}


def render(grades: Sequence[Grade], about: Mapping[str, str]) -> str:  # noqa: ARG001  the same for every format
    """Render one learner's grades."""
    found = [(grade, finding) for grade, finding in entries(grades) if finding.points]
    findings = [finding for _, finding in found]
    unit = _unit(findings)
    tests = [test for grade, finding in found for test in _tests(grade, masked(finding), unit)]
    return dumps(
        {
            "version": VERSION,
            "status": _status([STATUS[finding.outcome] for finding in findings]),
            "max_score": max_points(findings),
            "tests": tests,
        }
    )


def _status(seen: Sequence[str]) -> str:
    return next((status for status in ("error", "fail") if status in seen), "pass" if seen else "fail")


def _unit(findings: Sequence[Finding]) -> Fraction | None:
    """What each test is worth, or None where that would take too many of them."""
    points = [Fraction(str(finding.points)) for finding in findings]
    if not points:
        return None
    factor = lcm(*(each.denominator for each in points))
    unit = Fraction(gcd(*(int(each * factor) for each in points)), factor)
    return unit if sum(points) / unit <= MOST_TESTS else None


def _tests(grade: Grade, finding: Finding, unit: Fraction | None) -> Iterator[dict[str, Any]]:
    count = int(Fraction(str(finding.points)) / unit) if unit else 1
    for place in range(1, count + 1):
        yield {
            "name": headline(grade, finding) + (f" ({place} of {count})" if count > 1 else ""),
            "status": STATUS[finding.outcome],
            "score": number(granted(grade, finding) / count),
            "message": explained(finding) if place == 1 else "",
            # The reporter's own graders write these three; there is nothing to say here.
            "test_code": "",
            "filename": "",
            "line_no": 0,
        }
