"""For classroom50: ``result.json`` by its schema ``classroom50/result/v1``, one for each learner.

That schema takes integers only, while checks may be worth half a point and a late policy may leave nine tenths of one.
So three rules:

1. All points are multiplied by one factor: the smallest that makes what every check is worth a whole number. It is 1
   where all points are whole, and at most 100; what is not whole even then is rounded up. It depends on what the checks
   are worth alone, so it is the same for all learners.
2. The whole score is rounded once, half a point in favour of the learner.
3. Each test's score is rounded down, and what is then missing from the whole score is given to the tests that lost most
   by that, one unit each. So the tests add up to the whole, and none has more than its maximum.

Each test also says its exact points. A check that could not be run gives its points, but has not passed. The learner
can read this file, so it does not tell what a hidden check is.
"""

from __future__ import annotations

from datetime import UTC
from fractions import Fraction
from math import ceil, floor, lcm
from typing import TYPE_CHECKING, Any

from labkit.report.grades.shared import ABOUT, dumps, entries, explained, granted, headline, masked, number
from labkit.result import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from labkit.result import Finding, Grade

SCHEMA = "classroom50/result/v1"
NEEDED = tuple(key for key in ABOUT if key != "title")
LARGEST_FACTOR = 100


def render(grades: Sequence[Grade], about: Mapping[str, str]) -> str:
    """Render one learner's grades.

    Raises:
        ValueError: where `about` lacks what the schema asks for.
    """
    if missing := [key for key in NEEDED if not about.get(key)]:
        raise ValueError(f"A result for classroom50 needs to be told: {', '.join(missing)}.")
    found = list(entries(grades))
    factor = _factor([finding for _, finding in found])
    scores = _whole([_exact(granted(grade, finding)) * factor for grade, finding in found])
    tests = [
        _test(grade, masked(finding), score, ceil(_exact(finding.points) * factor))
        for (grade, finding), score in zip(found, scores, strict=True)
    ]
    graded = [grade.provenance.graded for grade in grades if grade.provenance]
    return dumps(
        {
            "schema": SCHEMA,
            **{key: about[key] for key in NEEDED},
            **({"graded_at": max(graded).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")} if graded else {}),
            "score": sum(scores),
            "max-score": sum(test["max-score"] for test in tests),
            "tests": tests,
        }
    )


def _test(grade: Grade, finding: Finding, score: int, most: int) -> dict[str, Any]:
    return {
        "test-name": headline(grade, finding),
        "passed": finding.outcome is Outcome.PASS,
        "score": score,
        "max-score": most,
        "outcome": finding.outcome.value,
        "points": number(granted(grade, finding)),
        "max-points": number(finding.points),
        "message": explained(finding),
    }


def _exact(points: float) -> Fraction:
    return Fraction(str(number(points)))


def _factor(findings: Sequence[Finding]) -> int:
    return min(lcm(*(_exact(finding.points).denominator for finding in findings)), LARGEST_FACTOR)


def _whole(scores: Sequence[Fraction]) -> list[int]:
    """Integers that add up to the rounded sum, each at most one away from its fraction."""
    whole = [floor(score) for score in scores]
    missing = floor(sum(scores) + Fraction(1, 2)) - sum(whole)
    by_loss = sorted(range(len(scores)), key=lambda place: whole[place] - scores[place])
    for place in by_loss[:missing]:
        whole[place] += 1
    return whole
