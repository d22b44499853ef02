"""BuildKit's own door as both sides see it: calls that end in any way, and what is left of them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct

import pytest

from labkit.guard.buildkit import control
from labkit.guard.buildkit.ends import Gone
from labkit.guard.buildkit.rpc import ANSWER, Budget, Code, Fault, ending, fault_of, framed, messages, request
from labkit.guard.buildkit.schema import MESSAGE
from labkit.guard.buildkit.wire import Connection
from labkit.guard.ledger import Ledger
from labkit.guard.seat import Seat

CONTROL, BRIDGE = control.CONTROL, control.BRIDGE
REF, SESSION = "a" * 25, "b" * 25
SECONDS = 20


@pytest.fixture
def seat(tmp_path):
    return Seat("ada", Ledger(tmp_path / "ledger.db"), {"alpine:3.20": "sha256:" + "a" * 64})


async def _ends():
    return [await asyncio.open_connection(sock=each) for each in socket.socketpair()]


class Scene:
    """A client, the guard's part, and a BuildKit that does what a test says.

    Args:
        seat: whose connection it is.
        calls: what BuildKit does, by a call's path.
        owned: what becomes of a result.
    """

    def __init__(self, seat, calls=None, owned=None):
        self.seat, self.calls, self.made, self.asked = seat, calls or {}, [], []
        self.owned = owned or (lambda names, digest: self.made.append((list(map(str, names)), digest)))
        self.tasks = []

    async def __aenter__(self):
        (client, guard), (here, kit) = await _ends(), await _ends()

        async def carry_out(_plan):
            pass

        self.client, engine = Connection(*client, client=True), Connection(*kit, client=False, accept=self._accept)
        self.mediation = asyncio.create_task(control.mediate(guard, here, carry_out, seat=self.seat, owned=self.owned))
        self.tasks += [self.mediation, *(asyncio.create_task(each.run()) for each in (self.client, engine))]
        return self

    async def __aexit__(self, *_):
        await self.leave()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def leave(self):
        self.client.close()
        await asyncio.wait([self.mediation])

    def _accept(self, stream):
        self.asked.append(stream.headers[":path"])
        self.tasks.append(asyncio.create_task(self.calls[stream.headers[":path"]](stream)))

    async def begin(self, path, body, *more):
        stream = await self.client.open(request(path, *more))
        await stream.send(framed(body), end=True)
        return stream

    async def call(self, path, body=b"", *more):
        stream = await self.begin(path, body, *more)
        await stream.started()
        return [each async for each in messages(stream, Budget())], fault_of(stream)


def play(play_it):
    async def run():
        async with asyncio.timeout(SECONDS):
            return await play_it()

    return asyncio.run(run())


def solve(**fields):
    message = MESSAGE["Solve"](ref=REF, **fields)
    message.exporters.add(type="moby").attrs["name"] = "docker.io/library/shop:1"
    return message.SerializeToString()


async def solved(stream):
    """A BuildKit that builds."""
    (body,) = [each async for each in messages(stream, Budget())]
    name = MESSAGE["Solve"].FromString(body).exporters[0].attrs["name"]
    response = {"image.name": name, "containerimage.digest": "sha256:1"}
    await stream.send_headers(ANSWER)
    await stream.send(framed(MESSAGE["Solved"](response=response).SerializeToString()))
    await stream.send_headers(ending(None), end=True)


async def failed(stream):
    fault = Fault(Code.UNKNOWN, "labkit.invalid/ada/o/shop:1: it broke")
    await stream.send_headers([*ANSWER, *ending(fault)], end=True)


async def broken(stream):
    await stream.reset()


def test_a_build_is_written_down_before_its_client_hears_of_it(seat):
    async def it():
        async with Scene(seat, {f"{CONTROL}/Solve": solved}) as scene:
            bodies, fault = await scene.call(f"{CONTROL}/Solve", solve())
            assert scene.made == [(["shop:1"], "sha256:1")]
            response = dict(MESSAGE["Solved"].FromString(bodies[0]).response)
            assert (fault, response["image.name"]) == (None, "docker.io/library/shop:1")
            assert seat.things("build")
        assert (scene.made, seat.things("build")) == ([(["shop:1"], "sha256:1")], [])

    play(it)


@pytest.mark.parametrize(
    ("engine", "code", "words"),
    [(failed, Code.UNKNOWN, "shop:1: it broke"), (broken, Code.UNAVAILABLE, "has ended the call")],
)
def test_a_build_that_fails(seat, engine, code, words):
    async def it():
        async with Scene(seat, {f"{CONTROL}/Solve": engine}) as scene:
            _, fault = await scene.call(f"{CONTROL}/Solve", solve())
            assert (fault.code, fault.text[-len(words) - 1 :].rstrip(".")) == (code, words)

    play(it)


def test_a_fault_of_the_guards_own_is_said(seat, caplog):
    def owned(_names, _digest):
        raise RuntimeError("of its own")

    async def it():
        async with Scene(seat, {f"{CONTROL}/Solve": solved}, owned) as scene:
            _, fault = await scene.call(f"{CONTROL}/Solve", solve())
            assert (fault.code, "a fault of its own" in fault.text) == (Code.INTERNAL, True)
            scene.owned = None

    with contextlib.suppress(RuntimeError):
        play(it)
    assert "of its own" in caplog.text


@pytest.mark.parametrize("path", [f"{CONTROL}/Session", f"{CONTROL}/UpdateBuildHistory", f"{BRIDGE}/ReadFile", "/x"])
def test_what_it_does_not_know_is_not_asked(seat, path):
    async def it():
        async with Scene(seat) as scene:
            _, fault = await scene.call(path)
            assert (fault.code, scene.asked) == (Code.UNIMPLEMENTED, [])

    play(it)


def test_a_session_must_be_there(seat, monkeypatch):
    monkeypatch.setattr(control, "JOB_SECONDS", 0.2)

    async def it():
        async with Scene(seat, {f"{CONTROL}/Solve": solved}) as scene:
            _, fault = await scene.call(f"{CONTROL}/Solve", solve(session=SESSION))
            assert (fault.code, fault.text) == (Code.INVALID_ARGUMENT, "no active session for this build")
            assert scene.asked == []

    play(it)


def test_a_session_may_come_after_its_build(seat):
    async def it():
        async with Scene(seat, {f"{CONTROL}/Solve": solved}) as scene:
            stream = await scene.begin(f"{CONTROL}/Solve", solve(session=SESSION))
            await scene.call(f"{CONTROL}/DiskUsage")  # answered after the build was taken in
            seat.own("session", SESSION, "open")
            await stream.started()
            assert [each async for each in messages(stream, Budget())]

    play(it)


def test_a_build_that_is_given_up_ends_at_the_engine(seat):
    begun, over = asyncio.Event(), asyncio.Event()

    async def slow(stream):
        begun.set()
        with contextlib.suppress(Gone):
            while True:
                await stream.read()
                await stream._wait()  # noqa: SLF001
        over.set()

    async def it():
        async with Scene(seat, {f"{CONTROL}/Solve": slow}) as scene:
            stream = await scene.begin(f"{CONTROL}/Solve", solve())
            await begun.wait()
            await stream.reset()
            await over.wait()
            assert (await scene.call(f"{CONTROL}/DiskUsage"))[1] is None  # the connection lives on

    play(it)


def test_an_image_whose_client_has_left_is_written_down(seat):
    begun = asyncio.Event()

    async def slow(_stream):
        begun.set()

    async def it():
        async with Scene(seat, {f"{CONTROL}/Solve": slow}) as scene:
            await scene.begin(f"{CONTROL}/Solve", solve())
            await begun.wait()
            await scene.leave()
            assert (scene.made, seat.things("build")) == ([(["shop:1"], "")], [])

    play(it)


def test_names_of_builds_that_never_begin_are_struck_out(seat):
    async def it():
        async with Scene(seat, {f"{CONTROL}/Status": failed}) as scene:
            await scene.call(f"{CONTROL}/Status", MESSAGE["Status"](ref=REF).SerializeToString())
            assert len(seat.things("build")) == 1
        assert seat.things("build") == []

    play(it)


async def unfinished(scene, size):
    stream = await scene.client.open(request(f"{CONTROL}/Solve"))
    await stream.send(struct.pack(">BL", 0, size))
    await stream.started()
    return fault_of(stream)


def test_messages_are_bounded(seat):
    async def it():
        async with Scene(seat) as scene:
            assert (await unfinished(scene, control.MOST + 1)).code == Code.RESOURCE_EXHAUSTED

    play(it)


def test_messages_of_one_connection_are_bounded(seat):
    async def it():
        async with Scene(seat) as scene:
            tasks = [
                asyncio.create_task(unfinished(scene, control.MOST)) for _ in range(9)
            ]  # eight of them are the budget
            done, rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            assert [each.result().code for each in done] == [Code.RESOURCE_EXHAUSTED]
            assert len(rest) == 8
            for task in rest:
                task.cancel()

    play(it)
