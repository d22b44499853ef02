"""A class of known worth, from what the tests of the exercises have: solutions, odd right answers, wrong ones.

    python tests/engine/corpus.py FOLDER [EXERCISE…]

Learner `n` hands in the n-th of each exercise, so that one grading meets them all. FOLDER/worth.csv, beside the
submissions, says what each is worth.
"""

from __future__ import annotations

import csv
import shutil
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from labkit import course

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Case:
    """One submission of known worth: its exercise, its files, its points."""

    exercise: str
    folder: Path
    points: float


def cases(exercise):
    """All cases of an exercise: the solution, the right ones, the wrong ones."""
    most = sum(spec.points for spec in exercise.checks)
    right = [ROOT / "solutions" / exercise.slug, *folders("right", exercise)]
    found = [Case(exercise.slug, folder, most) for folder in right if not (folder / "needs.toml").exists()]
    return found + [Case(exercise.slug, folder, most - lost(exercise, folder)) for folder in folders("wrong", exercise)]


def folders(kind, exercise):
    return sorted(path for path in (ROOT / "tests" / kind / exercise.slug).iterdir() if path.is_dir())


def lost(exercise, folder):
    """The points that a wrong submission loses: those of the check that refuses it, and of those that wait for it."""
    said = tomllib.loads((folder / "refused_by.toml").read_text())
    if "lost" in said:  # where the same check stands in an exercise twice
        return said["lost"]
    if said["check"] == "image_builds":
        return sum(spec.points for spec in exercise.checks)
    return sum(spec.points for spec in exercise.checks if said["check"] in (spec.use, spec.after))


def make(out, exercises):
    """Write the submissions; return the points by learner and exercise."""
    worth = {}
    for exercise in exercises:
        for number, case in enumerate(cases(exercise)):
            learner = f"learner-{number:02}"
            worth[learner, exercise.slug] = case.points
            for name in exercise.files:
                if (case.folder / name).is_file():
                    path = out / learner / exercise.slug / name
                    path.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(case.folder / name, path)
    return worth


def main():
    out, names = Path(sys.argv[1]), sys.argv[2:]
    worth = make(out, [course.exercise(name) for name in names] if names else course.exercises())
    with (out.parent / f"{out.name}-worth.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [("learner", "exercise", "points"), *((*key, points) for key, points in worth.items())]
        )
    print(f"{len(worth)} submissions")  # noqa: T201  it is a command


if __name__ == "__main__":
    main()
