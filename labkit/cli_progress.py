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
from labkit.workspace import Workspace

if TYPE_CHECKING:
    from labkit.overview import Standing

SIGNS = {"to do": "[dim]○[/]", "not yet": "[yellow]✗[/]", "done": "[green]✓[/]", "trouble": "[red]![/]"}


@click.command()
def progress() -> None:
    """Show how far you are: each exercise, its points, your checks and your time, and what is next."""
    now = overview()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("Exercise", "Title", "Status", "Points", "Checks", "Time"):
        table.add_column(name, justify="right" if name in ("Points", "Checks", "Time") else "left")
    for each in now.standings:
        table.add_row(each.exercise.slug, each.exercise.title, *_cells(each))
    console = Console()
    console.print(table)
    console.print(f"\n{now.passed} of {len(now.standings)} exercises passed.", highlight=False)
    if now.following:
        following = now.following.exercise
        console.print(f"Next: {following.slug}, in notebooks/{following.notebook}.ipynb", highlight=False)


def _cells(standing: Standing) -> tuple[str, ...]:
    note = standing.note
    status = "done" if note.passed else note.status
    again = " [dim](an earlier version)[/]" if note.changed else ""
    minutes = f"{note.seconds / 60:.0f} min" if note.attempts or note.seconds >= 60 else ""  # noqa: PLR2004  a minute
    return f"{SIGNS[status]} {status}{again}", f"{note.points:g}/{standing.most:g}", str(note.attempts or ""), minutes


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
def export(file: Path) -> None:
    """Write all that you have done, and your files, to FILE: to go on on another machine."""
    count = write(file, History(), Workspace(course.root()), course.exercises())
    click.echo(f"{count} attempts, your predictions and your files are in {file}. There: labkit import {file.name}")


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_(file: Path) -> None:
    """Add what FILE has, which `labkit export` wrote elsewhere; nothing that you have here is lost."""
    moved = bring(file, History(), Workspace(course.root()), course.exercises())
    click.echo(f"{moved.attempts} attempts are new here; files of {len(moved.files)} exercises were in it.")
    for path in moved.beside:
        click.echo(f"You have other work here on that exercise, so its files are in {path}")
