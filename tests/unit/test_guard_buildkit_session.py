"""A build's session: what the engine asks for, and what it gets of what the docker command says."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from test_guard_buildkit_door import CONTROL, SESSION, Scene, _ends, play

from labkit.guard.buildkit import session
from labkit.guard.buildkit.opening import ID, METHODS
from labkit.guard.buildkit.rpc import ANSWER, Budget, Code, ending, fault_of, framed, messages, request
from labkit.guard.buildkit.session import DATA, DIFF_COPY, ERROR, FINISH, REQUEST, STAT, Packet, Stat
from labkit.guard.buildkit.tunnel import Tube
from labkit.guard.buildkit.wire import Connection
from labkit.guard.ledger import Ledger
from labkit.guard.seat import Bounds, Seat

HEALTH = "/grpc.health.v1.Health/Check"
LINK = 1 << 27  # of a mode (source: Go, io/fs.ModeSymlink)


@pytest.fixture
def seat(tmp_path):
    return Seat("ada", Ledger(tmp_path / "ledger.db"))


def _task(work):
    return asyncio.get_running_loop().create_task(work)


def test_a_session_in_the_door(seat):
    said = []

    async def session(stream):
        """A BuildKit that asks its session for two things."""
        tube = Tube(stream, Budget())
        await stream.send_headers(ANSWER)
        there = Connection(tube, tube, client=True)
        run = asyncio.create_task(there.run())
        for path in (HEALTH, "/moby.sshforward.v1.SSH/ForwardAgent"):
            asked = await there.open(request(path))
            await asked.send(framed(b""), end=True)
            await asked.started()
            said.append(([each async for each in messages(asked, Budget())], fault_of(asked)))
        run.cancel()
        await stream.send_headers(ending(None), end=True)

    async def serving(stream):
        await stream.send_headers(ANSWER)
        await stream.send(framed(b"\x08\x01"))
        await stream.send_headers(ending(None), end=True)

    async def it():
        async with Scene(seat, {f"{CONTROL}/Session": session}) as scene:
            stream = await scene.client.open(request(f"{CONTROL}/Session", (ID, SESSION), (METHODS, HEALTH)))
            await stream.started()
            assert [each.id for each in seat.things("session")] == [SESSION]
            tube = Tube(stream, Budget())
            docker = Connection(tube, tube, client=False, accept=lambda it: tasks.append(_task(serving(it))))
            tasks = [_task(docker.run())]
            await tasks[0]
            (well, _), (_, refused) = said
            assert (well, refused.code) == ([b"\x08\x01"], Code.UNIMPLEMENTED)
            assert len(tasks) == 2  # what is not allowed, the docker command was not asked for
        assert seat.things("session") == []

    play(it)


async def folder(seat, files, folder="dockerfile"):
    """What the engine gets of a folder: its list with contents, and how the call ended."""

    async def give(stream):
        await stream.send_headers(ANSWER)
        for name, content, mode in files:
            await say(stream, type=STAT, stat=Stat(path=name, mode=mode, size=len(content)))
        await say(stream, type=STAT)
        async for body in messages(stream, Budget()):
            packet = Packet.FromString(body)
            if packet.type == REQUEST:
                await say(stream, type=DATA, id=packet.id, data=files[packet.id][1])
                await say(stream, type=DATA, id=packet.id)
            if packet.type == FINISH:
                await say(stream, type=FINISH)
        await stream.send_headers(ending(None), end=True)

    (docker, guard), (here, kit) = await _ends(), await _ends()
    tasks = []
    command = Connection(*docker, client=False, accept=lambda it: tasks.append(_task(give(it))))
    engine = Connection(*kit, client=True)
    mediation = session.mediate(guard, here, None, seat=seat, rewrite=lambda content: b"anew " + content)
    tasks += [_task(command.run()), _task(engine.run()), _task(mediation)]
    try:
        return await _got(await engine.open(request(DIFF_COPY, ("dir-name", folder))))
    finally:
        engine.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def say(stream, **fields):
    await stream.send(framed(Packet(**fields).SerializeToString()))


async def _got(stream):
    stats, contents, told = [], {}, ""
    async for body in messages(stream, Budget()):
        packet = Packet.FromString(body)
        if packet.type == STAT and packet.HasField("stat"):
            stats.append(packet.stat)
        elif packet.type == STAT:  # the list is whole
            for number in range(len(stats)):
                contents[number] = b""
                await say(stream, type=REQUEST, id=number)
            await stream.send(framed(Packet(type=FINISH).SerializeToString()), end=True)
        elif packet.type == DATA:
            contents[packet.id] += packet.data
        elif packet.type == ERROR:
            told = packet.data.decode()
            await stream.send(b"", end=True)
    found = {stat.path: (stat.size, contents[at], stat.mtime) for at, stat in enumerate(stats)}
    return found, told, fault_of(stream)


def got(seat, files, name="dockerfile"):
    return play(lambda: folder(seat, files, name))


def test_a_dockerfile_is_written_anew_and_an_ignore_file_made_harmless(seat):
    files = [("Dockerfile", b"FROM a", 0o644), ("Dockerfile.dockerignore", b"*.log", 0o644)]
    found, told, fault = got(seat, files)
    ignore = b"# The lab's guard has read this.\n*.log"
    assert {name: each[:2] for name, each in found.items()} == {
        "Dockerfile": (11, b"anew FROM a"),
        "Dockerfile.dockerignore": (len(ignore), ignore),
    }
    assert (told, fault) == ("", None)


def test_another_content_has_another_time(seat):
    """Else an engine that has a file of this size and time already does not ask for it again."""
    one, again, other = (
        got(seat, [("Dockerfile", content, 0o644)])[0]["Dockerfile"][2] for content in (b"FROM a", b"FROM a", b"FROM b")
    )
    assert one == again != other


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([("a.dockerignore", b"FROM a", 0o644)], "in a .dockerignore file"),
        ([("Dockerfile", b"", LINK | 0o777)], "only as a plain file"),
        ([("Dockerfile", bytes((4 << 20) + 1), 0o644)], "larger than four mebibytes"),
        ([(name, bytes(3 << 20), 0o644) for name in "ab"], "larger than four mebibytes"),
        ([(f"{number:03}", b"", 0o644) for number in range(65)], "at most 64 files"),
    ],
)
def test_files_that_the_engine_does_not_get(seat, files, words):
    found, told, fault = got(seat, files)
    assert (found, words in told, fault.code) == ({}, True, Code.PERMISSION_DENIED)


def test_a_context_is_bounded(seat):
    files = [(name, bytes(20_000), 0o644) for name in "ab"]
    assert got(seat, files, "context")[2] is None
    _, _, fault = got(replace(seat, bounds=Bounds(upload=30_000)), files, "context")
    assert (fault.code, "context is larger" in fault.text) == (Code.PERMISSION_DENIED, True)
