"""BuildKit through the guard: by its own door, message by message, and with real clients."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import subprocess

import pytest
from live_guard import SMALL

from labkit.guard.buildkit.rpc import Budget, Code, fault_of, framed, messages, request
from labkit.guard.buildkit.schema import MESSAGE
from labkit.guard.buildkit.wire import Connection

CONTROL, BRIDGE = "/moby.buildkit.v1.Control", "/moby.buildkit.v1.frontend.LLBBridge"
UPGRADE = b"POST /grpc HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n"


async def _called(socket, path, body, *more):
    reader, writer = await asyncio.open_unix_connection(socket)
    writer.write(UPGRADE)
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ")
    connection = Connection(reader, writer, client=True)
    run = asyncio.create_task(connection.run())
    try:
        async with asyncio.timeout(30):
            stream = await connection.open(request(path, *more))
            await stream.send(framed(body), end=True)
            await stream.started()
            found = [each async for each in messages(stream, Budget())]
            return found, fault_of(stream)
    finally:
        connection.close()
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)


def call(guard, seat, path, body=b"", *more):
    """One call: the messages that came, and the fault, or None."""
    return asyncio.run(_called(str(guard.socket(seat)), path, body, *more))


def test_it_answers(guard, me):
    found, fault = call(guard, me, f"{CONTROL}/ListWorkers")
    assert (len(found), fault) == (1, None)


@pytest.mark.parametrize(
    "path",
    [
        f"{CONTROL}/Session",
        f"{CONTROL}/ListenBuildHistory",
        f"{CONTROL}/UpdateBuildHistory",
        f"{BRIDGE}/ReadFile",
        f"{BRIDGE}/NewContainer",
        f"{BRIDGE}/ExecProcess",
        f"{BRIDGE}/ResolveImageConfig",
        "/containerd.services.content.v1.Content/Read",
        "/moby.buildkit.v1.Control/Solve/..",
        "/",
    ],
)
def test_what_it_does_not_know(guard, me, path):
    _, fault = call(guard, me, path)
    assert fault.code == Code.UNIMPLEMENTED


def test_the_cache_is_not_shown_and_not_pruned(guard, me):
    assert call(guard, me, f"{CONTROL}/DiskUsage") == ([b""], None)
    assert call(guard, me, f"{CONTROL}/Prune") == ([], None)


def test_a_refusal_says_why(guard, me):
    body = MESSAGE["Solve"](ref=secrets.token_hex(12), entitlements=["security.insecure"])
    _, fault = call(guard, me, f"{CONTROL}/Solve", body.SerializeToString())
    assert (fault.code, "--allow security.insecure" in fault.text) == (Code.PERMISSION_DENIED, True)


def test_bytes_that_are_no_message(guard, me):
    _, fault = call(guard, me, f"{CONTROL}/Solve", b"\xff\xff")
    assert fault.code == Code.INVALID_ARGUMENT


def test_a_build_that_is_not_this_connections(guard, me):
    _, fault = call(guard, me, f"{BRIDGE}/Return", b"", ("buildkit-controlapi-buildid", secrets.token_hex(12)))
    assert fault.code == Code.NOT_FOUND


def kit(guard, seat, folder, *arguments, program, **env):
    return guard.docker(seat, "build", *arguments, str(folder), program=program, env={"DOCKER_BUILDKIT": "1", **env})


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a").write_text("a")
    (tmp_path / "Dockerfile").write_text(f"FROM {SMALL}\nARG V=0\nCOPY a /a\nRUN echo $V > /v\n")
    return tmp_path


def _says(*argv):
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def _clients():
    """The docker commands of this machine that can build: over /build and /session before 23, then with buildx."""
    there = dict.fromkeys(filter(None, (shutil.which("docker"), shutil.which("docker", path="/usr/bin"))))
    found = []
    for program in there:
        version = _says(program, "--version").removeprefix("Docker version ").partition(",")[0]
        if int(version.partition(".")[0] or 99) < 23 or _says(program, "buildx", "version"):
            found.append(pytest.param(program, id=version))
    return found


@pytest.mark.parametrize("program", _clients())
class TestClients:
    def test_build_and_build_upon_it(self, guard, me, folder, program):
        name = f"kit{secrets.token_hex(4)}"
        done = kit(guard, me, folder, "-t", f"{name}:1", "--build-arg", "V=7", program=program)
        assert done.returncode == 0, done.stderr
        assert "labkit.invalid" not in done.stderr
        (folder / "Dockerfile").write_text(f"FROM {name}:1\nRUN cat /v > /w\n")
        done = kit(guard, me, folder, "-t", f"{name}:2", program=program)
        assert done.returncode == 0, done.stderr
        assert guard.docker(me, "run", "--rm", f"{name}:2", "cat", "/w").stdout == "7\n"
        assert guard.docker(me, "rmi", f"{name}:2", f"{name}:1").returncode == 0

    @pytest.mark.parametrize("what", ["redis", "labkit.invalid/somebody/o/x:1"])
    def test_what_is_not_ones_own_is_no_base(self, guard, me, folder, program, what):
        (folder / "Dockerfile").write_text(f"# syntax=x/y\nFROM {what}\n")
        done = kit(guard, me, folder, program=program)
        assert done.returncode != 0
        assert f"There is no image '{what}' here" in done.stderr
        assert "It has" in done.stderr or "FROM can name" in done.stderr

    def test_a_step_that_fails(self, guard, me, folder, program):
        (folder / "Dockerfile").write_text(f"FROM {SMALL}\nRUN echo $((6*7)); exit 3\n")
        done = kit(guard, me, folder, program=program)
        assert (done.returncode != 0, "42" in done.stderr, "code: 3" in done.stderr) == (True, True, True)

    def test_a_dockerfile_that_is_a_link(self, guard, me, folder, program):
        (folder / "Dockerfile").rename(folder / "real")
        (folder / "Dockerfile").symlink_to("real")
        done = kit(guard, me, folder, program=program)
        assert (done.returncode != 0, "only as a plain file" in done.stderr) == (True, True)
