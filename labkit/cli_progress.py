"""How far a learner is: `labkit progress`, and `labkit export|import` to go on elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from labkit import course
from labkit.history import History
from labkit.moving import bring
from labkit.moving import export as write
from labkit.overview import overview
from labkit.status import STATUSES, Status
from labkit.words import say
from labkit.workspace import Workspace

if TYPE_CHECKING:
    from labkit.overview import Standing

COLORS: dict[Status, str] = {"to do": "dim", "not yet": "yellow", "done": "green", "trouble": "red"}


@click.command()
def progress() -> None:
    """Show how far you are: each exercise, its points, your checks and your time, and what is next."""
    now = overview()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in (say("Exercise"), say("Title"), say("Status")):
        table.add_column(name)
    for name in (say("Points"), say("Checks"), say("Time")):
        table.add_column(name, justify="right")
    for each in now.standings:
        table.add_row(each.exercise.slug, each.exercise.title, *_cells(each))
    console = Console()
    console.print(table)
    count = len(now.standings)
    console.print(
        "\n" + say("{passed} of {exercises} exercises passed.", passed=now.passed, exercises=count), highlight=False
    )
    if now.following:
        slug, notebook = now.following.exercise.slug, now.following.exercise.notebook
        console.print(say("Next: {slug}, in notebooks/{notebook}.ipynb", slug=slug, notebook=notebook), highlight=False)


def _cells(standing: Standing) -> tuple[str, ...]:
    note = standing.note
    shown, earlier = STATUSES[standing.status], say("(an earlier version)")
    again = f" [dim]{earlier}[/]" if note.changed else ""
    minutes = say("{minutes:.0f} min", minutes=note.seconds / 60) if note.attempts or note.seconds >= 60 else ""  # noqa: PLR2004  a minute
    return (
        f"[{COLORS[standing.status]}]{shown.sign}[/] {shown.word}{again}",
        f"{note.points:g}/{standing.most:g}",
        str(note.attempts or ""),
        minutes,
    )


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
def export(file: Path) -> None:
    """Write all that you have done, and your files, to FILE: to go on on another machine."""
    count = write(file, History(), Workspace(course.root()), course.exercises())
    click.echo(
        say(
            "{count} attempts, your predictions and your files are in {file}. There: labkit import {name}",
            count=count,
            file=file,
            name=file.name,
        )
    )


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_(file: Path) -> None:
    """Add what FILE has, which `labkit export` wrote elsewhere; nothing that you have here is lost."""
    moved = bring(file, History(), Workspace(course.root()), course.exercises())
    click.echo(
        say(
            "{attempts} attempts are new here; files of {files} exercises were in it.",
            attempts=moved.attempts,
            files=len(moved.files),
        )
    )
    for path in moved.beside:
        click.echo(say("You have other work here on that exercise, so its files are in {path}", path=path))
