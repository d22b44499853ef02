"""A guard in a thread of this process: for one seat, and no longer than this process needs it."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from dataclasses import replace
from threading import Thread
from typing import TYPE_CHECKING

from labkit.guard.ledger import Ledger
from labkit.guard.seat import Bounds, Seat
from labkit.guard.server import Guard
from labkit.guard.turns import Turn, opened
from labkit.guard.upstream import Engine

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator
    from pathlib import Path

    from labkit.guard.messages import Call, Json, Reply


class Inside:
    """A guard for one seat.

    Args:
        engine: the address of what it stands before.
        seat: the seat's name.
        certificates: for TLS; see `labkit.guard.upstream.Engine`.
        book: its ledger.
        images: the images that it may use beside its own.
        socket: where it serves; without, it only carries out plans.
        publish: the address of this machine that published ports answer on.
        turns: lock file of all who build on that engine as this user, and remove images; without, nobody waits.

    Raises:
        OSError: the socket cannot be made.
        sqlite3.Error: the ledger cannot be opened.
    """

    def __init__(  # noqa: PLR0913  as many as `labkit guard serve` takes
        self,
        engine: str,
        seat: str,
        *,
        certificates: Path | None,
        book: Path,
        images: tuple[str, ...],
        socket: Path | None,
        publish: str,
        turns: Path | None,
    ) -> None:
        self._seat, self._ended, self._loop = seat, asyncio.Event(), asyncio.new_event_loop()
        up: Future[Guard] = Future()
        known = book.exists()

        async def serve() -> None:
            try:
                ledger = Ledger(book)  # here: SQLite's connections stay in the thread that they were made in
                guard = Guard(Engine(engine, certificates), ledger, images, opened(turns))
                sitter = Seat(seat, ledger, bounds=replace(Bounds(), publish=publish, unique=True))
                if socket:
                    await guard.add(sitter, socket)
                    if not known:  # then nothing of its can be there
                        guard.unsettled.discard(seat)
                else:
                    guard.know(sitter)
            except Exception as error:  # noqa: BLE001  of whatever kind: it is raised where the guard was asked for
                up.set_exception(error)
                return
            up.set_result(guard)
            await self._ended.wait()
            await guard.close()
            if guard.turns:
                await guard.turns.close()
            ledger.close()

        self._thread = Thread(target=self._run, args=(serve(),), name=f"guard of {seat}", daemon=True)
        self._thread.start()
        self._guard = up.result()

    def carry_out(self, plan: Callable[[Seat], Generator[Call, Reply, Json]], turn: Turn = Turn.ANY) -> Json:
        """Carry out a plan for the seat, when it is its turn.

        Raises:
            EngineGone: the engine does not answer.
        """
        return asyncio.run_coroutine_threadsafe(self._guard.carry_out(self._seat, plan, turn), self._loop).result()

    def close(self) -> None:
        """Serve no more."""
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()

    def _run(self, serving: Coroutine[None, None, None]) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(serving)
