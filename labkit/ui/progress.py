"""A progress bar below a notebook's cell, for work that takes more than a moment; gone when the work ends."""

from __future__ import annotations

import contextvars
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import ipywidgets
from IPython.display import display

from labkit.words import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labkit.progress import Progress

PATIENCE = 1.0  # seconds; a bar that flashes up says less than none
VIEW = "application/vnd.jupyter.widget-view+json"


class _Bar:
    def __init__(self) -> None:
        self._label, self._bar = ipywidgets.Label(), ipywidgets.IntProgress(max=1)
        self._box = ipywidgets.HBox([self._bar, self._label])

    def show(self) -> None:
        """Show it as a widget and nothing else: a text form would stay in the notebook when the bar is gone."""
        view = {"version_major": 2, "version_minor": 0, "model_id": self._box.model_id}
        display({VIEW: view}, raw=True)  # type: ignore[no-untyped-call]

    def update(self, what: str, done: float | None = None, total: float | None = None, /) -> None:
        self._bar.max, self._bar.value = int(total or 1), int(done or 0)
        what = say(what)
        far = say("{what}: step {done:g} of {total:g}", what=what, done=done, total=total) if done and total else what
        self._label.value = far

    def close(self) -> None:
        for widget in (self._box, self._bar, self._label):
            widget.close()


@contextmanager
def shown() -> Iterator[Progress]:
    """Give something to tell of long work; the bar shows once the work has taken a second."""
    bar = _Bar()
    # ipykernel keeps in the context which cell an output belongs to.
    timer = threading.Timer(PATIENCE, contextvars.copy_context().run, args=(bar.show,))
    timer.daemon = True
    timer.start()
    try:
        yield bar.update
    finally:
        timer.cancel()
        timer.join()
        bar.close()
