"""BuildKit's own door (POST /grpc), by which a current docker command and buildx build.

The guard ends the client's HTTP/2 connection and has one of its own to the engine. A call that it does not know is not
made; of those that it knows, `judge` writes each message anew.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from labkit.guard.buildkit import judge, session
from labkit.guard.buildkit.opening import ID as SESSION_ID
from labkit.guard.buildkit.opening import OPEN, opening
from labkit.guard.buildkit.rpc import ANSWER, Budget, Code, Fault, fault_of, framed, messages, only, request
from labkit.guard.buildkit.schema import MESSAGE
from labkit.guard.buildkit.serving import answer, end, speak
from labkit.guard.buildkit.tunnel import Shared, Tube
from labkit.guard.buildkit.wire import Connection, Stream
from labkit.guard.refusal import Malformed, Missing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

    from labkit.guard.buildkit.judge import Build, Reading
    from labkit.guard.messages import CarryOut, End
    from labkit.guard.names import Ref
    from labkit.guard.seat import Seat

CONTROL, BRIDGE = "/moby.buildkit.v1.Control", "/moby.buildkit.v1.frontend.LLBBridge"
AS_IT_IS = (f"{CONTROL}/ListWorkers", f"{CONTROL}/Info", "/grpc.health.v1.Health/Check")
# What is answered here, with so many empty messages: the cache is for all, and nobody needs the traces.
EMPTY = {
    f"{CONTROL}/DiskUsage": 1,
    f"{CONTROL}/Prune": 0,
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export": 1,
}
JOB_SECONDS = 5.0  # a call about a build may come before the one that begins it (source: BuildKit waits so, too)
BUILD_ID = "buildkit-controlapi-buildid"
MOST = 4 << 20  # bytes of what a client asks: without builds that were put together elsewhere, it is small
LOOK_SECONDS = 0.05  # between two looks whether a session is there


@dataclass
class Door:
    """One client's connection.

    Attributes:
        seat: whose it is.
        engine: the connection to BuildKit.
        carry_out: makes calls of the Engine API.
        owned: plan to write down an image, from its names and its digest.
        builds: those that this connection has begun, by ref.
        named: refs that this connection has written down as this seat's.
        shared: the sessions that it has opened, by id.
        begun: set when a build begins.
        budget: for what its client asks.
    """

    seat: Seat
    engine: Connection
    carry_out: CarryOut
    owned: Callable[[list[Ref], str], Generator[Any, Any, Any]]
    builds: dict[str, Build] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    shared: dict[str, Shared] = field(default_factory=dict)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    budget: Budget = field(default_factory=Budget)

    async def serve(self, asked: Stream) -> None:
        """Answer one call."""
        await answer(asked, self.seat, self._answer(asked.headers.get(":path", ""), asked))

    async def _answer(self, path: str, asked: Stream) -> None:
        rules: dict[str, Callable[[Stream, bytes], Awaitable[None]]] = {
            f"{CONTROL}/Solve": self._solve,
            f"{CONTROL}/Status": self._status,
            f"{BRIDGE}/Ping": self._ping,
            f"{BRIDGE}/Solve": self._bridge_solve,
            f"{BRIDGE}/Return": self._return,
        }
        if path == f"{CONTROL}/Session" and SESSION_ID in asked.headers:
            await self._session(asked)
            return
        if path not in (*rules, *AS_IT_IS, *EMPTY):
            raise Fault(Code.UNIMPLEMENTED, f"The lab's guard does not know {path[:100]}.")
        body = await only(asked, self.budget, MOST)
        with self.budget.holding(len(body)):
            if path in rules:
                await rules[path](asked, body)
            elif path in EMPTY:
                await asked.send_headers(ANSWER)
                await asked.send(framed(b"") * EMPTY[path])
                await end(asked, None)
            else:
                await self._hand_on(asked, await self._call(asked, b""))

    async def _call(self, asked: Stream, body: bytes) -> Stream:
        """Make the same call of the engine, with the body as it was written anew."""
        more = [(BUILD_ID, asked.headers[BUILD_ID])] if asked.headers.get(BUILD_ID) in self.builds else []
        answer = await self.engine.open(request(asked.headers[":path"], *more))
        await answer.send(framed(body), end=True)
        return answer

    async def _of(self, asked: Stream) -> Build:
        """Give the build that a call of the bridge is about."""
        ref = asked.headers.get(BUILD_ID, "")
        try:
            async with asyncio.timeout(JOB_SECONDS):
                while ref not in self.builds:
                    self.begun.clear()
                    await self.begun.wait()
        except TimeoutError:
            raise Missing("no such job") from None
        return self.builds[ref]

    async def _present(self, session: str) -> None:
        """Wait until a session of this seat is there: like BuildKit, since it may come after its build."""

        def there() -> bool:
            known = self.seat.ledger.thing(self.seat.name, "session", session)
            return bool(known and known.name)

        try:
            async with asyncio.timeout(JOB_SECONDS):
                while session and not there():  # noqa: ASYNC110  it is opened by another request
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            raise Malformed("no active session for this build") from None

    async def _read_with(self, reading: Reading, build: Build) -> None:
        """See to it that the session is asked for this Dockerfile with this build's arguments."""
        for folder in (build.session, *reading.folders.values()):
            await self._present(folder)
        # The frontend of an older engine does not know of shared folders: it asks the build's own session.
        for giver in {build.session, reading.folders.get(judge.DOCKERFILE, "")} - {""}:
            if giver in self.shared:
                self.shared[giver].agree(reading.arguments)
            else:
                self.seat.own("session", giver, OPEN, json.dumps(reading.arguments))

    async def _hand_on(self, asked: Stream, answer: Stream, view: Callable[[bytes], bytes] | None = None) -> None:
        try:
            await answer.started()
            await asked.send_headers(ANSWER)
            async for body in messages(answer, Budget()):
                await asked.send(framed(view(body) if view else body))
            await end(asked, self._said(fault_of(answer)))
        finally:
            await answer.reset()

    async def _result(self, answer: Stream) -> bytes:
        """Give the one message of an answer; a fault is said in the seat's words."""
        try:
            await answer.started()
            found = b""
            async for body in messages(answer, Budget()):
                found = body
            if fault := self._said(fault_of(answer)):
                raise fault
            return found
        finally:
            await answer.reset()

    def _said(self, fault: Fault | None) -> Fault | None:
        return Fault(fault.code, self.seat.names.plain(fault.text)) if fault else None

    async def leave(self) -> None:
        """Write down images that came to be while their client left."""
        self.seat.forget("build", *self.named)
        for build in self.builds.values():
            if not build.over:
                await self.carry_out(self.owned(build.names, ""))

    # -- the calls -------------------------------------------------------------------------------------------------

    async def _solve(self, asked: Stream, body: bytes) -> None:
        ref, build, anew = judge.solve(body, self.seat)
        if ref in self.builds:
            raise Malformed("A build of this name is there already.")
        self.builds[ref] = build  # before anything is waited for: another call of this name finds it
        self._name(ref)
        await self._present(build.session)
        if build.reading:
            await self._read_with(build.reading, build)
        self.begun.set()
        try:
            found = MESSAGE["Solved"].FromString(await self._result(await self._call(asked, anew)))
        except Fault:
            build.over = True  # the engine has said that nothing came of it
            raise
        told = {key: self.seat.names.plain(value) for key, value in found.response.items()}
        await self.carry_out(self.owned(build.names, told.get("containerimage.digest", "")))
        build.over = True
        if "image.name" in told:
            told["image.name"] = build.asked
        await self._tell(asked, MESSAGE["Solved"](response=told).SerializeToString())

    async def _status(self, asked: Stream, body: bytes) -> None:
        ref = MESSAGE["Status"].FromString(body).ref
        # A client may ask how a build goes before it begins it: its name is then this seat's.
        if not judge.ID.fullmatch(ref) or self.seat.ledger.owned_by_others(self.seat.name, "build", ref):
            raise Missing("no such job")
        self._name(ref)
        there = await self._call(asked, MESSAGE["Status"](ref=ref).SerializeToString())
        await self._hand_on(asked, there, lambda part: progress(part, self.seat))

    def _name(self, ref: str) -> None:
        """Write down that a build's name is this seat's; it is struck out when this connection ends."""
        if not self.seat.ledger.thing(self.seat.name, "build", ref):
            self.named.add(ref)
            self.seat.own("build", ref)

    async def _session(self, asked: Stream) -> None:
        uuid, headers = opening(asked.fields, self.seat)
        self.seat.own("session", uuid, OPEN)
        self.shared[uuid] = shared = Shared(self.seat)
        there = None
        try:
            there = await self.engine.open(request(asked.headers[":path"], *headers))
            await asked.send_headers(ANSWER)
            here, engine = Tube(asked, self.budget), Tube(there, Budget())
            ends = (here, here), (engine, engine)
            await session.mediate(*ends, self.carry_out, seat=self.seat, rewrite=shared.rewrite)
            await end(asked, self._said(fault_of(there)) if there.trailers else None)
        finally:
            del self.shared[uuid]
            self.seat.forget("session", uuid)
            if there:
                await there.reset()

    async def _ping(self, asked: Stream, _body: bytes) -> None:
        await self._of(asked)
        await self._hand_on(asked, await self._call(asked, b""))

    async def _bridge_solve(self, asked: Stream, body: bytes) -> None:
        build = await self._of(asked)
        reading, anew = judge.bridge_solve(body, self.seat)
        await self._read_with(reading, build)
        answer = await self._result(await self._call(asked, anew))
        result = MESSAGE["BridgeSolved"].FromString(answer).result
        build.results |= {result.ref.id, *(each.id for each in result.refs.refs.values())} - {""}
        await self._tell(asked, answer)

    async def _return(self, asked: Stream, body: bytes) -> None:
        build = await self._of(asked)
        await self._hand_on(asked, await self._call(asked, judge.returned(body, build)))

    async def _tell(self, asked: Stream, body: bytes) -> None:
        await asked.send_headers(ANSWER)
        await asked.send(framed(body))
        await end(asked, None)


def progress(body: bytes, seat: Seat) -> bytes:
    """Give what is shown while a build goes on in the seat's names; all else of it stays as it is."""
    found = MESSAGE["Progress"].FromString(body)
    for vertex in found.vertexes:
        vertex.name, vertex.error = seat.names.plain(vertex.name), seat.names.plain(vertex.error)
    for status in found.statuses:
        status.id, status.name = seat.names.plain(status.id), seat.names.plain(status.name)
    return bytes(found.SerializeToString())


async def mediate(
    client: End,
    engine: End,
    carry_out: CarryOut,
    *,
    seat: Seat,
    owned: Callable[[list[Ref], str], Generator[Any, Any, Any]],
) -> None:
    """Stand between a client and BuildKit until one of them leaves.

    Args:
        client: who asks.
        engine: BuildKit.
        carry_out: makes calls of the Engine API.
        seat: whose connection it is.
        owned: plan to write down an image that came to be, from its names and its digest.
    """
    there = Connection(*engine, client=True)
    door = Door(seat, there, carry_out, owned)
    try:
        await speak(Connection(*client, client=False, accept=None), there, door.serve)
    finally:
        await door.leave()
