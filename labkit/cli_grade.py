"""`labkit grade|regrade|similar`: a folder of submissions in, points out."""

from __future__ import annotations

import itertools
import signal
import sys
import threading
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from labkit import course
from labkit.grading import in_english
from labkit.grading.book import Book
from labkit.grading.bundle import read_key
from labkit.grading.cluster import Cluster
from labkit.grading.from_bundles import grades_from_bundles
from labkit.grading.grading import Grading, Slow
from labkit.grading.here import Here
from labkit.grading.intake import submissions
from labkit.grading.job import Job, job
from labkit.grading.late import Late
from labkit.grading.output import BOOK, write
from labkit.grading.regrade import differences, keep
from labkit.grading.roster import Roster
from labkit.grading.similar import groups
from labkit.progress import shown
from labkit.report.grades import FORMATS
from labkit.report.grades.shared import visible
from labkit.result import Outcome
from labkit.workspace import starter_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from labkit.grading.job import Key, Record
    from labkit.progress import Progress
    from labkit.result import Grade
    from labkit.spec import Exercise

USUAL = ("json", "csv", "csv-wide", "class", "html")
REGRADED = "regraded"  # the folder, beside the book, of what differed
STOPPED, SET_ASIDE = 130, 3  # exit codes


def _date(_context: click.Context, _parameter: click.Parameter, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        raise click.BadParameter("write it as 2026-12-01T23:59 or 2026-12-01T23:59+01:00") from None


def _pairs(_context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    if wrong := [each for each in given if "=" not in each]:
        raise click.BadParameter(f"{wrong[0]!r} has no '='")
    return dict(each.split("=", 1) for each in given)


@click.command()
@click.argument("folder", metavar="SUBMISSIONS", type=click.Path(exists=True, path_type=Path))
@click.option("--exercises", required=True, help="Their names, with commas between.")
@click.option("-o", "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="For the results.")
@click.option("--roster", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="CSV of the class.")
@click.option("--due", callback=_date, help="When it was due, such as 2026-12-01T23:59+01:00.")
@click.option("--grace", default=0.0, help="Minutes after that which cost nothing.", show_default=True)
@click.option("--late-per-day", default=0.0, help="Percent of the points that each begun day costs.", show_default=True)
@click.option("--late-at-most", default=100.0, help="Percent that lateness costs at most.", show_default=True)
@click.option("--format", "formats", type=click.Choice(list(FORMATS)), multiple=True, default=USUAL, show_default=True)
@click.option("--about", callback=_pairs, multiple=True, metavar="KEY=VALUE", help="What a format needs to know.")
@click.option("--jobs", type=click.IntRange(min=0), default=0, help="Submissions at once; 0: as the engine can carry.")
@click.option("--cluster", default="", metavar="ADDRESS", help="Dask's scheduler, to grade on many machines.")
@click.option("--from-bundles", is_flag=True, help="SUBMISSIONS has evidence bundles; no engine is asked.")
@click.option("--key", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The course's, for bundles.")
@in_english
def grade(  # noqa: PLR0913  each is an option
    *,
    folder: Path,
    exercises: str,
    out: Path,
    roster: Path | None,
    due: datetime | None,
    grace: float,
    late_per_day: float,
    late_at_most: float,
    formats: tuple[str, ...],
    about: dict[str, str],
    jobs: int,
    cluster: str,
    from_bundles: bool,
    key: Path | None,
) -> None:
    """Grade a class: a folder of folders or archives, a checkout with branches, or a CSV with paths.

    What is graded already is not graded again, so it can be stopped and repeated. Exit code: 0 all is graded,
    2 wrong use, 3 some are set aside for a person, 130 stopped.
    """
    late = Late(due, timedelta(minutes=grace), late_per_day / 100, late_at_most / 100)
    asked = _exercises(exercises)
    try:  # before an hour of grading, not after it
        for name in formats:
            FORMATS[name].render([], about)
    except ValueError as error:
        raise click.UsageError(f"{error} Use --about KEY=VALUE.") from None
    if (from_bundles and (roster or jobs or cluster)) or (key and not from_bundles):
        raise click.UsageError("--roster, --jobs and --cluster are not for bundles, and --key is for nothing else")
    if from_bundles:
        stopped, grades = False, grades_from_bundles(folder, asked, late, read_key(key) if key else None)
    else:
        with Book(out / BOOK) as book, _stopping() as stop:
            grading = Grading(asked, book)
            grading.take(submissions(folder, asked, _roster(roster)))
            _do_open(grading, stop, partial(Cluster, cluster) if cluster else partial(Here, jobs))
            grades = grading.grades(late)
        stopped = stop.is_set()
    for path in write(out, grades, formats, about):
        click.echo(f"wrote {path}")
    sys.exit(_sum_up(grades, stopped=stopped))


def _do_open(grading: Grading, stop: threading.Event, place: Callable[[], Here | Cluster]) -> None:
    """Grade what has no result yet; without any, no engine is asked."""
    if grading.open:
        with place() as at, shown() as progress:
            proofs = grading.proofs(at.about)
            at.prove(proofs, _counted("try the solutions", len(proofs) * at.machines, grading.proved, progress), stop)
            at.work(grading.jobs(), _counted("grade", grading.open, grading.result, progress), stop)
            slow = grading.slow_jobs()
            once_more = _counted("grade once more, in calm", len(slow), grading.result, progress)
            at.work(iter(slow), once_more, stop, calm=True)


def _counted(what: str, total: int, done: Callable[[Record], None], progress: Progress) -> Callable[[Record], None]:
    """Give what to call with each result: it passes it on, and shows how far it is."""
    number = itertools.count(1)
    if total:
        progress(what, 0, total)

    def count(record: Record) -> None:
        done(record)
        progress(what, next(number), total)

    return count


@click.command()
@click.argument("results", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--exercises", default="", help="Only these, with commas between.")
@click.option("--jobs", type=click.IntRange(min=0), default=0, help="Submissions at once; 0: as the engine can carry.")
@in_english
def regrade(*, results: Path, exercises: str, jobs: int) -> None:
    """Grade all submissions of RESULTS again, and compare; what is recorded stays.

    Exit code: 0 all the same, 1 something differs, 2 wrong use, 130 stopped.
    """
    asked = _exercises(exercises) or course.exercises()
    known = {each.slug: each for each in asked}
    found: list[tuple[Record, Record]] = []
    with Book(results / BOOK) as book, _stopping() as stop, shown() as progress:
        # By what they are known by now: the course may have changed since.
        before = {
            job(known[each.report.exercise], book.files(each.key)).key: each
            for each in book.records()
            if each.report.exercise in known
        }
        slow = Slow()

        def done(now: Record) -> None:
            if not slow.waits(now):
                found.append((before[now.key], now))

        def again(keys: Iterable[Key]) -> Iterator[Job]:
            return (Job(key, before[key].report.exercise, book.files(before[key].key)) for key in keys)

        with Here(jobs) as at:
            at.work(again(before), _counted("grade again", len(before), done, progress), stop)
            calm = list(again(slow.found))
            at.work(iter(calm), _counted("grade again, in calm", len(calm), done, progress), stop, calm=True)
    differing = 0
    for old, now in sorted(found, key=lambda pair: (pair[0].report.exercise, pair[0].key.submission_hash)):
        if said := differences(old, now):
            differing += 1
            click.echo(f"{old.report.exercise} {old.key.submission_hash[:12]}: {' '.join(said)}")
            click.echo(f"  both with their evidence: {keep(results / REGRADED, old, now)}")
    click.echo(f"{len(found)} graded again, {differing} differ")
    sys.exit(STOPPED if stop.is_set() else min(differing, 1))


@click.command()
@click.argument("folder", metavar="SUBMISSIONS", type=click.Path(exists=True, path_type=Path))
@click.option("--exercises", required=True, help="Their names, with commas between.")
@click.option("--roster", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="CSV of the class.")
@click.option("--at-least", default=90, help="Percent that two have in common.", show_default=True)
@in_english
def similar(*, folder: Path, exercises: str, roster: Path | None, at_least: int) -> None:
    """List submissions that look alike: a hint for a person to look at, never a mark."""
    for exercise in _exercises(exercises):
        everybody = submissions(folder, [exercise], _roster(roster))
        found = groups(everybody, at_least=at_least / 100, starter=starter_files(exercise))
        click.echo(f"{exercise.slug}: {len(found)} groups that look alike" if found else f"{exercise.slug}: none")
        for group in found:
            click.echo(f"  {group.similarity:.0%}: {', '.join(map(visible, group.learners))}")
            for shared in group.shared:
                click.echo(f"      {visible(shared)}")


def _exercises(names: str) -> list[Exercise]:
    return [course.exercise(name.strip()) for name in names.split(",") if name.strip()]


def _roster(path: Path | None) -> Roster | None:
    return Roster.read(path) if path else None


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    """An event that the first Ctrl-C (or SIGTERM) sets; the second one ends at once."""
    stop = threading.Event()

    def asked(_number: int, _frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        click.echo("\nStopping: what is under way is finished. Once more ends at once.", err=True)

    before = {number: signal.signal(number, asked) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _sum_up(grades: list[Grade], *, stopped: bool) -> int:
    """Say what there is, and give the exit code."""
    aside = [grade for grade in grades if grade.set_aside]
    learners = len({grade.learner for grade in grades})
    click.echo(f"{learners} learners, {len(grades)} grades, {len(aside)} of them not decided yet")
    if stopped:
        click.echo("Stopped: what was graded is kept. Run the same command again to go on.")
        return STOPPED
    for each in aside:
        finding = next(f for f in each.report.findings if f.outcome is Outcome.ERROR)
        said = visible(f"{each.learner}, {each.report.exercise}: {finding.saw} {finding.why}")
        click.echo(f"set aside for a person: {said}")
    return SET_ASIDE if aside else 0
