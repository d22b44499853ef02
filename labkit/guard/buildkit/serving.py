"""Two HTTP/2 connections with the guard between them: what is asked on the one is answered with the other's help."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from google.protobuf.message import DecodeError

from labkit.guard.buildkit.rpc import ANSWER, Code, Fault, ending
from labkit.guard.buildkit.wire import Connection, Gone, Stream
from labkit.guard.notes import note
from labkit.guard.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from labkit.guard.seat import Seat

CODES = {400: Code.INVALID_ARGUMENT, 404: Code.NOT_FOUND}


async def speak(here: Connection, there: Connection, serve: Callable[[Stream], Awaitable[None]]) -> None:
    """Run both connections, and serve what is asked on the first, until one of them ends."""
    tasks: set[asyncio.Future[None]] = set()

    def accept(asked: Stream) -> None:
        task = asyncio.ensure_future(serve(asked))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    here.accept = accept
    runs = [asyncio.create_task(here.run()), asyncio.create_task(there.run())]
    try:
        await asyncio.wait(runs, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (*runs, *tasks):
            task.cancel()
        await asyncio.gather(*runs, *tasks, return_exceptions=True)


async def answer(asked: Stream, seat: Seat, work: Awaitable[None]) -> None:
    """Do what a call asks for; say in its own words what goes wrong.

    Args:
        asked: the call.
        seat: whose refusals these are.
        work: what answers it.
    """
    try:
        await work
    except Refused as error:
        note(seat.ledger, seat.name, asked.headers.get(":path", ""), error)
        await end(asked, Fault(CODES.get(error.status, Code.PERMISSION_DENIED), str(error)))
    except DecodeError:
        await end(asked, Fault(Code.INVALID_ARGUMENT, "This is no message that the lab's guard can read."))
    except Fault as fault:
        await end(asked, fault)
    except Gone:
        await asked.reset()


async def end(asked: Stream, fault: Fault | None) -> None:
    """End a call, unless its caller has left."""
    try:
        await asked.send_headers(ending(fault) if asked.answered else [*ANSWER, *ending(fault)], end=True)
    except Gone:
        return
