"""A class of known worth, from what the tests of the exercises have: solutions, odd right answers, wrong ones.

    python tests/engine/corpus.py make FOLDER [EXERCISE…]
    labkit grade FOLDER --exercises … -o RESULTS    # those that `make` has named
    python tests/engine/corpus.py compare FOLDER RESULTS

Learner `n` hands in the n-th of each exercise, so that one grading meets them all. FOLDER-worth.csv, beside the folder,
says what each is worth.
"""

from __future__ import annotations

import csv
import json
import shutil
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import click

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


def worths(folder):
    return folder.with_name(f"{folder.name}-worth.csv")


@click.group()
def main():
    """Make a class of known worth, and see whether it was graded so."""


@main.command("make")
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("names", nargs=-1)
def make_(folder, names):
    """Write a class; of all exercises, or of those that are named."""
    exercises = [course.exercise(name) for name in names] or course.exercises()
    worth = make(folder, exercises)
    with worths(folder).open("w", newline="", encoding="utf-8") as file:
        rows = [(*key, points) for key, points in worth.items()]
        csv.writer(file).writerows([("learner", "exercise", "points"), *rows])
    click.echo(f"{len(worth)} submissions of {','.join(each.name for each in exercises)}")


@main.command()
@click.argument("folder", type=click.Path(exists=True, path_type=Path))
@click.argument("results", type=click.Path(exists=True, path_type=Path))
def compare(folder, results):
    """List each grade that is not what the submission is worth; exit code 1 where there is one."""
    with worths(folder).open(newline="", encoding="utf-8") as file:
        worth = {(row["learner"], row["exercise"]): float(row["points"]) for row in csv.DictReader(file)}
    grades = json.loads((results / "grades.json").read_text(encoding="utf-8"))["grades"]
    given = {(each["learner"], each["exercise"]): each["points"] for each in grades}
    differing = [key for key in worth.keys() | given.keys() if worth.get(key, 0) != given.get(key)]
    for learner, exercise in sorted(differing):
        wanted, got = worth.get((learner, exercise), 0), given.get((learner, exercise))
        click.echo(f"{learner} {exercise}: worth {wanted:g}, got {got}")
    click.echo(f"{len(worth)} submissions, {len(differing)} of them not graded as they are worth")
    sys.exit(bool(differing))


if __name__ == "__main__":
    main()
