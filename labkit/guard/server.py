"""The guard's sockets: one for each seat, one process for all."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from labkit.guard import policy, strictjson
from labkit.guard.messages import Answer, Body, Call, Relay, Request
from labkit.guard.notes import note
from labkit.guard.refusal import Refused
from labkit.guard.relay import relay
from labkit.guard.rules import networks
from labkit.guard.settle import settle
from labkit.guard.turns import Turn, taken
from labkit.guard.upstream import Engine, EngineGone, perform
from labkit.guard.wire import STEP, Client, Gone

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    import h11
    from filelock import AsyncReadWriteLock

    from labkit.guard.ledger import Ledger
    from labkit.guard.messages import Decision, Json, Reply
    from labkit.guard.seat import Seat

MOST_CONNECTIONS = 256  # of one seat
LOOK_EVERY = 10.0  # s between two looks for the course's images
BODY_IGNORED = 1 << 16
NO_LEDGER = (
    "The lab's guard could not write down whose this is ({}), so it did not go on. Is the disk full? "
    "Make room there, then try again."
)
OWN_FAULT = (
    "The lab's guard has a fault of its own: it is in its log, guard.log. Please report it; nobody else is affected."
)
log = logging.getLogger("labkit.guard")


@dataclass
class Guard:
    """The guard in front of one engine.

    Attributes:
        engine: where it is.
        ledger: who owns what.
        course: names of the images that every seat may use.
        turns: what builds and removals of images wait for.
        seats: the seats by name.
    """

    engine: Engine
    ledger: Ledger
    course: tuple[str, ...] = ()
    turns: AsyncReadWriteLock | None = None
    seats: dict[str, Seat] = field(default_factory=dict)
    images: dict[str, str] = field(default_factory=dict)
    connections: dict[str, int] = field(default_factory=dict)
    servers: list[asyncio.Server] = field(default_factory=list)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    unsettled: set[str] = field(default_factory=set)
    settling: asyncio.Lock = field(default_factory=asyncio.Lock)
    looked: float = 0.0

    async def add(self, seat: Seat, socket: Path) -> None:
        """Open a seat's socket; its first request makes its ledger and the engine agree.

        Args:
            seat: its name, ledger and bounds; the course's images and the API's version are filled in.
            socket: the socket's path; nothing is there yet.
        """
        self.know(seat)

        def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(self._serve(seat.name, Client(reader, writer)))
            self.tasks.add(task)  # the loop itself holds it weakly
            task.add_done_callback(self.tasks.discard)

        self.servers.append(await asyncio.start_unix_server(serve, socket, limit=STEP, backlog=512))

    def know(self, seat: Seat) -> None:
        """Take a seat in, without a socket."""
        seat.forget("session", *seat.ids("session"))  # they ended with their connections
        self.seats[seat.name] = replace(seat, course=self.images)
        self.unsettled.add(seat.name)

    async def carry_out(
        self, name: str, plan: Callable[[Seat], Generator[Call, Reply, Json]], turn: Turn = Turn.ANY
    ) -> Json:
        """Carry out a plan for a seat, when it is its turn.

        Raises:
            EngineGone: the engine does not answer.
        """
        await self._ready(name)
        async with taken(turn, self.turns):
            return await perform(plan(self.seats[name]), self.engine)

    async def look(self) -> None:
        """Look which of the course's images the engine has, which API it speaks, and where its addresses come from.

        Raises:
            EngineGone: it does not answer.
        """
        version = await self.engine.ask(Call("GET", "/version"))
        self.looked = time.monotonic()
        if not version.ok:
            raise EngineGone
        newest = tuple(map(int, version.body["ApiVersion"].split(".")))
        self.engine.api = "{}.{}".format(*min(newest, policy.NEWEST))
        pool = networks.pool((await self.engine.ask(Call("GET", "/info"))).body)
        known = {"api": self.engine.api, "arch": version.body.get("Arch", "amd64"), "pool": pool}
        self.seats = {name: replace(seat, **known) for name, seat in self.seats.items()}
        # One by one: to list images, the engine reads all that it has.
        found = {name: await self.engine.ask(Call("GET", f"/images/{name}/json")) for name in self.course}
        self.images.clear()
        self.images.update({name: reply.body["Id"] for name, reply in found.items() if reply.ok})

    async def close(self) -> None:
        """Close all sockets."""
        for server in self.servers:
            server.close()

    # -- one connection ----------------------------------------------------------------------------------------

    async def _serve(self, name: str, client: Client) -> None:
        self.connections[name] = self.connections.get(name, 0) + 1
        try:
            if self.connections[name] > MOST_CONNECTIONS:
                await client.answer(Answer(503, {"message": "The lab's guard has too many connections of yours."}))
                return
            while await self._once(name, client):
                pass
            await client.linger()
        except (Gone, ConnectionError, TimeoutError, asyncio.CancelledError):
            pass
        finally:
            self.connections[name] -= 1
            client.writer.close()

    async def _once(self, name: str, client: Client) -> bool:
        """Serve one request; False where the connection is to be closed."""
        line = "?"
        try:
            head = await client.head()
            if head is None:
                return False
            line = f"{head.method.decode()} {head.target.decode('latin-1')}"
            await self._ready(name)
            await self._answer(self.seats[name], client, head)
        except (Gone, ConnectionError, TimeoutError):
            raise
        except Exception as error:  # noqa: BLE001  of whatever kind: it is said, and ends this request alone
            answer = self._trouble(name, line, error)
            if client.answered:
                return False
            await client.answer(answer)
        return client.again()

    def _trouble(self, name: str, line: str, error: Exception) -> Answer:
        """Write down what went wrong, and give the answer that says it."""
        match error:
            case Refused():
                note(self.ledger, name, line, error)
                return policy.refusal(error)
            case EngineGone():
                return Answer(503, {"message": "The Docker Engine behind the lab's guard does not answer."})
        self.unsettled.add(name)  # what the engine has done meanwhile is found again
        if isinstance(error, sqlite3.Error):
            log.info("%s: %s: the ledger cannot be written: %s", name, line, error)
            return Answer(507, {"message": NO_LEDGER.format(error)})
        log.error("%s: %s", name, line, exc_info=error)
        return Answer(500, {"message": OWN_FAULT})

    async def _ready(self, name: str) -> None:
        """Look at the engine now and then; after a start, and after what was cut off, make the ledger agree with it."""
        async with self.settling:
            if not self.engine.api or time.monotonic() - self.looked > LOOK_EVERY:
                await self.look()
            if name in self.unsettled:
                await perform(settle(self.seats[name]), self.engine)
                self.unsettled.discard(name)

    async def _answer(self, seat: Seat, client: Client, head: h11.Request) -> None:
        version, path, query = policy.parse_target(head.target.decode("latin-1"), seat.api)
        row = policy.route(head.method.decode(), path, query)
        headers = tuple((name.decode(), value.decode("latin-1")) for name, value in head.headers)
        body = None
        if row.body is Body.JSON:
            body = strictjson.read(await client.body(strictjson.MOST))
        elif row.body is Body.NONE:
            await client.body(BODY_IGNORED)
        request = Request(head.method.decode(), version, path, query, headers, body)
        decision: Decision | Refused | None = None
        try:
            async with taken(row.turn, self.turns):
                decision = await perform(policy.decide(row, request, seat), self.engine, version)
                if isinstance(decision, Refused):
                    raise decision
                if row.body is Body.STREAM and not (isinstance(decision, Relay) and decision.upload):
                    await client.body(BODY_IGNORED)
                if isinstance(decision, Relay):
                    await relay(decision, client, self.engine, seat, version)
                else:
                    await client.answer(decision)
        except (EngineGone, Gone, ConnectionError):
            if decision is None or (isinstance(decision, Relay) and decision.then):
                self.unsettled.add(seat.name)
            raise
