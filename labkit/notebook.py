"""What a notebook imports: `lab` shows an exercise, `sandbox` gives a place for demonstrations."""

from __future__ import annotations

import atexit
from functools import cache

from labkit import course
from labkit.attempt import Attempt
from labkit.demo import Demo
from labkit.engine import Engine, connect
from labkit.sandbox import Sandbox
from labkit.ui import progress
from labkit.ui.panel import Panel


@cache
def engine() -> Engine:
    """The kernel's engine, found once."""
    return connect()


def lab(name: str) -> Panel:
    """Show an exercise: its task, its files, Check, Hint, Reset and Solution.

    Args:
        name: its name, such as ``layer-order``.

    Returns:
        The panel; its ``check()``, ``hint()``, ``reset()`` and ``solution()`` do what its buttons do.
    """
    from IPython.display import display  # noqa: PLC0415  only a notebook has it

    panel = Panel(Attempt(course.exercise(name)))
    display(panel)  # type: ignore[no-untyped-call]
    return panel


@cache
def sandbox() -> Demo:
    """The kernel's sandbox for demonstrations; all that is made in it is removed when the kernel ends."""
    box = Sandbox(engine())
    atexit.register(box.close)
    return Demo(box, progress.shown)
