"""Streams through the guard, with the real docker command: both ways, half closed, flushed at once, held back."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import secrets
import select
import socket
import struct
import subprocess
import termios
import time
from pathlib import Path

import pytest
from live_guard import SMALL, until
from world import Unix, ask, tar

MEBI = 1 << 20
LIMIT = 30.0


@pytest.fixture
def name():
    return f"s{secrets.token_hex(4)}"


@pytest.fixture
def container(guard, me, name):
    """A container that runs, by name."""
    assert guard.docker(me, "run", "-d", "--name", name, SMALL, "sleep", "600").returncode == 0
    yield name
    guard.docker(me, "rm", "-f", name)


def environment(guard, seat):
    return {**os.environ, "DOCKER_HOST": guard.host(seat), "DOCKER_BUILDKIT": "0"}


def peak(guard):
    """The most memory that the guard's process ever had, in bytes."""
    status = Path(f"/proc/{guard.process.pid}/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) << 10


class Terminal:
    """A docker command at a terminal of its own."""

    def __init__(self, guard, seat, *arguments):
        self.process, self.fd = pty.fork()
        if self.process == 0:
            os.execvpe("docker", ["docker", *arguments], environment(guard, seat))  # noqa: S606
        self.seen = ""

    def size(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, text):
        os.write(self.fd, text.encode())

    def shows(self, pattern):
        """Wait until a pattern is on the screen."""
        end = time.monotonic() + LIMIT
        while not (found := re.search(pattern, self.seen)):
            ready, _, _ = select.select([self.fd], [], [], max(0, end - time.monotonic()))
            assert ready, self.seen
            with contextlib.suppress(OSError):
                self.seen += os.read(self.fd, 4096).decode("utf-8", "replace")
        return found

    def ended(self):
        with contextlib.suppress(OSError):
            while os.read(self.fd, 4096):
                pass
        _, status = os.waitpid(self.process, 0)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)


def test_input_that_ends(guard, me):
    """The command's end of input closes one half only; what the container says afterwards still comes."""
    done = guard.docker(me, "run", "-i", "--rm", SMALL, "wc", "-c", input="x" * 3 * MEBI)
    assert done.stdout.strip() == str(3 * MEBI)


def test_input_and_output_at_once(guard, me):
    text = "".join(f"line {number}\n" for number in range(200_000))
    assert guard.docker(me, "run", "-i", "--rm", SMALL, "cat", input=text).stdout == text


def test_output_and_errors_stay_apart(guard, me, container):
    done = guard.docker(me, "exec", container, "sh", "-c", "echo out; echo err >&2; exit 7")
    assert (done.stdout, done.stderr, done.returncode) == ("out\n", "err\n", 7)


def test_a_terminal_and_its_size(guard, me, container):
    terminal = Terminal(guard, me, "exec", "-it", container, "sh")
    terminal.size(33, 99)
    terminal.shows("# ")
    until(lambda: (terminal.type("stty size\n"), terminal.shows(r"\n(\d+ \d+)\r"))[1][1] == "33 99" or shrink(terminal))
    terminal.type("exit 5\n")
    assert terminal.ended() == 5


def shrink(terminal):
    terminal.seen = ""
    return False


def test_attach_and_detach(guard, me, name):
    assert guard.docker(me, "run", "-dit", "--name", name, SMALL, "cat").returncode == 0
    terminal = Terminal(guard, me, "attach", name)
    terminal.type("hello\n")
    terminal.shows("hello\r\nhello")
    terminal.type("\x10\x11")  # Ctrl-P, Ctrl-Q
    terminal.ended()
    assert guard.docker(me, "inspect", "-f", "{{.State.Running}}", name).stdout == "true\n"
    guard.docker(me, "rm", "-f", name)


def test_logs_come_while_it_runs(guard, me, name):
    script = "echo first; until [ -e /go ]; do sleep 0.1; done; echo last"
    assert guard.docker(me, "run", "-d", "--name", name, SMALL, "sh", "-c", script).returncode == 0
    logs = subprocess.Popen(["docker", "logs", "-f", name], env=environment(guard, me), stdout=subprocess.PIPE)
    assert logs.stdout.readline() == b"first\n"
    guard.docker(me, "exec", name, "touch", "/go")
    assert logs.communicate(timeout=LIMIT)[0] == b"last\n"
    guard.docker(me, "rm", "-f", name)


def test_events_come_at_once_and_are_ones_own(guard, me, other, name):
    argv = ["docker", "events", "--filter", "type=container", "--format", "{{.Action}} {{.Actor.Attributes.name}}"]
    events = subprocess.Popen(argv, env=environment(guard, me), stdout=subprocess.PIPE, text=True)
    try:
        # Until the command listens, nothing of it comes: so one container after another.
        def first():
            guard.docker(other, "create", "--name", f"{name}-theirs", SMALL)
            guard.docker(other, "rm", f"{name}-theirs")
            guard.docker(me, "create", "--name", name, SMALL)
            guard.docker(me, "rm", name)
            return select.select([events.stdout], [], [], 0)[0]

        until(first)
        line = events.stdout.readline()
    finally:
        events.terminate()
        events.communicate(timeout=LIMIT)
    assert line in (f"create {name}\n", f"destroy {name}\n")


def test_the_head_of_wait_comes_at_once(guard, me, container):
    connection = Unix(guard.socket(me))
    connection.request("POST", f"/containers/{container}/wait")
    reply = connection.getresponse()  # it would not return before the end, were the head held back
    assert reply.status == 200
    guard.docker(me, "kill", container)
    assert json.loads(reply.read())["StatusCode"] == 137
    connection.close()


def test_stats(guard, me, container):
    done = guard.docker(me, "stats", "--no-stream", "--format", "{{.Name}} {{.PIDs}}", container)
    assert done.stdout == f"{container} 1\n"


def test_copies_both_ways(guard, me, container, tmp_path):
    (tmp_path / "in" / "sub").mkdir(parents=True)
    (tmp_path / "in" / "sub" / "file").write_bytes(os.urandom(MEBI))
    (tmp_path / "in" / "link").symlink_to("sub/file")
    assert guard.docker(me, "cp", str(tmp_path / "in"), f"{container}:/there").returncode == 0
    assert guard.docker(me, "cp", f"{container}:/there", str(tmp_path / "out")).returncode == 0
    assert (tmp_path / "out" / "sub" / "file").read_bytes() == (tmp_path / "in" / "sub" / "file").read_bytes()
    assert (tmp_path / "out" / "link").readlink() == Path("sub/file")


def test_images_as_archives(guard, me, other, container, tmp_path):
    saved, exported = str(tmp_path / "saved.tar"), str(tmp_path / "exported.tar")
    assert guard.docker(me, "commit", container, f"{container}:1").returncode == 0
    assert guard.docker(me, "save", "-o", saved, f"{container}:1").returncode == 0
    assert guard.docker(other, "load", "-i", saved).stdout == f"Loaded image: {container}:1\n"
    assert guard.docker(me, "export", "-o", exported, container).returncode == 0
    assert guard.docker(me, "import", exported, f"{container}:2").returncode == 0
    assert guard.docker(me, "run", "--rm", f"{container}:2", "echo", "there").stdout == "there\n"
    assert guard.docker(me, "rmi", "-f", f"{container}:1", f"{container}:2").returncode == 0
    assert guard.docker(other, "rmi", f"{container}:1").returncode == 0


def test_a_refusal_in_the_middle_of_an_upload(guard, me):
    """Who still sends gets the answer all the same."""
    whole = tar([("Dockerfile", b"FROM redis\n"), ("big", bytes(32 * MEBI))])
    status, found = ask(guard, me, "POST", "/build", whole)
    assert (status, "no image 'redis'" in found["message"]) == (404, True)


def test_a_large_context_in_little_memory(guard, me, name):
    """Sent as it comes: what the guard holds does not grow with it."""
    size = 128 * MEBI
    head = tar([("Dockerfile", b"FROM scratch\nCOPY small /\n"), ("small", b"x")])[: 4 * 512]
    entry = tar([("big", b"")])[:512]
    entry = entry[:124] + f"{size:011o}\0".encode() + b" " * 8 + entry[144 + 12 :]
    entry = bytearray(entry)
    entry[148:156] = b" " * 8
    entry[148:156] = f"{sum(entry):06o}\0 ".encode()

    def parts():
        yield head + bytes(entry)
        for _ in range(size // MEBI):
            yield bytes(MEBI)
        yield bytes(1024)

    before = peak(guard)
    connection = Unix(guard.socket(me))
    connection.request("POST", f"/build?t={name}", parts(), {"Transfer-Encoding": "chunked"}, encode_chunked=True)
    assert b"Successfully built" in connection.getresponse().read()
    connection.close()
    assert peak(guard) - before < 16 * MEBI
    ask(guard, me, "DELETE", f"/images/{name}")


def test_who_reads_slowly_holds_the_engine_back(guard, me, name):
    script = "dd if=/dev/zero bs=1M count=400 2>/dev/null | tr '\\0' x"
    body = {"Image": SMALL, "Cmd": ["sh", "-c", script], "AttachStdout": True}
    assert ask(guard, me, "POST", f"/containers/create?name={name}", body)[0] == 201
    before = peak(guard)
    with socket.socket(socket.AF_UNIX) as there:
        there.connect(str(guard.socket(me)))
        target = f"/containers/{name}/attach?stream=1&stdout=1"
        there.sendall(f"POST {target} HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n".encode())
        assert b" 101 " in there.recv(4096)
        assert ask(guard, me, "POST", f"/containers/{name}/start")[0] == 204
        assert there.recv(1 << 16)
        # It is stuck now, with 400 MiB to say: so long as it runs, they are neither here nor in the guard.
        assert ask(guard, me, "GET", f"/containers/{name}/json")[1]["State"]["Running"]
        assert peak(guard) - before < 8 * MEBI
    ask(guard, me, "DELETE", f"/containers/{name}?force=1")
