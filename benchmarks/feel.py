"""How a check feels: what it takes on top of the engine's own work, and whether the notebook goes on meanwhile.

`python -m benchmarks.feel` takes about two minutes and prints a table for README.md. The engine's own work is the same
builds and the same service, asked for by the SDK and nothing else. Each round changes the Dockerfile's last line, as a
learner does who tries again. A check takes away what it ran when its verdict is there; so both are measured to the
answer of the service or the verdict, and in all.
"""

from __future__ import annotations

import os
import secrets
import statistics
import tempfile
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click
import docker

from benchmarks.__main__ import timed
from benchmarks.grading import built, remove, serving
from labkit import course
from labkit.attempt import Attempt
from labkit.engine import connect
from labkit.evidence import DOCKERFILE
from labkit.sandbox import settled
from labkit.workspace import SourceFile, Workspace

if TYPE_CHECKING:
    from labkit.engine import Engine
    from labkit.spec import Exercise

# By exercise: the file that a check edits for a second build, if it makes one.
EDITED = {"first-check": "", "layer-order": "src/index.js"}
TICK = 0.005  # seconds between two signs of life of the kernel's main thread
MARK = '\nENV FEEL="{}"\n'


@dataclass
class Seconds:
    """What was measured of one exercise, in seconds, a value for each round."""

    engine: list[float] = field(default_factory=list)
    engine_in_all: list[float] = field(default_factory=list)
    check: list[float] = field(default_factory=list)
    check_in_all: list[float] = field(default_factory=list)
    again: list[float] = field(default_factory=list)
    gap: list[float] = field(default_factory=list)


def own_work(client: docker.DockerClient, files: dict[str, SourceFile], edited: str) -> tuple[list[str], float, float]:
    """Do what the engine has to do for a check whatever is looked at.

    Returns:
        The images that it made; the seconds until the service had answered, and until it was taken away.
    """
    begin = time.perf_counter()
    images = [built(client, files)]
    if edited:
        source = files[edited].data + f"\n// {secrets.token_hex(4)}\n".encode()
        images.append(built(client, {**files, edited: SourceFile(source)}))
    with serving(client, images[0]):
        answered = time.perf_counter()
    return images, answered - begin, time.perf_counter() - begin


def check(attempt: Attempt) -> float:
    """Check in a thread, as the panel does; give the longest time that this thread was not let on meanwhile."""
    thread = threading.Thread(target=attempt.check)
    thread.start()
    longest, last = 0.0, time.perf_counter()
    while thread.is_alive():
        time.sleep(TICK)
        now = time.perf_counter()
        longest, last = max(longest, now - last - TICK), now
    return longest


def measure(exercise: Exercise, engine: Engine, rounds: int) -> Seconds:
    """Do both, in turns."""
    client, found, images = docker.DockerClient(engine.url), Seconds(), []
    attempt, solution = Attempt(exercise, engine), Workspace(course.root()).solution(exercise)
    for number in range(rounds + 1):
        for who in ("engine", "check"):
            text = solution.text(DOCKERFILE).rstrip() + MARK.format(secrets.token_hex(4))
            if who == "engine":
                files = {**solution.files, DOCKERFILE: SourceFile(text.encode())}
                made, took, in_all = own_work(client, files, EDITED[exercise.name])
                images += made
            else:
                attempt.save(DOCKERFILE, text)
                gap, took = timed(lambda: check(attempt))
                report, again = timed(attempt.check)
                in_all = took + timed(settled)[1] + again
                if not (report.passed and report.since):
                    raise SystemExit(f"{exercise.slug} did not pass: {[each.saw for each in report.findings]}")
            if number:  # the first round makes what all others find
                getattr(found, who).append(took)
                getattr(found, f"{who}_in_all").append(in_all)
        if number:
            found.again.append(again)
            found.gap.append(gap)
    remove(client, images)
    return found


@click.command()
@click.option("--rounds", default=7, show_default=True)
def main(*, rounds: int) -> None:
    """Measure and print."""
    engine = connect()
    with tempfile.TemporaryDirectory(prefix="labkit-feel-") as own:
        for name in ("WORK", "DATA", "STATE"):
            os.environ[f"LABKIT_{name}"] = f"{own}/{name.lower()}"
        click.echo(f"{engine.about}; medians of {rounds}\n")
        click.echo("| exercise | engine | check | check / engine | in all | again | longest pause of the kernel |")
        click.echo("|---|---|---|---|---|---|---|")
        for name in EDITED:
            found = measure(course.exercise(name), engine, rounds)
            fields = (found.engine, found.check, found.engine_in_all, found.check_in_all, found.again)
            alone, took, alone_in_all, took_in_all, again = map(statistics.median, fields)
            row = (
                name,
                f"{alone:.2f} s",
                f"{took:.2f} s",
                f"{took / alone:.2f}, {1000 * (took - alone):+.0f} ms",
                f"{took_in_all / alone_in_all:.2f}",
                f"{1000 * again:.0f} ms",
                f"{1000 * max(found.gap):.0f} ms",
            )
            click.echo(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
