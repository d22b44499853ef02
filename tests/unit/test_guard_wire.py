"""Bytes of a client, and an engine's lines, over a pair of sockets."""

from __future__ import annotations

import asyncio
import json
import socket

import pytest
from fake_guard import seat

from labkit.guard.messages import NOTHING, Answer, Call, Relay, Shape
from labkit.guard.refusal import Malformed, Refused
from labkit.guard.relay import relay
from labkit.guard.upstream import Engine, EngineGone
from labkit.guard.wire import HEAD_BYTES, Client, Gone

HEAD = b"POST /a HTTP/1.1\r\nHost: d\r\n"


async def pair():
    """A client's end as the guard has it, and the other end."""
    one, two = socket.socketpair()
    here = await asyncio.open_connection(sock=one)
    return Client(*here), *(await asyncio.open_connection(sock=two))


def served(data: bytes, most: int = 100):
    """Serve requests until the end; give their targets and bodies, and what the client got."""

    async def run():
        client, reader, writer = await pair()
        writer.write(data)
        writer.write_eof()
        found = []
        try:
            while head := await client.head():
                found.append((head.target, await client.body(most)))
                await client.answer(Answer(200, {"n": len(found)}))
                if not client.again():
                    break
        finally:
            client.writer.close()
            got = await reader.read()
            writer.close()
        return found, got

    return asyncio.run(asyncio.wait_for(run(), 20))


def test_one_after_the_other():
    found, got = served(b"GET /a HTTP/1.1\r\nHost: d\r\n\r\n" + HEAD + b"Content-Length: 2\r\n\r\nhi" + HEAD + b"\r\n")
    assert found == [(b"/a", b""), (b"/a", b"hi"), (b"/a", b"")]
    assert got.count(b"HTTP/1.1 200") == 3
    assert got.endswith(b'{"n": 3}\n')


def test_chunks_are_put_together_and_trailers_left_out():
    data = (
        HEAD
        + b"Transfer-Encoding: chunked\r\n\r\n2;x=y\r\nhi\r\n1\r\n!\r\n0\r\nContent-Length: 9\r\n\r\n"
        + HEAD
        + b"\r\n"
    )
    assert served(data)[0] == [(b"/a", b"hi!"), (b"/a", b"")]


def test_who_waits_for_a_go_ahead_gets_it():
    async def run():
        client, reader, writer = await pair()
        writer.write(HEAD + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        await client.head()
        body = asyncio.create_task(client.body(9))
        first = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"hi")
        found = await body
        writer.close()
        client.writer.close()
        return first[:12], found

    assert asyncio.run(asyncio.wait_for(run(), 20)) == (b"HTTP/1.1 100", b"hi")


def test_head_gets_no_body():
    _, got = served(b"HEAD /a HTTP/1.1\r\nHost: d\r\n\r\n")
    assert got.endswith(b"\r\n\r\n")
    assert b"content-length: 9" in got.lower()


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi",
        HEAD + b"Content-Length: 2, 3\r\n\r\nhi",
        HEAD + b"Content-Length: +2\r\n\r\nhi",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Host: e\r\n\r\n",
        HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhiX\r\n",
        HEAD + b"X: a\0b\r\n\r\n",
        HEAD + b"X\r\n\r\n",
        b"POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /a HTTP/2.0\r\nHost: d\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"POST /a b HTTP/1.1\r\nHost: d\r\n\r\n",
        b"POST /a\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET /a HTTP/1.1\r\n\r\n",
        b"GET /" + b"a" * HEAD_BYTES * 2 + b" HTTP/1.1\r\nHost: d\r\n\r\n",
        HEAD + b"X: y\r\n" * (HEAD_BYTES // 3) + b"\r\n",
    ],
)
def test_what_could_be_read_in_two_ways_is_no_request(data):
    with pytest.raises(Malformed):
        served(data)


def test_a_body_that_is_too_long():
    with pytest.raises(Refused, match="larger than 100 bytes") as found:
        served(HEAD + b"Content-Length: 101\r\n\r\n" + b"x" * 101)
    assert found.value.status == 413


@pytest.mark.parametrize("data", [b"", b"GET", HEAD])
def test_who_leaves_before_the_end_of_a_head_gets_nothing(data):
    assert served(data) == ([], b"")


def test_who_leaves_in_a_body_is_gone():
    with pytest.raises(Gone):
        served(HEAD + b"Content-Length: 9\r\n\r\nhi")


# -- an engine's answer on its way -----------------------------------------------------------------------------


@pytest.fixture
def relayed(tmp_path):
    """Relay what an engine answers, part for part; give what the client got."""

    async def run(it, answer):
        async def engine(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            for part in answer:
                writer.write(part)
                await writer.drain()
            writer.close()

        server = await asyncio.start_unix_server(engine, tmp_path / "e")
        client, reader, writer = await pair()
        writer.write(HEAD + b"\r\n")
        await client.head()
        try:
            await relay(it, client, Engine(f"unix://{tmp_path}/e"), seat(), "1.41")
        finally:
            client.writer.close()
            got = await reader.read()
            writer.close()
            server.close()
        return got

    return lambda it, *answer: asyncio.run(asyncio.wait_for(run(it, answer), 20))


def dechunked(got: bytes) -> bytes:
    body, found = got.partition(b"\r\n\r\n")[2], b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        found, body = found + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
    return found


START = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
CALL = Call("GET", "/events")


def numbers(line):
    return NOTHING if line == {"n": 2} else {**line, "seen": True}


@pytest.mark.parametrize(
    "parts",
    [
        [b'{"n": 1}\n{"n": 2}\r\n\n{"n": 3}'],
        [b'{"n"', b': 1}\n{"n": 2}\n{"n"', b": 3}\n"],
        [b'{"n": 1}\nno JSON\n', b'{"n": 2}\n', b"\n\n", b'{"n": 3}\n'],
    ],
)
def test_lines_go_through_a_view_however_they_come(relayed, parts):
    got = relayed(Relay(CALL, Shape.LINES, view=numbers), START, *parts)
    lines = [json.loads(line) for line in dechunked(got).splitlines()]
    assert lines == [{"n": 1, "seen": True}, {"n": 3, "seen": True}]


def test_further_lines_and_the_end_are_told(relayed):
    ended = []

    def then():
        yield from ()
        return [{"more": 1}]

    got = relayed(Relay(CALL, Shape.LINES, then=then, ended=ended.append), START, b'{"n": 1}\n')
    assert dechunked(got) == b'{"n": 1}\r\n{"more": 1}\r\n'
    assert ended == [True]


def test_an_engine_that_stops_in_the_middle_is_no_end(relayed):
    ended = []
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + b'{"n": 1}\n'
    with pytest.raises(EngineGone):
        relayed(Relay(CALL, Shape.LINES, ended=ended.append), cut)
    assert ended == [False]


def test_a_fault_of_the_engine_is_answered_in_the_seats_words(relayed):
    body = json.dumps({"message": f"held by {'d' * 64} (lk-ada-web)"}).encode()
    head = b"HTTP/1.1 409 Conflict\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    got = relayed(Relay(CALL, Shape.BYTES), head + body)
    assert got.startswith(b"HTTP/1.1 409")
    assert json.loads(got.partition(b"\r\n\r\n")[2]) == {"message": "held by … (web)"}


def test_bytes_stay_as_they_are(relayed):
    got = relayed(Relay(CALL, Shape.BYTES), START, b"a\0b", b"\xff" * 100_000)
    assert dechunked(got) == b"a\0b" + b"\xff" * 100_000


def test_an_engine_that_is_not_there(tmp_path):
    with pytest.raises(EngineGone):
        asyncio.run(Engine(f"unix://{tmp_path}/none").ask(CALL))
