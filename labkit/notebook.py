"""What a notebook imports.

`lab` shows an exercise, `predict` asks a question, `sandbox` gives a place for demonstrations, `mine` shows what the
docker commands of the cells made.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
from functools import cache
from typing import TYPE_CHECKING

from labkit import course
from labkit.attempt import Attempt
from labkit.demo import Demo
from labkit.engine import Engine, at, connect
from labkit.errors import EngineError
from labkit.history import own_history
from labkit.prediction import Predictions, Question
from labkit.sandbox import Sandbox
from labkit.station import Station
from labkit.ui import progress
from labkit.ui.panel import Panel
from labkit.ui.question import Guess
from labkit.words import say
from labkit.world import World

if TYPE_CHECKING:
    from collections.abc import Sequence


@cache
def engine() -> Engine:
    """The kernel's engine, found once; from then on `docker` in a cell goes through the guard."""
    found = connect()
    try:
        station = Station(found)
    except EngineError as error:
        print(say("Note: {error}", error=error), file=sys.stderr)  # noqa: T201  below the cell, where the person looks
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


@cache
def mine() -> World:
    """What your docker commands made: containers and images, by the names that you gave."""
    engine()
    return World(at(os.environ["DOCKER_HOST"], say("your docker endpoint")))


def predict(question: str, *, choices: Sequence[str] = (), number: str = "", order: Sequence[str] = ()) -> Guess:
    """Ask what the learner expects, before it is shown.

    Args:
        question: the question.
        choices: the answers to choose from; or
        number: the unit of the number that is asked for; or
        order: the things to be put in order.

    Returns:
        The question; its ``truth(value)`` shows the answer beside what was seen.
    """
    from IPython.display import display  # noqa: PLC0415  only a notebook has it

    kept = Predictions(own_history())
    guess = Guess(Question(question, tuple(choices), number, tuple(order)), kept)
    display(guess)  # type: ignore[no-untyped-call]
    return guess
