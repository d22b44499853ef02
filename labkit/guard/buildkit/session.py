"""A build's session: the engine asks the docker command for files, and a Dockerfile among them is written anew.

The engine opens HTTP/2 streams towards the docker command. The guard ends both connections and speaks for each side
to the other. Streams of the build context go on as they come: they are the learner's own files.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from labkit.guard.buildkit.rpc import ANSWER, Budget, Code, Fault, fault_of, framed, messages, request
from labkit.guard.buildkit.schema import MESSAGE
from labkit.guard.buildkit.serving import answer, end, speak
from labkit.guard.buildkit.wire import Connection, Gone, Stream
from labkit.guard.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from labkit.guard.messages import CarryOut, End
    from labkit.guard.seat import Seat

DIFF_COPY = "/moby.filesync.v1.FileSync/DiffCopy"
# What the engine may ask of the docker command; passwords of registries are not among it.
ALLOWED = (DIFF_COPY, "/grpc.health.v1.Health/Check", "/moby.buildkit.secrets.v1.Secrets/GetSecret")
STANDARD = ("content-type", "user-agent", "te")
STAT, REQUEST, DATA, FINISH, ERROR = range(5)  # types of a packet
MODE_TYPE, MODE_FOLDER = 0x8F280000, 1 << 31  # bits of a mode (source: Go, io/fs.ModeType)
Packet, Stat = MESSAGE["Packet"], MESSAGE["Stat"]
IGNORE = ".dockerignore"
TOLD_SECONDS = 2.0  # for the engine to take in why it gets no files
MOST_FILES, LARGEST, STEP = 64, 4 << 20, 32 << 10


async def mediate(
    client: End, engine: End, _carry_out: CarryOut, *, seat: Seat, rewrite: Callable[[bytes], bytes]
) -> None:
    """Speak for each side to the other until one of them leaves.

    Args:
        client: the docker command, which is the server here.
        engine: who asks.
        seat: whose session it is.
        rewrite: what a Dockerfile goes through; may raise `Refused`.
    """
    there = Connection(*client, client=True)
    here = Connection(*engine, client=False)
    await speak(here, there, lambda asked: answer(asked, seat, _serve(asked, there, rewrite)))


async def _serve(asked: Stream, there: Connection, rewrite: Callable[[bytes], bytes]) -> None:
    """Answer one request of the engine with what the docker command says."""
    path = asked.headers.get(":path", "")
    _check(path)
    more = [(k, v) for k, v in asked.fields if k not in STANDARD and not k.startswith((":", "grpc-"))]
    said = await there.open(request(path, *more))
    try:
        if path == DIFF_COPY and asked.headers.get("dir-name") == "dockerfile":
            try:
                await _dockerfiles(asked, said, rewrite)
            except Refused as error:
                await _tell(asked, str(error))
                raise
        else:
            await _pass(asked, said)
    finally:
        await said.reset()


def _check(path: str) -> None:
    if path not in ALLOWED:
        raise Fault(Code.UNIMPLEMENTED, f"The lab's guard does not let the engine ask for {path}.")


async def _pass(asked: Stream, said: Stream) -> None:
    """Hand on what comes, both ways."""
    up = asyncio.create_task(_pump(asked, said))
    try:
        await said.started()
        await asked.send_headers(ANSWER)
        while data := await said.read():
            await asked.send(data)
        await end(asked, fault_of(said))
    finally:
        up.cancel()
        await asyncio.gather(up, return_exceptions=True)


async def _pump(source: Stream, target: Stream) -> None:
    while data := await source.read():
        await target.send(data)
    await target.send(b"", end=True)


# -- the folder of the Dockerfile --------------------------------------------------------------------------------


async def _dockerfiles(asked: Stream, said: Stream, rewrite: Callable[[bytes], bytes]) -> None:
    """Get the files from the docker command, and give them to the engine as they are after ``rewrite``."""
    budget = Budget()
    theirs, ours = _packets(said, budget), _packets(asked, budget)
    stats = await _listed(theirs)
    files = {}
    for number, stat in enumerate(stats):
        if not stat.mode & MODE_TYPE:
            content = await _content(number, said, theirs)
            files[number] = content if stat.path.endswith(IGNORE) else rewrite(content)
            stat.size = len(files[number])
        elif stat.mode & MODE_TYPE != MODE_FOLDER:
            raise Refused(f"The lab takes a Dockerfile only as a plain file; {stat.path[-60:]!r} is none.")
    await asked.send_headers(ANSWER)
    for stat in stats:
        await _send(asked, Packet(type=STAT, stat=stat))
    await _send(asked, Packet(type=STAT))
    async for packet in ours:
        if packet.type == FINISH:
            break
        if packet.type == REQUEST:
            await _give(asked, packet.id, files.get(packet.id, b""))
    await said.send(framed(Packet(type=FINISH).SerializeToString()), end=True)
    async for packet in theirs:
        if packet.type == FINISH:
            break
    await _send(asked, Packet(type=FINISH))
    await end(asked, None)


async def _tell(asked: Stream, text: str) -> None:
    """Say why there are no files while the call still lives: of its end alone the engine may see a cancelled call."""
    if not asked.answered:
        await asked.send_headers(ANSWER)
    await _send(asked, Packet(type=ERROR, data=text.encode()))
    with contextlib.suppress(Gone, TimeoutError):
        async with asyncio.timeout(TOLD_SECONDS):
            while await asked.read():
                pass


async def _packets(stream: Stream, budget: Budget) -> AsyncIterator[Any]:
    async for body in messages(stream, budget):
        packet = Packet.FromString(body)
        if packet.type == ERROR:
            raise Fault(Code.UNKNOWN, packet.data.decode("utf-8", "replace"))
        yield packet


async def _listed(theirs: AsyncIterator[Any]) -> list[Any]:
    """Give the list of files, each made anew."""
    found: list[Any] = []
    async for packet in theirs:
        if packet.type != STAT or not packet.HasField("stat"):
            break
        it = packet.stat
        found.append(Stat(path=it.path, mode=it.mode, uid=it.uid, gid=it.gid, size=it.size, mtime=it.mtime))
        if len(found) > MOST_FILES:
            raise Refused(f"The lab takes at most {MOST_FILES} files beside a Dockerfile.")
    return found


async def _content(number: int, said: Stream, theirs: AsyncIterator[Any]) -> bytes:
    await _send(said, Packet(type=REQUEST, id=number))
    found = bytearray()
    async for packet in theirs:
        if packet.type == DATA and packet.id == number:
            if not packet.data:
                return bytes(found)
            found += packet.data
            if len(found) > LARGEST:
                raise Refused("The Dockerfile is larger than four mebibytes.")
    raise Fault(Code.INVALID_ARGUMENT, "A file was cut off.")


async def _give(asked: Stream, number: int, content: bytes) -> None:
    for at in range(0, len(content), STEP):
        await _send(asked, Packet(type=DATA, id=number, data=content[at : at + STEP]))
    await _send(asked, Packet(type=DATA, id=number))


async def _send(stream: Stream, packet: Any) -> None:  # noqa: ANN401  a class made from its description
    await stream.send(framed(packet.SerializeToString()))
