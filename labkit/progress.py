"""How long work tells that it goes on. The worker calls; whoever shows decides how.

A ``Progress`` is any callable ``(what, done, total)``: ``what`` is a short phrase that stays the same for one
piece of work ("download node"), ``done`` and ``total`` count bytes or steps and may be None where unknown.
The same ``what`` with ``done == total`` ends that piece of work. One that is a ``Listener`` too hears what builds say.
"""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TextIO, runtime_checkable

from rich.console import Console
from rich.progress import (
    BarColumn,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars
from rich.text import Text

from labkit.words import mark, say

if TYPE_CHECKING:
    from collections.abc import Iterator

PLAIN_INTERVAL = 5.0  # seconds between two lines of the same piece of work in a log
RATE_OVER = 300.0  # seconds over which a rate is taken
BUILD = mark("build")  # the phase of that name
CACHED = "Reused from the build cache.\n"  # what a listener is told of a step that is not done anew
COUNTED = range(20, 100_000)  # pieces whose pace says something; fewer are steps of one thing, more are bytes


class Progress(Protocol):
    """Told about every step of long work."""

    def __call__(self, what: str, done: float | None = None, total: float | None = None, /) -> None:
        """Work ``what`` has come to ``done`` of ``total``."""


@runtime_checkable
class Listener(Protocol):
    """Hears what a build says."""

    def step(self, instruction: str, number: int, total: int, /) -> None:
        """Take notice of an instruction that begins, with its number and how many there are."""

    def output(self, text: str, /) -> None:
        """Take what the instruction under way says, in pieces that may end anywhere."""

    def failed(self) -> None:
        """Take notice that the build has failed, at the instruction under way if there is one."""


class Heard:
    """A listener for whoever is told of progress, also where that one listens to nothing.

    Args:
        progress: told of each step.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._listener = progress if isinstance(progress, Listener) else None

    def step(self, instruction: str, number: int, total: int, /) -> None:
        """Pass it on; the words first, so that the end of the last step finds them."""
        if self._listener:
            self._listener.step(instruction, number, total)
        self._progress(BUILD, number, total)

    def output(self, text: str, /) -> None:
        """Pass it on."""
        if self._listener:
            self._listener.output(text)

    def failed(self) -> None:
        """Pass it on."""
        if self._listener:
            self._listener.failed()


def silent(what: str, done: float | None = None, total: float | None = None, /) -> None:
    """Show nothing."""


class _Plain:
    """One line when a piece of work starts, one each few seconds, one when it ends: for logs."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._last: dict[str, float] = {}
        self._began: dict[str, tuple[float, float]] = {}

    def __call__(self, what: str, done: float | None = None, total: float | None = None, /) -> None:
        now, ended = time.monotonic(), done is not None and done == total
        if ended or now - self._last.get(what, float("-inf")) >= PLAIN_INTERVAL:
            self._last[what] = now
            percent = (
                f" {100 * done / total:.0f} %{self._pace(what, done, total)}" if done is not None and total else ""
            )
            end = say("done")
            print(f"{say(what)}:{f' {end}' if ended else percent or ' …'}", file=self._stream, flush=True)

    def _pace(self, what: str, done: float, total: float) -> str:
        """How many a minute, and how long it will take from here, where it has come far enough to tell."""
        now = time.monotonic()
        began, first = self._began.setdefault(what, (now, done))
        if int(total) not in COUNTED or now - began < 4 * PLAIN_INTERVAL or done <= first:
            return ""
        rate = 60 * (done - first) / (now - began)
        return f", {rate:.1f} a minute, {(total - done) / rate:.0f} min left"


class _Rate(ProgressColumn):
    """How many a minute, where pieces are counted."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{60 * speed:.1f}/min" if speed and int(task.total or 0) in COUNTED else "")


class _Rich:
    """A bar for each piece of work."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._tasks = {}  # type: ignore[var-annotated]

    def __call__(self, what: str, done: float | None = None, total: float | None = None, /) -> None:
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(say(what), total=total)
        self._bars.update(self._tasks[what], completed=done, total=total)


@contextmanager
def shown(stream: TextIO | None = None) -> Iterator[Progress]:
    """Progress bars where ``stream`` (default: standard error) is a terminal, plain lines where it is not."""
    stream = stream or sys.stderr
    if not stream.isatty():
        yield _Plain(stream)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        _Rate(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=Console(file=stream), speed_estimate_period=RATE_OVER) as bars:
        yield _Rich(bars)
