"""A build's session: the engine asks the docker command for files, and a Dockerfile among them is written anew.

The engine opens HTTP/2 streams towards the docker command. The guard ends both connections and speaks for each side
to the other. Streams of the build context go on as they come: they are the learner's own files.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from labkit.guard.buildkit.ends import Gone
from labkit.guard.buildkit.ignore import ignored
from labkit.guard.buildkit.rpc import ANSWER, Budget, Code, Fault, fault_of, framed, messages, request
from labkit.guard.buildkit.schema import MESSAGE
from labkit.guard.buildkit.serving import answer, end, speak
from labkit.guard.buildkit.wire import Connection, Stream
from labkit.guard.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from labkit.guard.buildkit.ends import Ends
    from labkit.guard.messages import CarryOut
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


@dataclass
class _Session:
    """What all calls of one session share.

    Attributes:
        there: the connection to the docker command.
        rewrite: what a Dockerfile goes through.
        upload: bytes of one folder at most.
        budget: for messages of the docker command.
    """

    there: Connection
    rewrite: Callable[[bytes], bytes]
    upload: int
    budget: Budget = field(default_factory=Budget)


async def mediate(
    client: Ends, engine: Ends, _carry_out: CarryOut, *, seat: Seat, rewrite: Callable[[bytes], bytes]
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
    its = _Session(there, rewrite, seat.bounds.upload)
    await speak(here, there, lambda asked: answer(asked, seat, _serve(asked, its)))


async def _serve(asked: Stream, its: _Session) -> None:
    """Answer one request of the engine with what the docker command says."""
    path = asked.headers.get(":path", "")
    _check(path)
    more = [(k, v) for k, v in asked.fields if k not in STANDARD and not k.startswith((":", "grpc-"))]
    said = await its.there.open(request(path, *more))
    try:
        if path == DIFF_COPY and asked.headers.get("dir-name") == "dockerfile":
            try:
                await _dockerfiles(asked, said, its)
            except Refused as error:
                await _tell(asked, str(error))
                raise
        else:
            await _pass(asked, said, its.upload)
    finally:
        await said.reset()


def _check(path: str) -> None:
    if path not in ALLOWED:
        raise Fault(Code.UNIMPLEMENTED, f"The lab's guard does not let the engine ask for {path}.")


async def _pass(asked: Stream, said: Stream, most: int) -> None:
    """Hand on what comes, both ways; at most so many bytes from the docker command."""
    up = asyncio.create_task(_pump(asked, said))
    try:
        await said.started()
        await asked.send_headers(ANSWER)
        while data := await said.read():
            most -= len(data)
            if most < 0:
                raise Refused("The build's context is larger than the lab takes.", instead="Use a .dockerignore file.")
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


async def _dockerfiles(asked: Stream, said: Stream, its: _Session) -> None:
    """Get the files from the docker command, and give them to the engine as they were written anew."""
    theirs, ours = _packets(said, its.budget), _packets(asked, Budget())
    stats = await _listed(theirs)
    files = await _written_anew(stats, said, theirs, its.rewrite)
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


async def _written_anew(
    stats: list[Any], said: Stream, theirs: AsyncIterator[Any], rewrite: Callable[[bytes], bytes]
) -> dict[int, bytes]:
    """Get the files' content, by their numbers in the list; the list gets their new sizes and times."""
    files: dict[int, bytes] = {}
    for number, stat in enumerate(stats):
        if not stat.mode & MODE_TYPE:
            content = await _content(number, said, theirs)
            files[number] = ignored(content) if stat.path.endswith(IGNORE) else rewrite(content)
            stat.size, stat.mtime = len(files[number]), _mtime(files[number])
            if sum(map(len, files.values())) > LARGEST:
                raise _too_large()
        elif stat.mode & MODE_TYPE != MODE_FOLDER:
            raise Refused(f"The lab takes a Dockerfile only as a plain file; {stat.path[-60:]!r} is none.")
    return files


def _mtime(content: bytes) -> int:
    """Give a time of change in nanoseconds that is another one for another content.

    Of two files with one size and time, 20.10 takes the one that it has already. But one file of the learner's becomes
    two where an argument names an image.
    """
    return int.from_bytes(hashlib.blake2b(content, digest_size=7).digest(), "big")


def _too_large() -> Refused:
    return Refused("The Dockerfile is larger than four mebibytes.")


async def _content(number: int, said: Stream, theirs: AsyncIterator[Any]) -> bytes:
    await _send(said, Packet(type=REQUEST, id=number))
    found = bytearray()
    async for packet in theirs:
        if packet.type == DATA and packet.id == number:
            if not packet.data:
                return bytes(found)
            found += packet.data
            if len(found) > LARGEST:
                raise _too_large()
    raise Fault(Code.INVALID_ARGUMENT, "A file was cut off.")


async def _give(asked: Stream, number: int, content: bytes) -> None:
    for at in range(0, len(content), STEP):
        await _send(asked, Packet(type=DATA, id=number, data=content[at : at + STEP]))
    await _send(asked, Packet(type=DATA, id=number))


async def _send(stream: Stream, packet: Any) -> None:  # noqa: ANN401  a class made from its description
    await stream.send(framed(packet.SerializeToString()))
