"""Limits for the steps of a classic build that the builder has no parameter for: processes, and bytes written.

The builder says the id of each step's container before it starts it; from then on it is a container as any other.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from docker.errors import APIError

from labkit.engine.faults import SDK_ERRORS
from labkit.engine.sdk import another

if TYPE_CHECKING:
    from types import TracebackType

    from labkit.engine.client import Engine

EVERY = 2.0  # seconds between two looks at what a step has written


class StepWatch:
    """Watches the steps of one build; use it in a ``with`` statement.

    Args:
        engine: the engine.
        pids: processes and threads that a step may have.
        written: bytes that a step may write.

    Attributes:
        overfull: whether a step was ended for what it wrote.
    """

    def __init__(self, engine: Engine, pids: int, written: int) -> None:
        self._engine, self._pids, self._written = engine, pids, written
        self._container = ""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.overfull = False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def look_at(self, container: str) -> None:
        """Watch a step's container from now on, "" for none; it was made just now, and is about to start."""
        if container in ("", self._container):
            self._container = container
            return
        self._container = container
        with suppress(APIError):  # it has ended already, so there is nothing left to limit
            _ask(self._engine.api, "/containers/{0}/update", container, body={"PidsLimit": self._pids})

    def _look(self) -> None:
        while not self._ended.wait(EVERY):
            if container := self._container:  # read once: the build goes on meanwhile
                with suppress(*SDK_ERRORS):  # it is gone, or the engine is: the build itself says so
                    self._end_if_overfull(container)

    def _end_if_overfull(self, container: str) -> None:
        # A connection of its own: the engine's belongs to another thread.
        client = another(self._engine)
        try:
            found = _ask(client, "/containers/{0}/json?size=1", container)
            if (found.get("SizeRw") or 0) > self._written:
                self.overfull = True
                client.kill(container)
        finally:
            client.close()


def _ask(api: Any, path: str, container: str, body: object = None) -> Any:  # noqa: ANN401  the SDK is untyped
    """Call what the SDK has no argument for (source: Engine API 1.41, ContainerUpdate, ContainerInspect)."""
    address = api._url(path, container)  # noqa: SLF001
    answer = api.get(address) if body is None else api.post(address, json=body)
    api._raise_for_status(answer)  # noqa: SLF001
    return answer.json()
