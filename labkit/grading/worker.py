"""What a worker of a cluster does before it takes jobs: it waits for its engine, and has the base images there.

    dask worker SCHEDULER --resources engine=2 --preload labkit.grading.worker

source: Dask, "Customize Initialization" (`dask_setup` runs before the worker is known to the scheduler)
"""

from __future__ import annotations

from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from labkit.engine import Engine, connect
from labkit.errors import EngineError
from labkit.images import prepare

WAITS = 120  # seconds: an engine that starts beside the worker may take as long on a busy machine


def dask_setup(_worker: object) -> None:
    """Make ready; see the module.

    Raises:
        LabError: no engine answers in that time, or the base images cannot be had. The worker ends then.
    """
    prepare(wait_for_engine())


@retry(retry=retry_if_exception_type(EngineError), stop=stop_after_delay(WAITS), wait=wait_fixed(1), reraise=True)
def wait_for_engine() -> Engine:
    """Give the engine of this worker, as soon as it answers (EngineError: it does not)."""
    return connect()
