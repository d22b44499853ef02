"""Many jobs on many machines: Dask's workers, each beside an engine of its own (``--resources engine=N``).

A worker that is lost loses nothing but time: its jobs run again on another one, and a result that was written down
already is found by what it depends on.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Self

from labkit import ledger
from labkit.engine import connect
from labkit.errors import EngineError, LabError
from labkit.grading import job as jobs_
from labkit.grading.made import Made

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from labkit.grading.job import Job, Record
    from labkit.grading.pool import Stop

ENGINE = "engine"  # the resource of which a worker has as many as its engine can do jobs at once
AHEAD = 2  # jobs that are handed out for each that can run: a worker that has ended one finds the next
WAITS = 30.0  # seconds for the scheduler to answer, and for a first worker


class ClusterError(LabError):
    """The cluster does not answer, or cannot be used."""


class Cluster:
    """Workers that grade; use it in a ``with`` statement.

    Args:
        address: the scheduler's, such as ``tcp://10.0.0.1:8786``.
        do: what is done with each job, on the workers.

    Raises:
        ClusterError: it does not answer, has no workers, or Dask is not installed.
    """

    def __init__(self, address: str, do: Callable[[Job], Record] = jobs_.do) -> None:
        self._client, self._do = _client(address), do
        self._running: dict[Any, Job] = {}
        self._trouble: EngineError | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.run(clear)
        self._client.close()

    about = None  # each worker has an engine of its own, and each result says which

    @property
    def _workers(self) -> dict[str, Any]:
        found: dict[str, Any] = self._client.scheduler_info(n_workers=-1)["workers"]
        return {address: worker for address, worker in found.items() if worker["resources"].get(ENGINE)}

    @property
    def machines(self) -> int:
        """How many engines it has now."""
        return len(self._workers)

    def prove(self, jobs: Sequence[Job], done: Callable[[Record], None], stop: Stop) -> None:
        """Do solutions on each worker, whose images stay there for others to build on."""
        ask = partial(self._client.submit, jobs_.prove, pure=False, resources={ENGINE: 1})
        futures = [ask(job, workers=[worker]) for worker in self._workers for job in jobs]
        for future in futures:
            if stop.is_set():
                self._client.cancel(futures)
                return
            done(future.result())

    def work(self, jobs: Iterator[Job], done: Callable[[Record], None], stop: Stop, *, calm: bool = False) -> None:
        """Do jobs, many at once, or no more than there are engines; see `labkit.grading.pool.Pool.work`."""
        while True:
            self._fill(jobs, stop, calm)
            if not self._running:
                break
            self._collect(done)
        if self._trouble:
            raise self._trouble

    def _fill(self, jobs: Iterator[Job], stop: Stop, calm: bool) -> None:  # noqa: FBT001  ours alone
        places = sum(int(worker["resources"][ENGINE]) for worker in self._workers.values())
        most = max(self.machines, 1) if calm else max(places, 1) * AHEAD
        while len(self._running) < most and not (self._trouble or stop.is_set()):
            if (job := next(jobs, None)) is None:
                return
            future = self._client.submit(do_in_turn, self._do, job, pure=False, resources={ENGINE: 1})
            self._running[future] = job

    def _collect(self, done: Callable[[Record], None]) -> None:
        from distributed import wait  # noqa: PLC0415  an optional part of the installation

        for future in wait(list(self._running), return_when="FIRST_COMPLETED").done:
            job, error = self._running.pop(future), future.exception()
            if isinstance(error, EngineError):
                self._trouble = error
            else:
                done(jobs_.lost(job, f"{type(error).__name__}: {error}") if error else future.result())


def _client(address: str) -> Any:  # noqa: ANN401  Dask is untyped
    try:
        from distributed import Client  # noqa: PLC0415  an optional part of the installation
    except ImportError:
        raise ClusterError("Dask is not installed.", fix="pip install 'labkit[cluster]'") from None
    try:
        client = Client(address, timeout=WAITS)
        client.wait_for_workers(1, timeout=WAITS)
    except (OSError, TimeoutError, ValueError) as error:
        raise ClusterError(
            f"No workers answer at {address}: {error}",
            fix="start the scheduler and the workers, with --resources engine=1; see docs/grading.md",
        ) from None
    return client


class _Turns:
    """When images may be removed in a process that does several jobs at once: when none is under way."""

    def __init__(self) -> None:
        self._changed, self._running, self._made = threading.Condition(), 0, Made()

    @contextmanager
    def job(self) -> Iterator[Made]:
        """Wait until a job may begin, and say when it has ended."""
        with self._changed:
            self._changed.wait_for(lambda: not (self._made.is_much and self._running))
            if self._made.is_much:
                ledger.sweep(connect())
                self._made.cleared()
            self._running += 1
        try:
            yield self._made
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()


@cache
def _turns() -> _Turns:
    return _Turns()


def do_in_turn(do: Callable[[Job], Record], job: Job) -> Record:
    """Do a job on a worker, which removes images between two jobs when it has made many."""
    with _turns().job() as made:
        record = do(job)
        made.add(record)
    return record


def clear() -> int:
    """Remove from a worker's engine what its jobs have left; return how many runs that were."""
    total = 0
    while done := ledger.sweep(connect()):  # again, where what one run left was what another one's was built on
        total += done
    return total
