"""How much memory a grading takes, for a small class and for a large one.

`python -m benchmarks.grading_memory` grades one submission on the engine. Then a process grades 100 others, and one
3,000, with that result for each: all but the engine's own work is as it is, from the folder to the pages.
"""

from __future__ import annotations

import os
import pickle
import resource
import subprocess
import sys
import tempfile
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from labkit import course
from labkit.cli_grade import USUAL
from labkit.engine import connect
from labkit.evidence import DOCKERFILE
from labkit.grading.book import Book
from labkit.grading.grading import Grading
from labkit.grading.intake import submissions
from labkit.grading.job import do, job
from labkit.grading.late import Late
from labkit.grading.output import write
from labkit.grading.pool import Pool
from labkit.workspace import Workspace

if TYPE_CHECKING:
    from labkit.grading.job import Job, Record

EXERCISE = "non-root"
SMALL, LARGE = 100, 3000
SAMPLE = "LABKIT_BENCH_SAMPLE"  # an environment variable: where the one result is


def as_the_sample(this: Job) -> Record:
    """Give the one result there is, as that of any job."""
    record: Record = pickle.loads(Path(os.environ[SAMPLE]).read_bytes())  # noqa: S301  written below
    return replace(record, key=this.key)


def child(folder: Path) -> None:
    """Grade a folder, and say the peak memory of this process and of the largest of its own, in KiB."""
    exercise = course.exercise(EXERCISE)
    with Book(folder / "book.sqlite") as book:
        grading = Grading([exercise], book)
        grading.take(submissions(folder / "class", [exercise], None))
        with Pool(2, lambda: None) as pool:
            pool.work(grading.jobs(), grading.result, threading.Event(), do=as_the_sample)
        write(folder / "results", grading.grades(Late()), USUAL, {})
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    click.echo(" ".join(str(resource.getrusage(kind).ru_maxrss) for kind in kinds))


def measured(number: int, sample: Path) -> tuple[int, int]:
    """Peak memory for a class of so many, in KiB."""
    text = (course.root() / "solutions" / course.exercise(EXERCISE).slug / DOCKERFILE).read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="labkit-bench-") as scratch:
        for learner in range(number):
            path = Path(scratch) / "class" / f"learner-{learner:04}" / DOCKERFILE
            path.parent.mkdir(parents=True)
            path.write_text(f"{text}# {learner}\n", encoding="utf-8")
        program = [sys.executable, "-m", "benchmarks.grading_memory", scratch]
        done = subprocess.run(
            program, env={**os.environ, SAMPLE: str(sample)}, check=True, stdout=subprocess.PIPE, text=True
        )
        own, largest = map(int, done.stdout.split())
        return own, largest


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
def main(folder: Path | None) -> None:
    """Measure and print; with FOLDER, be one of the processes that are measured."""
    if folder:
        child(folder)
        return
    exercise = course.exercise(EXERCISE)
    record = do(job(exercise, Workspace(course.root()).answer(exercise)))
    with tempfile.NamedTemporaryFile(prefix="labkit-bench-") as sample:
        sample.write(pickle.dumps(record))
        sample.flush()
        found = [measured(number, Path(sample.name)) for number in (SMALL, LARGE)]
    click.echo(f"{connect().about}; peak memory, one run each\n")
    click.echo(f"| what | {SMALL} submissions | {LARGE} submissions | ratio |\n|---|---|---|---|")
    for what, few, many in zip(("the command", "each of its processes"), *found, strict=True):
        click.echo(f"| {what} | {few / 1024:.0f} MiB | {many / 1024:.0f} MiB | {many / few:.2f} |")


if __name__ == "__main__":
    main()
