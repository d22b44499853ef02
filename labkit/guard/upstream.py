"""The guard's side towards the engine: one connection for each call, written anew."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from typing import TYPE_CHECKING, Self
from urllib.parse import quote, urlencode, urlsplit

import h11

from labkit.guard.messages import Call, Reply
from labkit.guard.wire import STEP

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator
    from pathlib import Path

    from labkit.guard.messages import Json, Query

LARGEST = 64 << 20  # bytes of a reply that is read whole
KEPT = (
    "content-type",
    "x-docker-container-path-stat",
    "api-version",
    "ostype",
    "docker-experimental",
    "builder-version",
)
FRAMING = ("content-length", "transfer-encoding")
UPGRADED = 101
# What Engine 20.10 answers while it counts for somebody else; newer ones count once for all who ask.
COUNTS = "a disk usage operation is already running"
PATIENCE = 60  # seconds until a client is told that
Event = h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]


class EngineGone(Exception):  # noqa: N818
    """The engine does not answer, or has stopped in the middle."""


class Engine:
    """Where an engine is.

    Args:
        url: ``unix:///path`` or ``tcp://host:port``.
        certificates: for TLS, the folder with ca.pem, cert.pem and key.pem.
    """

    def __init__(self, url: str, certificates: Path | None = None) -> None:
        self._url = urlsplit(url)
        self._tls: ssl.SSLContext | None = None
        if certificates:
            self._tls = ssl.create_default_context(cafile=str(certificates / "ca.pem"))
            self._tls.load_cert_chain(certificates / "cert.pem", certificates / "key.pem")
        self.api = ""  # the newest version that it and the guard know; none until it was asked

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            if self._url.scheme == "unix":
                return await asyncio.open_unix_connection(self._url.path, limit=STEP)
            return await asyncio.open_connection(self._url.hostname, self._url.port, ssl=self._tls, limit=STEP)
        except OSError as error:
            raise EngineGone from error

    async def open(self, call: Call, *, version: str = "", stream: bool = False, upgrade: str = "") -> Exchange:
        """Send a call's head and JSON body; what it answers comes from the exchange.

        Args:
            call: what to ask.
            version: of the API, which the answer's form is for; what changes something always speaks the newest,
                since in older ones the engine leaves out limits that it did not have then.
            stream: a body follows, chunked.
            upgrade: ask for a stream of bytes both ways, in this protocol.

        Raises:
            EngineGone: it does not answer.
        """
        reader, writer = await self._connect()
        exchange = Exchange(reader, writer)
        spoken = version if version and call.method in ("GET", "HEAD") else self.api
        try:
            await exchange.begin(call, spoken, stream=stream, upgrade=upgrade)
        except EngineGone:
            writer.close()
            raise
        return exchange

    async def ask(self, call: Call, version: str = "") -> Reply:
        """Make a call and read its reply whole; one that the engine does for one client at a time waits for its turn.

        Raises:
            EngineGone: it does not answer.
        """
        patient = time.monotonic() + PATIENCE
        while True:
            async with await self.open(call, version=version) as exchange:
                await exchange.head()
                reply = await exchange.whole()
            if reply.ok or COUNTS not in str(reply.body) or time.monotonic() > patient:
                return reply
            await asyncio.sleep(0.1)


class Exchange:
    """One call under way.

    Args:
        reader: from the engine.
        writer: to the engine.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=STEP)
        writer.transport.set_write_buffer_limits(high=STEP)
        self.status = 0
        self.headers: Query = ()
        self.framing: Query = ()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()

    async def begin(self, call: Call, version: str, *, stream: bool, upgrade: str) -> None:
        """Send the head, and the JSON body where there is one."""
        path = (f"/v{version}" if version else "") + quote(call.path, safe="/:@+-._~")
        path += "?" + urlencode(call.query) if call.query else ""
        body = b"" if call.body is None else json.dumps(call.body).encode()
        headers = [("Host", "docker"), ("User-Agent", "labkit-guard"), *call.headers]
        headers += [("Connection", "Upgrade"), ("Upgrade", upgrade)] if upgrade else [("Connection", "close")]
        if stream:
            headers += [("Content-Type", "application/x-tar"), ("Transfer-Encoding", "chunked")]
        else:
            headers += [("Content-Type", "application/json")] if body else []
            headers += [("Content-Length", str(len(body)))] if body or call.method in ("POST", "PUT") else []
        await self._send(h11.Request(method=call.method, target=path, headers=headers))
        if not stream:
            if body:
                await self._send(h11.Data(data=body))
            await self._send(h11.EndOfMessage())

    async def send(self, content: bytes) -> None:
        """Send a part of a streamed body, and wait while the engine is slow."""
        if content:
            await self._send(h11.Data(data=content))

    async def finish(self) -> None:
        """Send the end of a streamed body."""
        await self._send(h11.EndOfMessage())

    async def _send(self, event: h11.Event) -> None:
        try:
            self.writer.write(self._http.send(event) or b"")
            await self.writer.drain()
        except (ConnectionError, RuntimeError) as error:
            raise EngineGone from error

    async def head(self) -> None:
        """Read the reply's head into ``status``, ``headers`` and ``framing``.

        Raises:
            EngineGone: it stops before.
        """
        event = await self._event()
        while isinstance(event, h11.InformationalResponse) and event.status_code != UPGRADED:
            event = await self._event()
        if not isinstance(event, h11.Response | h11.InformationalResponse):
            raise EngineGone
        self.status = event.status_code
        found = [(name.decode(), value.decode("latin-1")) for name, value in event.headers]
        self.headers = tuple((name, value) for name, value in found if name in KEPT)
        self.framing = tuple((name, value) for name, value in found if name in FRAMING)

    async def parts(self) -> AsyncIterator[bytes]:
        """Read the reply's body as it comes.

        Raises:
            EngineGone: it stops in the middle.
        """
        held: list[bytes] = []  # of one read: what it brought goes on together
        while True:
            event = self._next()
            if isinstance(event, h11.Data):
                held.append(event.data)
                continue
            if held:
                yield b"".join(held)
                held = []
            if event is not h11.NEED_DATA:
                return
            await self._more()

    async def whole(self) -> Reply:
        """Read the reply's body whole.

        Raises:
            EngineGone: it stops in the middle, or is too long.
        """
        found = bytearray()
        async for part in self.parts():
            found += part
            if len(found) > LARGEST:
                raise EngineGone
        return Reply(self.status, _parsed(bytes(found)), self.headers)

    def early(self) -> bytes:
        """Give what has come after the head already."""
        return self._http.trailing_data[0]

    async def _event(self) -> Event:
        while (event := self._next()) is h11.NEED_DATA:
            await self._more()
        return event

    def _next(self) -> Event:
        try:
            return self._http.next_event()
        except h11.RemoteProtocolError as error:
            raise EngineGone from error

    async def _more(self) -> None:
        try:
            self._http.receive_data(await self.reader.read(STEP))
        except (h11.RemoteProtocolError, OSError) as error:
            raise EngineGone from error


def _parsed(content: bytes) -> Json:
    if not content:
        return None
    try:
        return json.loads(content)
    except ValueError:
        return content.decode("utf-8", "replace")


async def perform(plan: Generator[Call, Reply, Json], engine: Engine, version: str = "") -> Json:
    """Carry out a plan: make each call that it asks for, and give what it comes to.

    Args:
        plan: of calls.
        engine: to ask.
        version: of the API; see `Engine.open`.

    Raises:
        EngineGone: the engine does not answer.
    """
    try:
        call = next(plan)
        while True:
            call = plan.send(await engine.ask(call, version))
    except StopIteration as end:
        return end.value
    finally:
        plan.close()
