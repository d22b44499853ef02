"""An answer on its way to the client as it comes: bytes, lines, a tar, or a stream both ways."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING

from labkit.guard.messages import NOTHING, Json, Relay, Shape
from labkit.guard.rules.common import told
from labkit.guard.upstream import UPGRADED, Engine, EngineGone, Exchange, perform
from labkit.guard.wire import STEP, Client, Gone

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from labkit.guard.seat import Seat

LONGEST_LINE = 16 << 20


async def relay(it: Relay, client: Client, engine: Engine, seat: Seat, version: str) -> None:
    """Make the call and hand its answer on.

    Args:
        it: what to ask, and how its answer is handed on.
        client: who asked.
        engine: who answers.
        seat: whose words the client gets.
        version: of the API, as the client named it.

    Raises:
        Refused: what the client sends may not go on, and nothing was answered yet.
        EngineGone: the engine does not answer, or stops.
        Gone: the client has left.
    """
    hijack, whole = it.shape is Shape.HIJACK, False
    try:
        opened = await engine.open(
            it.call, version=version, stream=it.upload is not None, upgrade=it.protocol if hijack else ""
        )
        async with opened as exchange:
            if hijack:
                await _hijack(it, client, engine, exchange, seat)
            else:
                await _stream(it, client, engine, exchange, seat)
        whole = True
    finally:
        if it.ended:
            it.ended(whole)


async def _stream(it: Relay, client: Client, engine: Engine, exchange: Exchange, seat: Seat) -> None:
    """Hand the client's body on while the engine's answer comes back; either may end first."""
    down = asyncio.create_task(_down(it, client, engine, exchange, seat))
    up = asyncio.create_task(_up(it, client, exchange) if it.upload else client.left())
    try:
        await asyncio.wait({down, up}, return_when=asyncio.FIRST_COMPLETED)
        if not down.done() and it.upload and not up.exception():
            up = asyncio.create_task(client.left())
            await asyncio.wait({down, up}, return_when=asyncio.FIRST_COMPLETED)
        if not down.done():
            up.result()  # what was wrong with the upload
            raise Gone
        await down
    finally:
        for task in (down, up):
            task.cancel()
        await asyncio.gather(down, up, return_exceptions=True)


async def _up(it: Relay, client: Client, exchange: Exchange) -> None:
    """Hand the client's body on through its editor; where the engine takes no more, the rest is dropped."""
    taken = True
    async for part in client.parts():
        content = it.upload.feed(part)
        if taken:
            try:
                await exchange.send(content)
            except EngineGone:  # it has answered already, and reads no more
                taken = False
    last = it.upload.close()
    if taken:
        with contextlib.suppress(EngineGone):
            await exchange.send(last)
            await exchange.finish()


async def _down(it: Relay, client: Client, engine: Engine, exchange: Exchange, seat: Seat) -> None:
    await exchange.head()
    if exchange.status >= 400:  # noqa: PLR2004  HTTP's first error
        reply = await exchange.whole()
        await client.answer(await perform(it.failed(reply), engine) if it.failed else told(reply, seat))
        return
    if it.shape is Shape.BYTES and exchange.framing:
        await client.begin_as_it_comes(exchange.status, exchange.headers + exchange.framing)
        await _pump(exchange.reader, client.writer, exchange.early())
        return
    await client.begin(exchange.status, exchange.headers)
    async for part in _shaped(it, exchange):
        await client.send(part)
    if it.then:
        for line in await perform(it.then(), engine):
            await client.send(json.dumps(line).encode() + b"\r\n")
    await client.end()


async def _shaped(it: Relay, exchange: Exchange) -> AsyncIterator[bytes]:
    if it.shape is Shape.LINES:
        async for part in _lines(it, exchange):
            yield part
        return
    async for part in exchange.parts():
        yield it.download.feed(part) if it.download else part
    if it.download:
        yield it.download.close()


async def _lines(it: Relay, exchange: Exchange) -> AsyncIterator[bytes]:
    """Give each JSON document through the view; what is none is left out."""
    held = b""
    async for part in exchange.parts():
        *whole, held = (held + part).split(b"\n")
        if len(held) > LONGEST_LINE:
            raise EngineGone
        if content := b"".join(_viewed(it, line) for line in whole):
            yield content
    if content := _viewed(it, held):
        yield content


def _viewed(it: Relay, line: bytes) -> bytes:
    if not line.strip():
        return b""
    try:
        document: Json = json.loads(line)
    except ValueError:
        return b""
    shown = it.view(document) if it.view else document
    return b"" if shown is NOTHING else json.dumps(shown).encode() + b"\r\n"


# -- a stream both ways ----------------------------------------------------------------------------------------


async def _hijack(it: Relay, client: Client, engine: Engine, exchange: Exchange, seat: Seat) -> None:
    """Hand the engine's head on, and only then bytes: what comes before it the engine would lose."""
    head = asyncio.create_task(exchange.head())
    await head
    if exchange.status not in (UPGRADED, 200):
        await client.answer(told(await exchange.whole(), seat))
        return
    client.answered = True
    kept = "".join(f"{name.title()}: {value}\r\n" for name, value in exchange.headers if name == "content-type")
    first = "101 UPGRADED" if exchange.status == UPGRADED else "200 OK"
    upgrade = f"Connection: Upgrade\r\nUpgrade: {it.protocol}\r\n" if exchange.status == UPGRADED else ""
    await client.raw(f"HTTP/1.1 {first}\r\n{kept}{upgrade}\r\n".encode())
    if it.mediate:
        here = _ahead(client.reader, client.early()), client.writer
        there = _ahead(exchange.reader, exchange.early()), exchange.writer
        await it.mediate(here, there, lambda plan: perform(plan, engine))
        return
    await both_ways(client, exchange)


def _ahead(reader: asyncio.StreamReader, early: bytes) -> asyncio.StreamReader:
    """Put what was read too early before what comes."""
    reader._buffer[:0] = early  # type: ignore[attr-defined]  # noqa: SLF001
    return reader


async def both_ways(client: Client, exchange: Exchange) -> None:
    """Pump bytes both ways; the client's end closes one half only, the engine's end closes all."""
    down = asyncio.create_task(_pump(exchange.reader, client.writer, exchange.early()))
    up = asyncio.create_task(_pump(client.reader, exchange.writer, client.early(), half=True))
    try:
        await asyncio.wait({down, up}, return_when=asyncio.FIRST_COMPLETED)
        if not down.done() and not up.exception() and not client.writer.is_closing():
            await down
    finally:
        for task in (down, up):
            task.cancel()
        await asyncio.gather(down, up, return_exceptions=True)


async def _pump(
    source: asyncio.StreamReader, target: asyncio.StreamWriter, early: bytes = b"", *, half: bool = False
) -> None:
    data = early or await source.read(STEP)
    while data:
        target.write(data)
        await target.drain()
        data = await source.read(STEP)
    if half and target.can_write_eof():
        target.write_eof()
