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
    this = course.exercise(exercise)
    snapshot = Workspace(course.root()).snapshot(this)
    with shown() as progress:
        report, members = made(this, snapshot, connect(), progress)
    path = output or Path(f"{this.slug}.zip")
    write(path, members, secret)
    click.echo(f"wrote {path}: {report.points:g} of {report.max_points:g} points{', signed' if secret else ''}")
    if report.outcome is Outcome.ERROR:
        first = next(finding for finding in report.findings if finding.outcome is Outcome.ERROR)
        click.echo(f"Trouble that is not yours: {first.saw} What to do: {first.want}, then make it again.", err=True)
        sys.exit(TROUBLE)
