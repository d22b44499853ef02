"""A docker endpoint of one run's own: an empty world behind a guard, in which a learner's commands are run.

<runtime>/<run>/docker.sock      what DOCKER_HOST names; its folder is all that the commands' container sees of us
<state>/runs/<run>/guard.db      who owns what; a run that was cut off is cleared by it
"""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

from labkit.engine import at
from labkit.station import LOOPBACK, clear_seat, guard_inside, runtime
from labkit.words import say

if TYPE_CHECKING:
    from pathlib import Path

    from labkit.engine import Engine

BOOK = "guard.db"


class Endpoint:
    """A seat of a run's own.

    Args:
        engine: where its things are.
        run: the run's id, twelve hexadecimal digits.
        folder: the run's, where its ledger is kept.

    Attributes:
        folder: with the socket ``docker.sock`` and nothing else that others may not see.
        world: the engine as the commands see it.

    Raises:
        EngineError: its guard does not start.
    """

    def __init__(self, engine: Engine, run: str, folder: Path) -> None:
        self.folder = _place(engine, run)
        self.folder.mkdir(mode=0o700)
        socket = self.folder / "docker.sock"
        self._guard = guard_inside(engine, _seat(run), folder / BOOK, socket, loopback(run))
        self.world = at(f"unix://{socket}", say("the exercise's own docker endpoint"))

    def missing(self) -> list[str]:
        """Names of images that the commands gave and did not take away, and whose image somebody else has removed.

        Nothing where the engine does not answer: that is for others to say.
        """
        from labkit.guard.leave import missing  # noqa: PLC0415  slow to import, and loaded with the guard
        from labkit.guard.upstream import EngineGone  # noqa: PLC0415

        try:
            names: list[str] = self._guard.carry_out(missing)
        except EngineGone:
            return []
        return names

    def close(self) -> None:
        """End its guard; what was made through it goes with the run (see `clear`)."""
        self.world.client.close()
        self._guard.close()


def loopback(run: str) -> str:
    """Give an address of this machine on which a run's ports are published, so that two runs do not meet.

    Only Linux answers on all of 127.0.0.0/8.
    """
    one, two, three = (int(run[at : at + 2], 16) for at in (0, 2, 4))
    return f"127.{one % 253 + 1}.{two}.{three % 253 + 1}" if sys.platform == "linux" else LOOPBACK


def clear(engine: Engine, run: str, folder: Path) -> list[str]:
    """Remove what a run's commands made, also where the run was cut off.

    Returns:
        The ids of images that must stay for now: others build on them.

    Raises:
        EngineError: not all of it could be removed.
    """
    shared = clear_seat(engine, _seat(run), folder / BOOK) if (folder / BOOK).exists() else []
    shutil.rmtree(_place(engine, run), ignore_errors=True)
    return shared


def _seat(run: str) -> str:
    return f"run{run}"


def _place(engine: Engine, run: str) -> Path:
    return runtime(engine) / run[:8]
