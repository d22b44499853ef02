"""The same from a terminal: `labkit list|start|check|watch|hint|reset|solution`, and what keeps the lab running."""

from __future__ import annotations

import itertools
import os
import sys
from pathlib import Path

import click
import watchfiles

from labkit import course, ledger, station
from labkit.attempt import Attempt
from labkit.cli_bundle import bundle
from labkit.cli_dev import dev
from labkit.cli_engine import engine as engine_group
from labkit.cli_grade import grade, regrade, similar
from labkit.cli_images import images as images_group
from labkit.cli_progress import export, import_, progress
from labkit.engine import connect
from labkit.errors import LabError
from labkit.guard.cli import guard as guard_group
from labkit.kept import Kept
from labkit.progress import shown
from labkit.report import RENDERERS
from labkit.result import Outcome
from labkit.sandbox import settled
from labkit.status import STATUSES
from labkit.words import say

LOOK_EVERY = 500  # ms between two looks at the files where no event comes
EXIT = {Outcome.PASS: 0, Outcome.FAIL: 1, Outcome.TODO: 1, Outcome.ERROR: 3}


class _Group(click.Group):
    """A group whose commands end with an error's three sentences instead of a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except LabError as error:
            click.secho(str(error), fg="red", err=True)
            ctx.exit(2)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="labkit")
@click.pass_context
def main(ctx: click.Context) -> None:
    """Learn Docker by doing."""
    if ctx.invoked_subcommand != "guard":
        return
    from labkit.images import COURSE_IMAGES  # noqa: PLC0415  slow to import, and only needed here

    ctx.default_map = {"guard": {name: {"images": COURSE_IMAGES} for name in ("serve", "clear")}}
    if book := station.newest_book():
        os.environ.setdefault("LABKIT_LEDGER", str(book))


@main.command("list")
def list_() -> None:
    """List the exercises and how far you are."""
    width = max(8, *(len(each.word) for each in STATUSES.values()))
    for exercise in course.exercises():
        status = STATUSES[Attempt(exercise).note.status].word
        click.echo(f"{exercise.slug:24} {status:{width}} {exercise.minutes:3} min  {exercise.title}")


@main.command()
@click.argument("exercise")
def start(exercise: str) -> None:
    """Make your folder for an exercise and show the task."""
    attempt = Attempt(course.exercise(exercise))
    folder = attempt.folder
    click.echo(attempt.exercise.task)
    command = os.environ.get("LABKIT_COMMAND", "labkit")  # `./lab` is what a person may have typed
    click.echo(
        say(
            "Your files: {folder}\nEdit {files}, then: {command} check {exercise}",
            folder=folder,
            files=", ".join(attempt.exercise.files),
            command=command,
            exercise=exercise,
        )
    )


@main.command()
@click.argument("exercise")
@click.option("--format", "form", type=click.Choice(sorted(RENDERERS)), default="text", show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write there instead of here.")
@click.option("--anew", is_flag=True, help="Build again, also where these files were checked before.")
def check(exercise: str, form: str, output: Path | None, *, anew: bool) -> None:
    """Check an exercise. Exit code: 0 passed, 1 not yet, 2 wrong use, 3 trouble that is not yours."""
    with shown() as progress:
        report = Attempt(course.exercise(exercise)).check(progress, anew=anew)
    text = RENDERERS[form](report)
    if output:
        output.write_text(text, encoding="utf-8")
    else:
        click.echo(text, nl=False)
    sys.exit(EXIT[report.outcome])


@main.command()
@click.argument("exercise")
def watch(exercise: str) -> None:
    """Check again whenever you save, until everything passes or you press Ctrl-C."""
    attempt, checked = Attempt(course.exercise(exercise)), ""
    changes = watchfiles.watch(attempt.folder, yield_on_timeout=True, rust_timeout=LOOK_EVERY, raise_interrupt=False)
    for _ in itertools.chain([()], changes):
        # By content: what is saved during the first check, before the watch has begun, raises no event.
        if (found := _contents(attempt)) != checked:
            checked = found
            if _check_once(attempt):
                return
            click.echo(say("Watching {folder} (Ctrl-C ends)", folder=attempt.folder))


def _contents(attempt: Attempt) -> str:
    """Give the digest of the files as they are now, or what is wrong with them."""
    try:
        return attempt.workspace.snapshot(attempt.exercise).digest
    except LabError as error:
        return str(error)


def _check_once(attempt: Attempt) -> bool:
    """Check and show; trouble is shown too and does not end the watch."""
    try:
        with shown() as progress:
            report = attempt.check(progress)
    except LabError as error:
        click.secho(str(error), fg="red")
        return False
    click.echo(RENDERERS["text"](report))
    return report.passed


@main.command()
@click.argument("exercise")
def hint(exercise: str) -> None:
    """Show the next hint."""
    number, total, text = Attempt(course.exercise(exercise)).hint()
    click.echo(say("Hint {number} of {total}: {text}", number=number, total=total, text=text))


@main.command()
@click.argument("exercise")
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(exercise: str, *, yes: bool) -> None:
    """Begin an exercise anew; your files are kept in a dated folder."""
    attempt = Attempt(course.exercise(exercise))
    if not yes:
        click.confirm(say("Put the starter files back? Yours are kept in a dated folder."), abort=True)
    kept = attempt.reset()
    click.echo(
        say("The starter files are back. Yours are in {kept}", kept=kept)
        if kept
        else say("The starter files are there.")
    )


@main.command()
@click.argument("exercise")
@click.option("--yes", is_flag=True, help="Do not ask.")
def solution(exercise: str, *, yes: bool) -> None:
    """Show the solution: at once after a pass, else after a confirmation."""
    attempt = Attempt(course.exercise(exercise))
    if not (yes or attempt.note.passed):
        click.confirm(say("You have not passed this exercise yet. Show the solution all the same?"), abort=True)
    files, why = attempt.solution()
    for name, text in files.items():
        click.echo(f"--- {name}\n{text}")
    click.echo(why)


@main.command()
def doctor() -> None:
    """Say what the lab finds on this machine: the engine, the base images, the course."""
    from labkit.images import status  # noqa: PLC0415  slow to import, and only needed here

    engine = connect()
    about = engine.about
    click.echo(
        say("Engine    {about} (API {api}), found through {source}", about=about, api=about.api, source=about.source)
    )
    click.echo(f"          {about.os}/{about.arch}, {about.storage_driver}, cgroup v{about.cgroup}")
    for image in status(engine):
        click.echo(say("Image     {image}", image=image))
    click.echo(say("Course    {exercises} exercises in {root}", exercises=len(course.exercises()), root=course.root()))


@main.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def clean(*, yes: bool) -> None:
    """Remove from the engine all that the lab and your docker commands in it made; base images and your files stay."""
    if not yes:
        click.confirm(
            say("Remove the lab's containers, networks, volumes and images, and yours in it, from the engine?"),
            abort=True,
        )
    engine = connect()
    settled()
    ledger.sweep(engine)
    Kept(engine).forget()
    station.clear(engine)
    click.echo(say("Removed. The next check builds everything anew."))


main.add_command(bundle)
main.add_command(dev)
main.add_command(export)
main.add_command(grade)
main.add_command(import_)
main.add_command(progress)
main.add_command(regrade)
main.add_command(similar)
main.add_command(engine_group)
main.add_command(guard_group)
main.add_command(images_group)


if __name__ == "__main__":
    main()
