"""One HTTP/2 connection over asyncio's streams: a little above `h2`, nothing below it.

Nothing is kept without bound: what a peer sends is acknowledged only when it is read, so that an HTTP/2 window is all
that it can have under way; what is sent waits for the peer's window and for the socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from typing import TYPE_CHECKING

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    RequestReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings

from labkit.guard.buildkit.ends import Gone

if TYPE_CHECKING:
    from collections.abc import Callable

    from h2.events import Event

    from labkit.guard.buildkit.ends import Sink, Source

STREAMS = 100  # at once; a client of gRPC begins with this many
STREAMS_EVER = 20_000  # on one connection: a build has a dozen
HEADERS = 64 << 10  # bytes of one request's headers, unpacked
WINDOW = STREAMS << 16  # bytes under way on all streams: each one's own window, so that none starves another
CHUNK = 64 << 10
Headers = list[tuple[str, str]]
log = logging.getLogger("labkit.guard")


class Stream:
    """One stream of a connection, as one task reads and writes it.

    Attributes:
        id: HTTP/2's.
        headers: what the peer began it with: a request, or an answer.
        fields: the same as it came: some names stand there more than once.
        trailers: what the peer ended it with, if it did.
        answered: whether this side has sent headers.
    """

    def __init__(self, connection: Connection, id: int) -> None:  # noqa: A002  HTTP/2's word
        self.id = id
        self.headers: dict[str, str] = {}
        self.fields: Headers = []
        self.answered = False
        self.trailers: dict[str, str] = {}
        self.changed = asyncio.Event()
        self.given_up: Callable[[], object] = lambda: None  # called when the peer resets it
        self.ended = False
        self.gone = False
        self._connection = connection
        self._parts: deque[tuple[bytes, int]] = deque()

    def take(self, event: Event) -> None:
        """Take in what the peer sent; data uses a part of its window until it is read."""
        if isinstance(event, DataReceived):
            if event.flow_controlled_length:  # empty parts cost no window, so nothing else would bound them
                self._parts.append((event.data, event.flow_controlled_length))
        elif isinstance(event, ResponseReceived):
            self.headers = dict(event.headers)  # type: ignore[arg-type]  # text: see header_encoding
        elif isinstance(event, TrailersReceived):
            self.trailers = dict(event.headers)  # type: ignore[arg-type]
        elif isinstance(event, StreamEnded):
            self.ended = True
        self.changed.set()

    async def started(self) -> None:
        """Wait until the peer's headers are there."""
        while not (self.headers or self.ended or self.gone):
            await self._wait()
        if self.gone:
            raise Gone("the stream was reset")

    async def read(self) -> bytes:
        """Give what the peer sent next, ``b""`` at its end.

        Raises:
            Gone: the peer gave up.
        """
        while not self._parts:
            if self.gone:
                raise Gone("the stream was reset")
            if self.ended:
                return b""
            await self._wait()
        data, counted = self._parts.popleft()
        await self._connection.acknowledge(self, counted)
        return data

    async def send_headers(self, headers: Headers, *, end: bool = False) -> None:
        """Send headers, or trailers."""
        self.answered = True
        await self._connection.send_headers(self, headers, end=end)

    async def send(self, data: bytes, *, end: bool = False) -> None:
        """Send data as the peer takes it."""
        await self._connection.send_data(self, data, end=end)

    async def reset(self, code: ErrorCodes = ErrorCodes.CANCEL) -> None:
        """Give the stream up, unless it is over."""
        await self._connection.reset(self, code)

    async def _wait(self) -> None:
        self.changed.clear()
        await self.changed.wait()


class Connection:
    """One HTTP/2 connection.

    Args:
        reader: from the peer.
        writer: to the peer.
        client: whether this side asks.
        accept: for a server: called with each request's stream.
    """

    def __init__(
        self,
        reader: Source,
        writer: Sink,
        *,
        client: bool,
        accept: Callable[[Stream], None] | None = None,
    ) -> None:
        self._reader, self._writer, self.accept = reader, writer, accept
        self._h2 = H2Connection(H2Configuration(client_side=client, header_encoding="utf-8"))
        self._h2.local_settings = Settings(
            client=client,
            initial_values={
                SettingCodes.MAX_CONCURRENT_STREAMS: STREAMS,
                SettingCodes.MAX_HEADER_LIST_SIZE: HEADERS,
                SettingCodes.ENABLE_PUSH: 0,
            },
        )
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(WINDOW)
        self._streams: dict[int, Stream] = {}
        self._seen = 0
        self._closed = False

    async def run(self) -> None:
        """Speak HTTP/2 until the peer closes or breaks the protocol."""
        try:
            await self._flush()
            while not self._closed and (data := await self._reader.read(CHUNK)):
                for event in self._h2.receive_data(data):
                    self._handle(event)
                await self._flush()  # also slows down a peer that floods with pings and settings
        except (ProtocolError, UnicodeDecodeError, ConnectionError) as error:
            log.debug("HTTP/2: %r", error)
            self._closed = True  # h2 has prepared the farewell where there is one
        finally:
            await self._farewell()

    async def open(self, headers: Headers) -> Stream:
        """Ask the peer for something: a new stream.

        Raises:
            Gone: the connection is closed.
        """
        if self._closed:
            raise Gone("the connection is closed")
        stream = Stream(self, self._h2.get_next_available_stream_id())
        self._streams[stream.id] = stream
        try:
            await self.send_headers(stream, headers, end=False)
        except Gone:
            self.forget(stream)
            raise
        return stream

    async def send_headers(self, stream: Stream, headers: Headers, *, end: bool) -> None:
        """See `Stream.send_headers`."""
        self._check(stream)
        try:
            self._h2.send_headers(stream.id, headers, end_stream=end)
        except ProtocolError as error:
            raise Gone(str(error)) from None
        await self._flush()

    async def send_data(self, stream: Stream, data: bytes, *, end: bool) -> None:
        """See `Stream.send`."""
        rest = memoryview(data)
        while True:
            self._check(stream)
            try:
                room = min(self._h2.local_flow_control_window(stream.id), self._h2.max_outbound_frame_size)
                if rest and room <= 0:
                    stream.changed.clear()
                    await stream.changed.wait()
                    continue
                part, rest = rest[:room], rest[room:]
                self._h2.send_data(stream.id, bytes(part), end_stream=end and not rest)
            except ProtocolError as error:
                raise Gone(str(error)) from None
            await self._flush()
            if not rest:
                return

    async def acknowledge(self, stream: Stream, counted: int) -> None:
        """Give the peer back the part of its window that was read."""
        with contextlib.suppress(ProtocolError):  # the stream is over; only the connection's window counts then
            self._h2.acknowledge_received_data(counted, stream.id)
        await self._flush()

    async def reset(self, stream: Stream, code: ErrorCodes) -> None:
        """See `Stream.reset`."""
        with contextlib.suppress(ProtocolError, ConnectionError):
            if not self._closed and not stream.gone:
                self._h2.reset_stream(stream.id, code)
                await self._flush()
        self.forget(stream)

    def forget(self, stream: Stream) -> None:
        """Drop what is kept of a stream, and give back its part of the connection's window."""
        self._streams.pop(stream.id, None)
        stream.gone = True
        stream.changed.set()
        for _, counted in stream._parts:  # noqa: SLF001  the two are one thing
            with contextlib.suppress(ProtocolError):
                if not self._closed:
                    self._h2.acknowledge_received_data(counted, stream.id)
        stream._parts.clear()  # noqa: SLF001

    def close(self) -> None:
        """Close the connection; `run` ends."""
        self._closed = True
        self._writer.close()

    def _check(self, stream: Stream) -> None:
        if self._closed or stream.gone:
            raise Gone("the stream is closed")

    async def _flush(self) -> None:
        data = self._h2.data_to_send()
        if data and not self._writer.is_closing():
            self._writer.write(data)
            await self._writer.drain()

    async def _farewell(self) -> None:
        for stream in list(self._streams.values()):
            self.forget(stream)
        with contextlib.suppress(ProtocolError, ConnectionError, TimeoutError):
            if not self._closed:
                self._h2.close_connection()
            self._closed = True
            async with asyncio.timeout(1):
                await self._flush()
        self.close()

    def _handle(self, event: Event) -> None:
        if isinstance(event, RequestReceived):
            self._begin(event)
            return
        if isinstance(event, ConnectionTerminated):
            self._closed = True
            return
        stream = self._streams.get(getattr(event, "stream_id", None) or 0)
        if not stream:
            if isinstance(event, DataReceived):  # for a stream that is over: only give its window back
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            for each in self._streams.values():  # it is the connection's own window, or its settings
                each.changed.set()
            return
        if not isinstance(event, StreamReset):
            stream.take(event)
        elif self.accept or not stream.ended:
            # After an answer's end a reset only says that nothing more is read; what came before still counts.
            self.forget(stream)
            stream.given_up()

    def _begin(self, event: RequestReceived) -> None:
        self._seen += 1
        if self._seen > STREAMS_EVER or not self.accept:
            self._h2.close_connection(ErrorCodes.ENHANCE_YOUR_CALM)
            self._closed = True
            return
        self._streams[event.stream_id] = stream = Stream(self, event.stream_id)
        stream.fields = list(event.headers)  # type: ignore[arg-type]
        stream.headers = dict(stream.fields)
        self.accept(stream)
