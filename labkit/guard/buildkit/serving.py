"""Two HTTP/2 connections with the guard between them: what is asked on the one is answered with the other's help."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from google.protobuf.message import DecodeError
from h2.errors import ErrorCodes

from labkit.guard.buildkit.ends import Gone
from labkit.guard.buildkit.rpc import ANSWER, Code, Fault, ending
from labkit.guard.notes import note
from labkit.guard.refusal import Refused
from labkit.guard.upstream import EngineGone

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from labkit.guard.buildkit.wire import Connection, Stream
    from labkit.guard.seat import Seat

CODES = {400: Code.INVALID_ARGUMENT, 404: Code.NOT_FOUND}
log = logging.getLogger("labkit.guard")


async def speak(here: Connection, there: Connection, serve: Callable[[Stream], Awaitable[None]]) -> None:
    """Run both connections, and serve what is asked on the first, until one of them ends."""
    tasks: set[asyncio.Future[None]] = set()

    def accept(asked: Stream) -> None:
        task = asyncio.ensure_future(serve(asked))
        tasks.add(task)
        asked.given_up = task.cancel  # and with it what the other side was asked
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
    path = asked.headers.get(":path", "")[:100]
    try:
        fault = await _outcome(work, path, seat)
    except Exception:  # of whatever kind: a client that is told nothing waits forever
        log.exception("%s: %s", seat.name, path)
        fault = Fault(Code.INTERNAL, "The lab's guard has a fault of its own: it is in its log. Please report it.")
    try:
        if fault:
            await end(asked, fault)
    finally:
        # What the client still sends is not read any more.
        await asked.reset(ErrorCodes.NO_ERROR)


async def _outcome(work: Awaitable[None], path: str, seat: Seat) -> Fault | None:
    """Do the work; give what is to be said where it does not end well."""
    try:
        await work
    except Fault as fault:
        return fault
    except Refused as error:
        note(seat.ledger, seat.name, path, error)
        return Fault(CODES.get(error.status, Code.PERMISSION_DENIED), str(error))
    except DecodeError:
        return Fault(Code.INVALID_ARGUMENT, "This is no message that the lab's guard can read.")
    except (Gone, EngineGone):
        return Fault(Code.UNAVAILABLE, "The other side has ended the call.")
    return None


async def end(asked: Stream, fault: Fault | None) -> None:
    """End a call, unless its caller has left."""
    try:
        await asked.send_headers(ending(fault) if asked.answered else [*ANSWER, *ending(fault)], end=True)
    except Gone:
        return
