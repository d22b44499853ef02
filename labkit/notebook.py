"""What a notebook imports: `lab` shows an exercise, `sandbox` gives a place for demonstrations."""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
from functools import cache

from labkit import course
from labkit.attempt import Attempt
from labkit.demo import Demo
from labkit.engine import Engine, connect
from labkit.errors import EngineError
from labkit.sandbox import Sandbox
from labkit.station import Station
from labkit.ui import progress
from labkit.ui.panel import Panel


@cache
def engine() -> Engine:
    """The kernel's engine, found once; from then on `docker` in a cell goes through the guard."""
    found = connect()
    try:
        station = Station(found)
    except EngineError as error:
        print(f"Note: {error}", file=sys.stderr)  # noqa: T201  below the cell, where the person looks
        return found
    station.settle_in(os.environ)
    atexit.register(station.close)
    return found


def lab(name: str) -> Panel:
    """Show an exercise: its task, its files, Check, Hint, Reset and Solution.

    Args:
        name: its name, such as ``layer-order``.

    Returns:
        The panel; its ``check()``, ``hint()``, ``reset()`` and ``solution()`` do what its buttons do.
    """
    from IPython.display import display  # noqa: PLC0415  only a notebook has it

    panel = Panel(Attempt(course.exercise(name)))
    with contextlib.suppress(EngineError):  # without an engine the task can be read all the same
        engine()
    display(panel)  # type: ignore[no-untyped-call]
    return panel


@cache
def sandbox() -> Demo:
    """The kernel's sandbox for demonstrations; all that is made in it is removed when the kernel ends."""
    box = Sandbox(engine())
    atexit.register(box.close)
    return Demo(box, progress.shown)
