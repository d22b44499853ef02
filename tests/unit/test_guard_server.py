"""The guard's sockets with clients that dawdle; no engine is asked."""

from __future__ import annotations

import asyncio

import pytest

from labkit.guard import wire
from labkit.guard.ledger import Ledger
from labkit.guard.seat import Seat
from labkit.guard.server import Guard
from labkit.guard.upstream import Engine

HEAD = b"POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Length: 1000\r\n\r\n"


async def _left(tmp_path, parts, every):
    """Send a part now and then; give all that comes until the guard closes."""
    book = Ledger(tmp_path / "ledger.db")
    guard = Guard(Engine(f"unix://{tmp_path}/nobody"), book)
    await guard.add(Seat("ada", book), tmp_path / "s")
    reader, writer = await asyncio.open_unix_connection(tmp_path / "s")

    async def dribble():
        for part in parts:
            writer.write(part)
            await asyncio.sleep(every)

    dribbling, found = asyncio.create_task(dribble()), b""
    try:
        async with asyncio.timeout(20):
            while chunk := await reader.read(1 << 16):
                found += chunk
    except ConnectionResetError:  # it closed while something was on its way to it
        pass
    finally:
        dribbling.cancel()
        writer.close()
        await guard.close()
    return found


def one_by_one(data):
    return [data[at : at + 1] for at in range(len(data))]


def test_a_head_that_dribbles(tmp_path, monkeypatch):
    """Each byte comes in time, the head as a whole does not: the connection is closed."""
    monkeypatch.setattr(wire, "HEAD_SECONDS", 0.3)
    assert asyncio.run(_left(tmp_path, one_by_one(HEAD), 0.05)) == b""


def test_a_connection_that_says_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(wire, "IDLE_SECONDS", 0.3)
    assert asyncio.run(_left(tmp_path, [], 0)) == b""


def test_a_head_that_is_too_long(tmp_path):
    found = asyncio.run(_left(tmp_path, [b"GET / HTTP/1.1\r\nX: " + b"a" * (1 << 17)], 0))
    assert found.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("target", [b"/containers/json", b"/_ping"])
def test_no_engine(tmp_path, target):
    """It is said, and the next request is served: see the two answers."""
    twice = [
        b"GET " + target + b" HTTP/1.1\r\nHost: d\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n",
    ]
    found = asyncio.run(_left(tmp_path, twice, 0.05))
    assert found.count(b"HTTP/1.1 503 ") == 2
    assert b"does not answer" in found
