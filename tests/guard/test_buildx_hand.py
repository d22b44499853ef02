"""A client of BuildKit without good manners: its session gives what it likes, and its calls say what they like."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from dataclasses import dataclass, field

from labkit.guard.buildkit.ends import Gone
from labkit.guard.buildkit.opening import ID, METHODS
from labkit.guard.buildkit.rpc import ANSWER, Budget, Code, Fault, ending, fault_of, framed, messages, request
from labkit.guard.buildkit.schema import MESSAGE
from labkit.guard.buildkit.session import DATA, DIFF_COPY, FINISH, REQUEST, STAT, Packet, Stat
from labkit.guard.buildkit.tunnel import Tube
from labkit.guard.buildkit.wire import Connection

CONTROL, BRIDGE = "/moby.buildkit.v1.Control", "/moby.buildkit.v1.frontend.LLBBridge"
HEALTH = "/grpc.health.v1.Health/Check"
BUILD_ID = "buildkit-controlapi-buildid"
SECONDS = 60
SERVING = b"\x08\x01"


@dataclass
class Hand:
    """One client.

    Attributes:
        socket: of its seat.
        files: of its Dockerfile's folder.
        session: its id.
        inside: whether it opens its session in BuildKit's own door.
    """

    socket: str
    files: dict[str, bytes]
    session: str = field(default_factory=lambda: secrets.token_hex(12))
    inside: bool = False
    _stack: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self):
        if not self.inside:
            self._session(*await self._upgraded("/session", [(ID, self.session), (METHODS, DIFF_COPY)]))
        self.door = self._run(Connection(*await self._upgraded("/grpc", []), client=True))
        if self.inside:
            stream, fault = await self.open_inside(self.session)
            assert not fault, fault
            tube = Tube(stream, Budget())
            self._session(tube, tube)
        return self

    async def __aexit__(self, *_):
        await self._stack.aclose()

    async def _upgraded(self, path, headers):
        reader, writer = await asyncio.open_unix_connection(self.socket)
        lines = [f"POST {path} HTTP/1.1", "Host: d", "Connection: Upgrade", "Upgrade: h2c", "Content-Length: 0"]
        writer.write("\r\n".join([*lines, *(f"{key}: {value}" for key, value in headers), "", ""]).encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101 "):
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r")[0])
            answer = await reader.readexactly(length)
            writer.close()
            raise AssertionError(answer)
        return reader, writer

    def _session(self, reader, writer):
        self._run(Connection(reader, writer, client=False, accept=self._accept))

    def _run(self, connection):
        run = asyncio.create_task(connection.run())

        async def close():
            connection.close()
            run.cancel()
            await asyncio.gather(run, *self._tasks, return_exceptions=True)

        self._stack.push_async_callback(close)
        return connection

    async def open_inside(self, session):
        """Open a session in the door: its stream, and the fault where there is none."""
        stream = await self.door.open(request(f"{CONTROL}/Session", (ID, session), (METHODS, DIFF_COPY)))
        await stream.started()
        return stream, fault_of(stream) if "grpc-status" in {**stream.headers, **stream.trailers} else None

    # -- as a session ----------------------------------------------------------------------------------------------

    def _accept(self, stream):
        task = asyncio.create_task(self._serve(stream))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, stream):
        with contextlib.suppress(Gone):
            if stream.headers[":path"] == DIFF_COPY:
                await self._give(stream, self.files if stream.headers["dir-name"] == "dockerfile" else {})
            elif stream.headers[":path"] == HEALTH:
                await stream.send_headers(ANSWER)
                await stream.send(framed(SERVING))
                await stream.send_headers(ending(None), end=True)
            else:
                fault = Fault(Code.UNIMPLEMENTED, "no")
                await stream.send_headers([*ANSWER, *ending(fault)], end=True)

    async def _give(self, stream, files):
        async def say(**fields):
            await stream.send(framed(Packet(**fields).SerializeToString()))

        await stream.send_headers(ANSWER)
        for name, content in files.items():
            await say(type=STAT, stat=Stat(path=name, mode=0o644, size=len(content)))
        await say(type=STAT)
        async for body in messages(stream, Budget()):
            packet = Packet.FromString(body)
            if packet.type == REQUEST:
                await say(type=DATA, id=packet.id, data=list(files.values())[packet.id])
                await say(type=DATA, id=packet.id)
            elif packet.type == FINISH:
                await say(type=FINISH)
                break
        await stream.send_headers(ending(None), end=True)

    # -- as who asks -----------------------------------------------------------------------------------------------

    async def call(self, path, message, *more):
        """Make one call: its messages, and the fault, or None."""
        body = message if isinstance(message, bytes) else message.SerializeToString()
        stream = await self.door.open(request(path, *more))
        await stream.send(framed(body), end=True)
        await stream.started()
        return [each async for each in messages(stream, Budget())], fault_of(stream)

    async def build(self, *, name="", options=None, metadata=None):
        """Build as buildx does: the response of Solve, and the fault, or None."""
        ref = secrets.token_hex(12)
        solve = MESSAGE["Solve"](ref=ref, session=self.session)
        solve.exporters.add(type="moby").attrs.update({"name": name} if name else {})
        whole = asyncio.create_task(self.call(f"{CONTROL}/Solve", solve))
        mine = (BUILD_ID, ref)
        bridge = MESSAGE["BridgeSolve"](frontend="dockerfile.v0", return_result=True, return_array=True)
        bridge.options.update(options or {"filename": "Dockerfile"})
        found, fault = await self.call(f"{BRIDGE}/Solve", bridge, mine)
        back = MESSAGE["Return"]()
        if fault:
            back.error.code, back.error.message = fault.code, fault.text
        else:
            result = MESSAGE["BridgeSolved"].FromString(found[0]).result
            back.result.CopyFrom(result)
            for key, value in (metadata or {}).items():
                back.result.metadata[key] = value
        await self.call(f"{BRIDGE}/Return", back, mine)
        bodies, failed = await whole
        return (dict(MESSAGE["Solved"].FromString(bodies[0]).response) if bodies else {}), fault or failed


def built(socket, files, **options):
    """One build of one client."""

    async def run():
        async with asyncio.timeout(SECONDS), Hand(str(socket), files, **options.pop("hand", {})) as hand:
            return await hand.build(**options)

    return asyncio.run(run())
