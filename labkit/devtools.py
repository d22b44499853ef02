"""`./lab test`: all that CI runs, in order, with the seconds that each step takes."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from labkit import course
from labkit.cli_engine import apt_log, said_yes
from labkit.engine import install
from labkit.errors import EngineError, LabError
from labkit.launch import make_ready
from labkit.progress import shown
from labkit.station import until_ended

if TYPE_CHECKING:
    from collections.abc import Iterator

NBVAL = (
    *("-p", "tests.nbval_kernels"),
    *("--nbval-current-env", "--nbval-sanitize-with=tests/nbval_sanitize.cfg"),
    "notebooks",
)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# How it is started: as root, too, with no card to draw on, and asking nothing of its maker.
BROWSER_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
# Plugins that only other steps need; each process would take seconds to load them.
FEW = ("pytest", *("-p", "no:nbval"), *("-p", "no:hypothesispytest"))
# More processes than cores: they often wait. How those of the engine tests share them: tests/engine/conftest.py.
BY_FILE, BY_SCOPE = ("-n", "3", "--dist", "loadfile"), ("-n", "4", "--dist", "loadscope")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the tests.

    Attributes:
        name: what it shows, in two or three words.
        argv: the program and its arguments, after ``python -m``.
        engine: whether it needs an engine.
        env: what is added to the environment.
    """

    name: str
    argv: tuple[str, ...]
    engine: bool = False
    env: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Count:
    """How many tests passed, failed and were skipped, the seconds it took, and the names of those that failed."""

    passed: int
    failed: int
    skipped: int
    seconds: float
    names: tuple[str, ...] = ()


STEPS = (
    Step("ruff check", ("ruff", "check", ".")),
    Step("ruff format", ("ruff", "format", "--check", ".")),
    Step("mypy", ("mypy",)),
    Step("unit tests", ("pytest", "-n", "2", "tests/unit")),
    Step("browser tests", (*FEW, "tests/e2e", "--ignore=tests/e2e/on_engine")),
    Step("engine tests", (*FEW, *BY_SCOPE, "tests/engine", "tests/guard"), engine=True),
    # These look at all that the engine and the machine hold, so nothing else may come and go meanwhile.
    Step("engine tests, alone", (*FEW, "tests/alone"), engine=True),
    Step("a learner's browser", (*FEW, "tests/e2e/on_engine"), engine=True),
    Step("notebooks", ("pytest", *BY_FILE, "--nbval", *NBVAL), engine=True),
    Step(
        "notebooks, solved",
        ("pytest", *BY_FILE, "--nbval-lax", *NBVAL),
        engine=True,
        env={"LABKIT_ANSWERS": "solutions"},
    ),
)


def count(report: Path, code: int, seconds: float) -> Count:
    """Read pytest's JUnit file; what ended badly without a failed test counts as one failure.

    Args:
        report: the file, absent where the step was no pytest or did not come so far.
        code: the step's exit code.
        seconds: what it took.
    """
    passed = failed = skipped = 0
    names: list[str] = []
    if report.exists():
        tree = ET.parse(report)  # noqa: S314  pytest has just written it
        names = [_name(case) for case in tree.iter("testcase") if {"failure", "error"} & {each.tag for each in case}]
        for suite in tree.iter("testsuite"):
            total, skips = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
            bad = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            passed, failed, skipped = passed + total - bad - skips, failed + bad, skipped + skips
    return Count(passed, max(failed, 1) if code else failed, skipped, seconds, tuple(names))


def _name(case: ET.Element) -> str:
    return f"{case.get('classname', '')}::{case.get('name', '')}"


def run(step: Step, folder: Path, *, reports: Path) -> Count:
    """Run one step in ``folder``; show what it says."""
    click.secho(f"── {step.name}", bold=True)
    report = reports / f"{step.name.replace(', ', '-').replace(' ', '-')}.xml"
    argv = [sys.executable, "-m", *step.argv]
    if step.argv[0] == "pytest":
        argv += ["-q", f"--junitxml={report}"]
    begin = time.monotonic()
    process = subprocess.Popen(argv, cwd=folder, env={**os.environ, **step.env})
    try:
        code = process.wait()
    except BaseException:
        process.send_signal(signal.SIGINT)  # pytest takes down what its fixtures made
        process.wait()
        raise
    return count(report, code, time.monotonic() - begin)


def summary(counts: dict[str, Count]) -> Iterator[str]:
    """Yield the lines that end the run: what failed by name, one line for each step, and the sum."""
    for step, it in counts.items():
        yield from (f"failed in {step}: {name}" for name in it.names)
    for name, it in counts.items():
        tests = f"{it.passed} passed, {it.failed} failed" if it.passed or it.failed else "clean"
        yield f"{name:20} {it.seconds:7.1f} s  {tests}" + (f", {it.skipped} skipped" if it.skipped else "")
    passed, failed, skipped = (
        sum(getattr(it, key) for it in counts.values()) for key in ("passed", "failed", "skipped")
    )
    yield f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else "")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--fast", is_flag=True, help="Leave out what needs an engine.")
@click.option("--yes", is_flag=True, help="Do not ask before an engine or a browser is installed.")
@click.option("--reports", type=click.Path(file_okay=False, path_type=Path), help="Keep the JUnit files here.")
def main(*, fast: bool, yes: bool, reports: Path | None) -> None:
    """Run the tests that CI runs. Exit code: 0 all passed, 1 something failed, 2 they could not be run."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts behind `&` ignores it, and so pytest
    folder = course.root()
    counts: dict[str, Count] = {}
    with tempfile.TemporaryDirectory(prefix="labkit-reports-") as scratch:
        kept = reports.resolve() if reports else Path(scratch)
        kept.mkdir(parents=True, exist_ok=True)
        _browser(yes=yes)
        for step in STEPS:
            if not step.engine:
                counts[step.name] = run(step, folder, reports=kept)
        try:
            if not fast:
                _with_engine(counts, folder, kept, yes=yes)
        except LabError as error:
            click.secho(str(error), fg="red", err=True)
            sys.exit(2)
    click.echo("\n".join(("", *summary(counts))))
    sys.exit(any(it.failed for it in counts.values()))


def chromium() -> str | None:
    """Chromium, for whoever looks at pages by program; None where there is none."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def _browser(*, yes: bool) -> None:
    """Install the browser that tests look through, where it is missing and that was allowed; else they are skipped."""
    if (yes or said_yes()) and install.possible() and not chromium():
        with shown() as progress, contextlib.suppress(EngineError):
            install.install_packages(["chromium"], apt_log(), progress)


def _with_engine(counts: dict[str, Count], folder: Path, reports: Path, *, yes: bool) -> None:
    begin = time.monotonic()
    with make_ready(yes=yes) as engine:
        click.echo(f"engine: {engine.about}, found by: {engine.source}")
        counts["engine and images"] = Count(0, 0, 0, time.monotonic() - begin)
        for step in STEPS:
            if step.engine:
                counts[step.name] = run(step, folder, reports=reports)
        until_ended(engine)  # the kernels' guard, before its engine is stopped


if __name__ == "__main__":
    main()
