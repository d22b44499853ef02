"""For the person who teaches: where the class stands, what is set aside, and which mistakes are common."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from labkit.report.grades.page import page
from labkit.report.grades.shared import by_learner, exercises
from labkit.result import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from labkit.result import Finding, Grade

SHADES = 5
MOST_COLUMNS = 5  # exercises that fit beside a learner's name on a narrow page; the gradebook has them all
MOST_WRONG, MOST_NAMES = 20, 5
# In this order: a hexadecimal id may begin with digits.
ID = re.compile(r"\b(?:sha256:)?(?=[0-9a-f]*[0-9])[0-9a-f]{7,64}\b")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
ID_SIGN, NUMBER_SIGN = "…", "#"


@dataclass(slots=True)
class Square:
    """How all learners did in one check.

    Attributes:
        exercise: its slug.
        number: the check's place in the exercise, from 1.
        title: the check's headline.
        hidden: whether learners cannot see it yet.
        count: how often each outcome was seen.
    """

    exercise: str
    number: int
    title: str
    hidden: bool
    count: Counter[Outcome] = field(default_factory=Counter)

    @property
    def share(self) -> float:
        """The share of learners that passed it."""
        return self.count[Outcome.PASS] / self.count.total()

    @property
    def shade(self) -> int:
        """Which of the shades it gets, 0 for the lowest share."""
        return min(int(self.share * SHADES), SHADES - 1)


@dataclass(slots=True)
class Wrong:
    """The same wrong answer of several learners.

    Attributes:
        square: the check.
        saw: what was seen, with signs for numbers and ids where they differ.
        grades: those in which it was seen.
    """

    square: Square
    saw: str
    grades: list[Grade]

    @property
    def named(self) -> list[Grade]:
        """As many of them as are named."""
        return self.grades[:MOST_NAMES]

    @property
    def others(self) -> int:
        """How many are not named."""
        return len(self.grades) - len(self.named)


@dataclass(frozen=True, slots=True)
class Learner:
    """One learner's row."""

    grades: Sequence[Grade]
    by_exercise: Mapping[str, Grade]

    @property
    def points(self) -> float:
        """Points earned for certain."""
        return sum(grade.points for grade in self.grades)

    @property
    def open_points(self) -> float:
        """Points that a person decides on."""
        return sum(grade.open_points for grade in self.grades)

    @property
    def max_points(self) -> float:
        """Points to be had."""
        return sum(grade.max_points for grade in self.grades)

    @property
    def words(self) -> list[str]:
        """What is special about it."""
        said = {"set aside": any(grade.set_aside for grade in self.grades)}
        said["late"] = any(grade.penalty for grade in self.grades)
        said["nothing done"] = all(grade.report.outcome is Outcome.TODO and not grade.points for grade in self.grades)
        return [word for word, is_so in said.items() if is_so]


def render(grades: Sequence[Grade], about: Mapping[str, str]) -> str:
    """Render the grades of a class."""
    squares = _squares(grades)
    titles = exercises(grades)
    learners = [Learner(own, {grade.report.exercise: grade for grade in own}) for own in by_learner(grades).values()]
    wrong = sorted(_wrong(grades, squares), key=lambda each: -len(each.grades))
    return page(
        "class.html",
        title=about.get("title") or "Results of the class",
        titles=titles,
        rows={slug: [square for square in squares.values() if square.exercise == slug] for slug in titles},
        width=max((number for _, number in squares), default=0),
        squares=sorted(squares.values(), key=lambda each: (each.exercise, each.number)),
        learners=learners,
        columns=list(titles) if len(titles) <= MOST_COLUMNS else [],
        aside=[(grade, _errors(grade)) for grade in grades if grade.set_aside],
        noted=[grade for grade in grades if grade.notes],
        wrong=wrong[:MOST_WRONG],
        more_wrong=len(wrong[MOST_WRONG:]),
    )


def normalised(saw: str) -> str:
    """What was seen, with a sign for each id and each number, so that the same mistake reads the same."""
    return NUMBER.sub(NUMBER_SIGN, ID.sub(ID_SIGN, saw))


def _squares(grades: Sequence[Grade]) -> dict[tuple[str, int], Square]:
    # By place, not by name: an exercise may use the same check twice.
    found: dict[tuple[str, int], Square] = {}
    for grade in grades:
        slug = grade.report.exercise
        for place, finding in enumerate(grade.report.findings, 1):
            title = finding.title or finding.check
            square = found.setdefault((slug, place), Square(slug, place, title, finding.hidden))
            square.count[finding.outcome] += 1
    return found


def _wrong(grades: Sequence[Grade], squares: Mapping[tuple[str, int], Square]) -> list[Wrong]:
    groups: dict[tuple[str, int, str], list[tuple[str, Grade]]] = {}
    for grade in grades:
        slug = grade.report.exercise
        for place, finding in enumerate(grade.report.findings, 1):
            if finding.outcome is Outcome.FAIL:
                groups.setdefault((slug, place, normalised(finding.saw)), []).append((finding.saw, grade))
    return [
        # Where all saw the very same, that says more than signs do.
        Wrong(squares[slug, place], group[0][0] if len({saw for saw, _ in group}) == 1 else saw, [g for _, g in group])
        for (slug, place, saw), group in groups.items()
    ]


def _errors(grade: Grade) -> list[Finding]:
    return [finding for finding in grade.report.findings if finding.outcome is Outcome.ERROR]
