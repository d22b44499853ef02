"""How fast a class is graded: beside what the engine can do at most, and beside other ways to grade the same class.

`python -m benchmarks.grading` takes about a quarter of an hour and prints a table for README.md. All ways get the same
submissions of one exercise, of known worth, and removes what it has built. nbgrader is left out where it is missing.
"""

from __future__ import annotations

import importlib.metadata
import io
import json
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import docker
import requests
from docker.errors import BuildError, DockerException, ImageNotFound

from benchmarks.__main__ import timed
from benchmarks.handed_in import HandedIn, handed_in, put
from labkit import course
from labkit.checks.registry import KILLED
from labkit.engine import connect
from labkit.engine.context import context_tar
from labkit.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from labkit.spec import Exercise
    from labkit.workspace import SourceFile

EXERCISE = "non-root"  # a build, a service, who runs it, and how it stops: what the loop by hand looks at, too
PORT, PATH = 3000, "/health"
UP_IN, STOPS_IN = 10, 5  # seconds, as in the exercise's checks

Points = dict[str, float]  # by learner


@dataclass
class Way:
    """A way to grade a class.

    Attributes:
        name: in the table.
        grade: gives the points by learner; none where the way does not judge.
        seconds: of each round.
        right: how many submissions got the points that they are worth, in the last round.
    """

    name: str
    grade: Callable[[list[HandedIn]], Points]
    seconds: list[float] = field(default_factory=list)
    right: int | None = None

    def round(self, exercise: Exercise, copies: int) -> None:
        """Grade the class once."""
        everybody = handed_in(exercise, copies)
        points, took = timed(lambda: self.grade(everybody))
        self.seconds.append(took)
        if points:
            self.right = sum(points[each.learner] == each.points for each in everybody)


def lab(exercise: Exercise, jobs: int, everybody: list[HandedIn]) -> Points:
    """Run the whole command, from the folder of submissions to the gradebook and the pages."""
    with tempfile.TemporaryDirectory(prefix="labkit-bench-") as scratch:
        folder = Path(scratch)
        put(folder / "class", exercise.slug, everybody)
        program = [sys.executable, "-c", "from labkit.cli import main; main()", "grade", str(folder / "class")]
        options = ["--exercises", exercise.name, "--jobs", str(jobs), "-o", str(folder / "results")]
        env = {**os.environ, "LABKIT_STATE": str(folder / "state")}
        subprocess.run([*program, *options], env=env, check=True, capture_output=True)
        found = json.loads((folder / "results" / "grades.json").read_text(encoding="utf-8"))
        return {each["learner"]: each["points"] for each in found["grades"]}


def floor(url: str, jobs: int, everybody: list[HandedIn]) -> Points:
    """Do what has to be done for a class whatever is looked at: builds, networks, containers up, all away again."""
    with ThreadPoolExecutor(jobs) as pool:
        images = [image for image in pool.map(partial(_up_and_away, url), everybody) if image]
    remove(docker.DockerClient(url), images)
    return {}


def _up_and_away(url: str, one: HandedIn) -> str:
    client = docker.DockerClient(url)
    image = built(client, one.files)
    if image:
        serve(client, image)
    return image


def serve(client: docker.DockerClient, image: str) -> None:
    """Let an image answer once, and take it away."""
    with serving(client, image):
        pass


@contextmanager
def serving(client: docker.DockerClient, image: str) -> Iterator[None]:
    """Let an image answer once, on a network of its own and within the lab's limits; at the end, take it away."""
    limits = Limits()
    network = client.networks.create(f"bench-{secrets.token_hex(6)}")
    bounds = {"mem_limit": limits.memory, "nano_cpus": int(limits.cpus * 1e9), "pids_limit": limits.pids}
    with running(client, image, network=network.name, **bounds) as container:
        answer(container)
        yield
    network.remove()


def by_hand(url: str, everybody: list[HandedIn]) -> Points:
    """Grade as a plain loop over Docker's SDK does, one after the other, with the same questions."""
    client, points, images = docker.DockerClient(url), {}, []
    for one in everybody:
        image = built(client, one.files)
        images += [image] if image else []
        points[one.learner] = _judged(client, image) if image else 0
    remove(client, images)
    return points


def _judged(client: docker.DockerClient, image: str) -> float:
    points = 1.0  # it builds
    with running(client, image) as container:
        good = answer(container)
        container.reload()
        if container.status == "running":
            users = [row[1] for row in container.top(ps_args="-eo pid,uid")["Processes"]]
            points += 2 * all(user.strip() != "0" for user in users)
            begin = time.monotonic()
            container.stop(timeout=STOPS_IN)
            in_time = time.monotonic() - begin < STOPS_IN
            container.reload()
            points += in_time and container.attrs["State"]["ExitCode"] != KILLED
        return points + ("ok" in good)


def built(client: docker.DockerClient, files: Mapping[str, SourceFile]) -> str:
    """Build a submission; give the image's id, or "" where it does not build."""
    context = io.BytesIO(context_tar(files))
    try:
        image, _ = client.images.build(fileobj=context, custom_context=True, network_mode="none", rm=True, forcerm=True)
    except BuildError:
        return ""
    return str(image.id)


@contextmanager
def running(client: docker.DockerClient, image: str, **options: object) -> Iterator[Any]:
    """A container of an image, its port published, for as long as it is needed."""
    container = client.containers.create(image, ports={f"{PORT}/tcp": ("127.0.0.1", None)}, **options)
    try:
        container.start()
        yield container
    finally:
        container.remove(force=True, v=True)


def answer(container: Any) -> str:  # noqa: ANN401  the SDK is untyped
    """Wait for a container's first answer; "" where it ends, or says nothing for as long as an exercise waits."""
    end = time.monotonic() + UP_IN
    while time.monotonic() < end:
        container.reload()
        ports = container.ports.get(f"{PORT}/tcp")
        if container.status != "running" or not ports:
            return ""
        try:
            return requests.get(f"http://127.0.0.1:{ports[0]['HostPort']}{PATH}", timeout=2).text
        except requests.RequestException:
            time.sleep(0.05)
    return ""


def remove(client: docker.DockerClient, images: list[str]) -> None:
    """Remove images; what several are built on goes with the last."""
    for image in dict.fromkeys(images):
        with suppress(ImageNotFound):
            client.images.remove(image, force=True)


def nbgrader(exercise: Exercise, everybody: list[HandedIn]) -> Points:
    """Run `nbgrader autograde` on notebooks with a cell that makes the lab's own checks."""
    from tests.nbgrader.nbcourse import PS1, Course, grade_cell  # noqa: PLC0415  it needs nbgrader

    most = sum(spec.points for spec in exercise.checks)
    cell = grade_cell("mark", f'import labkit\n\nlabkit.grade("{exercise.name}", points={most:g})', most)
    with tempfile.TemporaryDirectory(prefix="labkit-bench-") as scratch:
        there = Course(Path(scratch), exercise.slug, cell)
        for one in everybody:
            there.submit(one.learner, one.dockerfile, exercise.slug)
        there.nbgrader("autograde", PS1)
        found = {learner: points for learner, (points, _) in there.scores().items()}
        there.labkit("clean", "--yes")
        return found


def ways(exercise: Exercise, url: str, jobs: int) -> Iterator[Way]:
    """All ways that can be gone here; the first is what the others are compared with."""
    yield Way("the engine's floor: the same builds, starts and stops, no checks", partial(floor, url, jobs))
    yield Way("`labkit grade`", partial(lab, exercise, jobs))
    yield Way("a plain loop over Docker's SDK", partial(by_hand, url))
    try:
        yield Way(f"`nbgrader autograde` {importlib.metadata.version('nbgrader')}", partial(nbgrader, exercise))
    except importlib.metadata.PackageNotFoundError:
        click.echo("nbgrader is not installed, and left out: pip install 'labkit[nbgrader]'", err=True)


@click.command()
@click.option("--copies", default=1, show_default=True, help="Of each wrong submission.")
@click.option("--rounds", default=2, show_default=True)
def main(*, copies: int, rounds: int) -> None:
    """Measure and print."""
    engine, exercise = connect(), course.exercise(EXERCISE)
    jobs = 2 * engine.about.cpus
    number = len(handed_in(exercise, copies))
    compared = list(ways(exercise, engine.url, jobs))
    for _ in range(rounds):
        for way in compared:
            way.round(exercise, copies)
            click.echo(f"{way.name}: {way.seconds[-1]:.0f} s", err=True)
    click.echo(f"{engine.about}; {number} submissions of {exercise.slug}, {jobs} at once; medians of {rounds}\n")
    click.echo("| way | submissions a minute | of the floor | points as expected |\n|---|---|---|---|")
    best = statistics.median(compared[0].seconds)
    for way in compared:
        took = statistics.median(way.seconds)
        right = "" if way.right is None else f"{way.right} of {number}"
        click.echo(f"| {way.name} | {60 * number / took:.1f} | {best / took:.2f} | {right} |")


if __name__ == "__main__":
    try:
        main()
    except DockerException as error:
        raise SystemExit(str(error)) from error
