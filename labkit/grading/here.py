"""The engine of this machine as a place to grade at; `labkit.grading.cluster.Cluster` is the other kind."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Self

from labkit import ledger
from labkit.engine import connect
from labkit.grading.job import base_images, prove
from labkit.grading.pool import Pool
from labkit.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from labkit.grading.job import Job, Record
    from labkit.grading.pool import Stop

PER_WORKER = Limits().memory * 2  # bytes: a container, and as much again for a build's step and the engine


class Here:
    """This machine's engine; use it in a ``with`` statement.

    Args:
        workers: jobs at once; 0 for two a core, since each waits for much, as the engine's memory allows.

    Attributes:
        machines: how many engines it has.

    Raises:
        EngineError: none answers.
    """

    machines = 1

    def __init__(self, workers: int = 0) -> None:
        self._engine = connect()
        about = self._engine.about
        self._cores = max(1, about.cpus)
        self._workers = workers or max(1, min(2 * about.cpus, about.memory // PER_WORKER))
        self._sweep = partial(ledger.sweep, self._engine)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._sweep()
        self._stack.callback(self._sweep_all)
        self._pool = self._stack.enter_context(Pool(self._workers, self._sweep))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _sweep_all(self) -> None:
        while self._sweep():  # again, where what one run left was what another one's was built on
            pass

    @property
    def about(self) -> tuple[str, dict[str, str]]:
        """What results depend on besides: the engine, and the base images' ids by name."""
        return str(self._engine.about), base_images(self._engine)

    def prove(self, jobs: Sequence[Job], done: Callable[[Record], None], stop: Stop) -> None:
        """Do solutions."""
        self._pool.work(iter(jobs), done, stop, do=prove)

    def work(self, jobs: Iterator[Job], done: Callable[[Record], None], stop: Stop, *, calm: bool = False) -> None:
        """Do jobs, several at once, or no more than there are cores; see `Pool.work`."""
        self._pool.work(jobs, done, stop, most=self._cores if calm else None)
