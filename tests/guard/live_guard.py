"""A live guard in front of a live engine, with two seats: what the fixtures give, and how requests are sent to it."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from labkit.guard.names import Names

COURSE = ("alpine:3.20", "node:20-alpine", "ubuntu:22.04")
SMALL = COURSE[0]
UP_SECONDS = 20.0
END = b"\r\n\r\n"


@dataclass
class Live:
    """A guard's process and its seats' sockets.

    Attributes:
        engine: the address behind it.
        folder: where sockets and ledger are; short, since a socket's path may have 107 bytes only.
        seats: names: the attacker's or only user's, and a victim's.
        seen: what there was after the last of a row of tests that may change nothing.
    """

    engine: str
    folder: Path
    seats: tuple[str, ...]
    options: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    seen: object = field(default=None, repr=False)

    def names(self, seat: str) -> Names:
        return Names(seat)

    def socket(self, seat: str) -> Path:
        return self.folder / f"{seat}.sock"

    def host(self, seat: str) -> str:
        return f"unix://{self.socket(seat)}"

    @property
    def log(self) -> Path:
        """Not a pipe: one that nobody empties would hold the guard up."""
        return self.folder / "log"

    @property
    def shared(self) -> list[str]:
        images = [word for image in COURSE for word in ("--image", image)]
        return ["--engine", self.engine, "--ledger", str(self.folder / "ledger.db"), *images]

    def start(self) -> None:
        argv = [sys.executable, "-m", "labkit.guard", "serve", *self.shared, *self.options]
        for seat in self.seats:
            argv += ["--seat", seat, "--socket", str(self.socket(seat))]
        with self.log.open("ab") as log:
            before = log.tell()
            self.process = subprocess.Popen(argv, stderr=log)
        until(lambda: self.process.poll() is not None or b"ready\n" in self.log.read_bytes()[before:])
        assert self.process.poll() is None, self.said()

    def kill(self) -> None:
        """End it as a crash does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)

    def said(self) -> str:
        """Its log so far."""
        return self.log.read_text()

    def clear(self) -> None:
        for seat in self.seats:
            argv = [sys.executable, "-m", "labkit.guard", "clear", "--seat", seat, *self.shared]
            subprocess.run(argv, check=True, timeout=120)

    def docker(self, seat: str, *arguments: str, program: str = "docker", **options) -> subprocess.CompletedProcess:
        """Run the docker command as a seat, with the classic builder."""
        env = {**os.environ, "DOCKER_HOST": self.host(seat), "DOCKER_BUILDKIT": "0", **options.pop("env", {})}
        options = {"capture_output": True, "timeout": 120, "text": True, **options}
        return subprocess.run([program, *arguments], env=env, check=False, **options)

    def raw(self, seat: str, request: bytes, *, wait: float = 10.0, half: bool = True) -> bytes:
        """Send bytes as they are, and give all that comes back until the guard closes, or has answered once."""
        with socket.socket(socket.AF_UNIX) as there:
            there.settimeout(wait)
            there.connect(str(self.socket(seat)))
            found = b""
            try:
                there.sendall(request)
                if half:
                    there.shutdown(socket.SHUT_WR)
            except BrokenPipeError:  # it has answered already, and closed
                pass
            try:
                while part := there.recv(1 << 16):
                    found += part
            except (TimeoutError, ConnectionResetError):
                pass
            return found


def live(engine_url: str, *options: str) -> Live:
    """A guard with two seats of its own, started."""
    folder = Path(tempfile.mkdtemp(prefix="lkg-"))
    found = Live(engine_url, folder, tuple(f"t{secrets.token_hex(4)}{which}" for which in "ab"), options)
    found.start()
    return found


def end(it: Live) -> None:
    it.stop()
    it.clear()
    for path in it.folder.iterdir():
        path.unlink()
    it.folder.rmdir()


def until(holds, seconds: float = UP_SECONDS):
    """Wait until something holds; fail where it never does."""
    end_at = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < end_at, "it did not come to be in time"
        time.sleep(0.02)
    return found
