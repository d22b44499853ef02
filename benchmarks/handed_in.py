"""A class of known worth for the benchmarks.

Each way of grading gets the same submissions, and removes what it has built.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from labkit.evidence import DOCKERFILE
from labkit.workspace import SourceFile, laid_over
from tests.engine import corpus

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from labkit.spec import Exercise

RIGHT_ONES = 4  # copies of each right one for a copy of each wrong one: some two thirds of the class are right


@dataclass(frozen=True)
class HandedIn:
    """One learner's submission.

    Attributes:
        learner: whose.
        dockerfile: its text.
        files: the build context: the starter's with the Dockerfile.
        points: what it is worth.
    """

    learner: str
    dockerfile: str
    files: Mapping[str, SourceFile]
    points: float


def handed_in(exercise: Exercise, copies: int) -> list[HandedIn]:
    """Give a class: an exercise's submissions of known worth.

    They share the layers that their first steps have in common, as those of a class do; each differs from all others
    in a last label, as two learners' right answers do in some word.

    Args:
        exercise: whose.
        copies: of each wrong one.
    """
    made, most = [], sum(spec.points for spec in exercise.checks)
    for number, case in enumerate(corpus.cases(exercise)):
        for copy in range(copies * (RIGHT_ONES if case.points == most else 1)):
            data = (case.folder / DOCKERFILE).read_bytes()
            marked = data.rstrip() + f'\nLABEL learner="{number}-{copy}"\n'.encode()
            snapshot = laid_over(exercise, {DOCKERFILE: SourceFile(marked)}, missing_is_starter=True)
            made.append(HandedIn(f"learner-{number:02}-{copy}", marked.decode(), snapshot.files, case.points))
    return made


def put(folder: Path, slug: str, everybody: list[HandedIn]) -> None:
    """Write submissions as folders, as `labkit grade` takes them."""
    for each in everybody:
        path = folder / each.learner / slug / DOCKERFILE
        path.parent.mkdir(parents=True)
        path.write_text(each.dockerfile, encoding="utf-8")
