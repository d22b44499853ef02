"""What a check's builds say, step by step, for the panel to show while they go on."""

from __future__ import annotations

import contextvars
import re
import threading
import time
from typing import TYPE_CHECKING, Any

from labkit.progress import CACHED

if TYPE_CHECKING:
    from collections.abc import Callable

INTERVAL = 0.2  # seconds between two looks that the panel gets at a build's words
COLORS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")  # what is meant for a terminal; the classic builder paints stderr red
MOST = 4000  # characters of a step's words that are shown: the end of them


class BuildLog:
    """A check's progress that listens to its builds (`labkit.progress.Listener`).

    A step is ``{build, number, total, instruction, text, state}``; its state is "running", "made", "reused" or
    "failed", and builds are counted from 1.

    Args:
        show: given all steps of all builds, now and then while they go on, and at each step's beginning.
        progress: told of each step of all that goes on.
    """

    def __init__(
        self, show: Callable[[list[dict[str, Any]]], None], progress: Callable[[str, float | None, float | None], None]
    ) -> None:
        self._show, self._progress = show, progress
        self._steps: list[dict[str, Any]] = []
        self._shown, self._builds = 0.0, 0
        self._later: threading.Timer | None = None
        self._lock = threading.Lock()  # a check may build in several threads

    def __call__(self, what: str, done: float | None = None, total: float | None = None, /) -> None:
        """Pass it on."""
        self._progress(what, done, total)

    def step(self, instruction: str, number: int, total: int, /) -> None:
        """Begin a step, which ends the one before."""
        with self._lock:
            self._end("made")
            self._builds += number == 1
            new = {"build": self._builds, "number": number, "total": total, "instruction": instruction}
            self._steps.append({**new, "text": "", "state": "running"})
        self.show()

    def output(self, text: str, /) -> None:
        """Add to the step under way."""
        with self._lock:
            if not self._steps:
                return
            last = self._steps[-1]
            if text == CACHED:
                last["state"] = "reused"
            else:
                last["text"] = _end_of(COLORS.sub("", last["text"] + text))  # one may come in two pieces
        if time.monotonic() - self._shown >= INTERVAL:
            self.show()
        elif self._later is None:  # these may be its last words for long
            show = contextvars.copy_context().run  # ipykernel keeps there which cell a message belongs to
            self._later = threading.Timer(INTERVAL, show, args=(self.show,))
            self._later.daemon = True
            self._later.start()

    def failed(self) -> None:
        """End the build at the step under way."""
        with self._lock:
            self._end("failed")
        self.show()

    def ended(self) -> None:
        """End the last build."""
        with self._lock:
            self._end("made")
        self.show()

    @property
    def failed_at(self) -> str:
        """The instruction at which the last build failed, or ""."""
        last = self._steps[-1] if self._steps else {}
        return str(last["instruction"]) if last.get("state") == "failed" else ""

    def show(self) -> None:
        """Show all steps as they are now."""
        if self._later:
            self._later.cancel()
        self._later, self._shown = None, time.monotonic()
        self._show([dict(step) for step in self._steps])

    def _end(self, state: str) -> None:
        if self._steps and self._steps[-1]["state"] == "running":
            self._steps[-1]["state"] = state


def _end_of(text: str) -> str:
    return text if len(text) <= MOST else "…" + text[-MOST:]
