"""Many jobs on one machine: a bounded number of processes, and moments at which nothing is under way.

A process and not a thread: one that dies takes only its own job with it, and its memory ends with it.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Protocol, Self

from labkit.errors import EngineError
from labkit.grading.job import do, lost
from labkit.grading.made import Made

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from labkit.grading.job import Job, Record

    Do = Callable[[Job], Record]

FRESH_AFTER = 50  # jobs, then a process makes room for a new one: what a library may leak ends with it
LIVES = 2  # processes that a job may take with it, alone, until it is set aside


class Stop(Protocol):
    """Says whether to begin nothing new; `threading.Event` is one."""

    def is_set(self) -> bool:
        """Whether to stop."""


class Pool:
    """Processes that grade, on this machine's engine; use it in a ``with`` statement.

    Args:
        workers: how many at once.
        quiet: called when much was built and no job is under way, to remove images that nobody needs any more.
    """

    def __init__(self, workers: int, quiet: Callable[[], object]) -> None:
        self._workers, self._quiet = workers, quiet
        self._running: dict[Future[Record], Job] = {}
        self._trouble: EngineError | None = None
        self._made = Made()
        self._executor = self._new()

    def _new(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")  # a fork of a process with threads may hang
        return ProcessPoolExecutor(self._workers, context, _begin, max_tasks_per_child=FRESH_AFTER)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._executor.shutdown(cancel_futures=True)

    def work(
        self,
        jobs: Iterator[Job],
        done: Callable[[Record], None],
        stop: Stop,
        *,
        do: Do = do,
        most: int | None = None,
    ) -> None:
        """Do all jobs. When it is told to stop, or the engine is lost, what is under way is finished first.

        Args:
            jobs: taken one by one, as processes are free.
            done: called with each result, in this process, as they come.
            stop: asked before each job.
            do: what is done with each job, in those processes.
            most: how many at once, where that is fewer than there are processes.

        Raises:
            EngineError: the engine is lost.
        """
        while True:
            self._fill(jobs, stop, do, min(most or self._workers, self._workers))
            if self._running:
                self._collect(done, do)
            elif self._made.is_much:
                self._quiet()
                self._made.cleared()
            else:
                break
        if self._trouble:
            raise self._trouble

    def _fill(self, jobs: Iterator[Job], stop: Stop, do: Do, most: int) -> None:
        while len(self._running) < most and not (self._made.is_much or self._trouble or stop.is_set()):
            if (job := next(jobs, None)) is None:
                return
            self._running[self._executor.submit(do, job)] = job

    def _collect(self, done: Callable[[Record], None], do: Do) -> None:
        finished, _ = wait(self._running, return_when=FIRST_COMPLETED)
        broken = []
        for future in finished:
            job, error = self._running.pop(future), future.exception()
            if isinstance(error, BrokenProcessPool):
                broken.append(job)
            elif isinstance(error, EngineError):
                self._trouble = error
            else:
                self._take(lost(job, f"{type(error).__name__}: {error}") if error else future.result(), done)
        if broken:  # one process has died, and took the pool with it: the one at fault is found by itself
            suspects = [*broken, *self._running.values()]
            self._running.clear()
            self._executor.shutdown()
            self._executor = self._new()
            for job in suspects:
                self._take(self._alone(job, do), done)

    def _alone(self, job: Job, do: Do) -> Record:
        for _ in range(LIVES):
            try:
                return self._executor.submit(do, job).result()
            except BrokenProcessPool:
                self._executor = self._new()
        return lost(job, f"The process that graded it died, {LIVES + 1} times.")

    def _take(self, record: Record, done: Callable[[Record], None]) -> None:
        done(record)
        self._made.add(record)


def _begin() -> None:
    """Make a process ready: Ctrl-C is the parent's to answer, and it ends with the parent, also after kill -9."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow_parent, daemon=True).start()


def _follow_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)
