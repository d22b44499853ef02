"""`labkit bundle`: a learner's files and what the checks stand on, in one file to hand in."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from labkit import course
from labkit.engine import connect
from labkit.grading.bundle import read_key, write
from labkit.grading.bundling import made
from labkit.progress import shown
from labkit.result import Outcome
from labkit.words import ENGLISH, say, spoken
from labkit.workspace import Workspace

TROUBLE = 3  # exit code


@click.command()
@click.argument("exercise")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="The file; EXERCISE.zip if none.")
@click.option("--key", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The course's key, to sign.")
def bundle(exercise: str, output: Path | None, key: Path | None) -> None:
    """Check an exercise, and make one file of your files and the evidence.

    It can be graded where there is no engine: `labkit grade --from-bundles`. Exit code: 0 it is made, 2 wrong use,
    3 it is made, and some checks met trouble that is not yours.
    """
    secret = read_key(key) if key else None
    with spoken(ENGLISH):  # what is handed in is in the language that it is graded in
        this = course.exercise(exercise)
    snapshot = Workspace(course.root()).snapshot(this)
    with shown() as progress:
        report, members = made(this, snapshot, connect(), progress)
    path = output or Path(f"{this.slug}.zip")
    write(path, members, secret)
    points, most = report.points, report.max_points
    if secret:
        click.echo(say("wrote {path}: {points:g} of {most:g} points, signed", path=path, points=points, most=most))
    else:
        click.echo(say("wrote {path}: {points:g} of {most:g} points", path=path, points=points, most=most))
    if report.outcome is Outcome.ERROR:
        first = next(finding for finding in report.findings if finding.outcome is Outcome.ERROR)
        click.echo(
            say(
                "Trouble that is not yours: {saw} What to do: {want}, then make it again.",
                saw=first.saw,
                want=first.want,
            ),
            err=True,
        )
        sys.exit(TROUBLE)
