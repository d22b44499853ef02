"""Bytes ↔ requests and answers: HTTP/1.1 by h11, with limits on time and size, and with backpressure.

Nothing of a client's framing goes on: what the engine gets is written by `upstream`, what the client gets is written
here.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING

import h11

from labkit.guard.refusal import Malformed, Refused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from labkit.guard.messages import Answer, Query

STEP = 1 << 18  # bytes read, and held unsent, at a time: what a system call brings of a stream
HEAD_BYTES = 1 << 16
HEAD_SECONDS = 10.0  # from a request's first byte to the end of its head
BODY_SECONDS = 30.0  # for a body that is read whole
STALL_SECONDS = 600.0  # a stream that brings nothing for so long is given up
LINGER_SECONDS = 2.0  # for a client that still sends when it has its answer
IDLE_SECONDS = 300.0  # between two requests
NO_BODY = (204, 304)


class Gone(Exception):  # noqa: N818
    """The other side has left."""


class Client:
    """One connection of a client.

    Args:
        reader: from the client.
        writer: to the client.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_BYTES)
        writer.transport.set_write_buffer_limits(high=STEP)
        self._head = False  # True where the method was HEAD
        self._clear = False  # True where nobody could take the request for another one, or for two
        self.answered = False  # True from the first byte of an answer

    # -- requests ----------------------------------------------------------------------------------------------

    async def head(self) -> h11.Request | None:
        """Read a request's head; None where the client has left.

        Raises:
            Malformed: it is no request, or one that could be read in two ways.
            TimeoutError: it does not come to its end.
        """
        self.answered = False
        event = self._next()
        if event is h11.NEED_DATA and not self._http.trailing_data[0]:
            async with asyncio.timeout(IDLE_SECONDS):
                if not await self._more(HEAD_BYTES):
                    return None
        async with asyncio.timeout(HEAD_SECONDS):
            while (event := self._next() if event is h11.NEED_DATA else event) is h11.NEED_DATA:
                if not await self._more(HEAD_BYTES):
                    return None
        if not isinstance(event, h11.Request):
            return None
        self._head = event.method == b"HEAD"
        self._clear = False
        _check_framing(event)
        self._clear = True
        return event

    async def body(self, most: int) -> bytes:
        """Read a request's body whole.

        Raises:
            Malformed: it is longer than ``most`` bytes, or is no body.
            Gone: the client has left.
        """
        found = bytearray()
        async with asyncio.timeout(BODY_SECONDS):
            async for part in self.parts():
                found += part
                if len(found) > most:
                    raise Refused(f"The request's body is larger than {most} bytes.", status=413)
        return bytes(found)

    async def parts(self) -> AsyncIterator[bytes]:
        """Read a request's body as it comes.

        Raises:
            Malformed: it is no body.
            Gone: the client has left.
        """
        if self._http.they_are_waiting_for_100_continue:
            await self._send(h11.InformationalResponse(status_code=100, headers=[]))
        held: list[bytes] = []  # of one read: what it brought goes on together
        while True:
            event = self._next()
            if isinstance(event, h11.Data):
                held.append(event.data)
                continue
            if held:
                yield b"".join(held)
                held = []
            if event is not h11.NEED_DATA:  # its end; trailers are left out
                return
            async with asyncio.timeout(STALL_SECONDS):
                if not await self._more():
                    raise Gone

    def early(self) -> bytes:
        """Give what has come after the request: the first bytes of a hijacked stream."""
        return self._http.trailing_data[0]

    async def left(self) -> None:
        """Return when the client has left; what it sends meanwhile waits for its turn, up to a point."""
        held = 0
        while held < STEP and (data := await self.reader.read(STEP)):
            held += len(data)
            self._http.receive_data(data)
        if held >= STEP:
            await asyncio.Event().wait()

    def _next(self) -> type[h11.NEED_DATA | h11.PAUSED] | h11.Event:
        try:
            return self._http.next_event()
        except h11.RemoteProtocolError as error:
            raise Malformed(f"This is no request that the lab's guard can read: {error}.") from error

    async def _more(self, most: int = STEP) -> bool:
        data = await self.reader.read(most)
        try:
            self._http.receive_data(data)
        except (h11.RemoteProtocolError, RuntimeError) as error:
            raise Gone from error
        return bool(data)

    # -- answers -----------------------------------------------------------------------------------------------

    async def answer(self, answer: Answer) -> None:
        """Send an answer whole."""
        text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body) + "\n"
        empty = answer.body is None or answer.status in NO_BODY
        content = b"" if empty else text.encode()
        headers = dict(answer.headers)
        if not empty:
            headers.setdefault("content-type", "application/json")
        headers["content-length"] = str(len(content))
        if answer.status in NO_BODY:
            del headers["content-length"]
        if not self._is_read():
            headers["connection"] = "close"
        await self.begin(answer.status, tuple(headers.items()))
        await self.send(content)
        await self.end()

    def _is_read(self) -> bool:
        """Tell whether the request has come to its end, so that another may follow; one without a body has."""
        if self._clear and self._http.their_state is h11.SEND_BODY:
            with contextlib.suppress(Malformed):
                self._next()
        return self._clear and self._http.their_state is h11.DONE

    async def begin(self, status: int, headers: Query) -> None:
        """Send an answer's head; without a content-length its body is chunked."""
        self.answered = True
        await self._send(h11.Response(status_code=status, headers=list(headers)))

    async def begin_as_it_comes(self, status: int, headers: Query) -> None:
        """Send the head of an answer whose body comes `raw`, with the framing that ``headers`` say; it is the last."""
        self.answered = True
        lines = [f"HTTP/1.1 {status} -", *(f"{name}: {value}" for name, value in headers), "connection: close", "", ""]
        await self.raw("\r\n".join(lines).encode("latin-1"))

    async def send(self, content: bytes) -> None:
        """Send a part of an answer's body, and wait while the client is slow."""
        if content and not self._head:
            await self._send(h11.Data(data=content))

    async def end(self) -> None:
        """Send an answer's end."""
        await self._send(h11.EndOfMessage())

    async def _send(self, event: h11.Event) -> None:
        data = self._http.send(event)
        if data:
            await self.raw(data)

    async def raw(self, data: bytes) -> None:
        """Send bytes of a hijacked stream.

        Raises:
            Gone: the client has left.
        """
        try:
            self.writer.write(data)
            await self.writer.drain()
        except (ConnectionError, RuntimeError) as error:
            raise Gone from error

    async def linger(self) -> None:
        """Let a client that still sends read its answer: to close with bytes unread would take the answer away."""
        with contextlib.suppress(TimeoutError, OSError, RuntimeError):
            async with asyncio.timeout(LINGER_SECONDS):
                self.writer.write_eof()
                while await self.reader.read(STEP):
                    pass

    def again(self) -> bool:
        """Make ready for the next request; False where the connection is to be closed."""
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
            return True
        return False


def _check_framing(head: h11.Request) -> None:
    """Refuse what two readers could take for different lengths."""
    names = [name for name, _ in head.headers]
    if head.http_version not in (b"1.1", b"1.0"):
        raise Malformed("The lab's guard speaks HTTP/1.1.")
    if head.method == b"CONNECT":  # h11 would take what follows for another protocol
        raise Malformed("The lab's guard is no way to anywhere else.")
    if b"transfer-encoding" in names and (b"content-length" in names or head.http_version == b"1.0"):
        raise Malformed("The request has two lengths.")
    if names.count(b"content-length") > 1 or names.count(b"host") > 1:
        raise Malformed("The request has a header twice.")
