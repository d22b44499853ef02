"""What the guard costs: the same work on the engine's own socket and on a seat's, measured one after the other.

`python -m benchmarks.guard` takes about two minutes and prints a table for README.md. What is compared alternates, and
begins with another each time, so that what else the machine does meets both; a ratio is that of the medians.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from labkit.engine import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SMALL, LARGE = "alpine:3.20", "node:20-alpine"
FEW, MANY, REQUESTS = 5, 15, 200  # times
BULK = 200  # MB
SEATS = 50
DOCKERFILE = f"FROM {SMALL}\nCOPY same /same\nRUN true\nCOPY changed /changed\n"
Row = tuple[str, str, str, str, str]


@dataclass(frozen=True)
class Way:
    """A way to the engine.

    Attributes:
        path: of its socket.
        folder: for files.
    """

    path: Path
    folder: Path

    def docker(self, *arguments: str, stdout: int = subprocess.DEVNULL) -> None:
        """Run the docker command; it must succeed."""
        env = {**os.environ, "DOCKER_HOST": f"unix://{self.path}", "DOCKER_BUILDKIT": "0"}
        subprocess.run(["docker", *arguments], env=env, check=True, stdout=stdout, stderr=subprocess.PIPE)

    def request(self, target: str = "/containers/json") -> bytes:
        """Make one small request on a connection of its own."""
        with socket.socket(socket.AF_UNIX) as there:
            there.connect(str(self.path))
            there.sendall(f"GET {target} HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n".encode())
            found = b""
            while part := there.recv(1 << 16):
                found += part
        return found


def both(ways: tuple[Way, Way], work: Callable[[Way], object], times: int) -> tuple[float, float]:
    """Give the medians on the bare socket and on the guard's; the first time of each is not counted."""
    found: dict[Way, list[float]] = {way: [] for way in ways}
    for number in range(times + 1):
        for way in ways if number % 2 else reversed(ways):
            begin = time.perf_counter()
            work(way)
            found[way].append(time.perf_counter() - begin)
    return statistics.median(found[ways[0]][1:]), statistics.median(found[ways[1]][1:])


def row(what: str, measured: tuple[float, float], aim: str) -> Row:
    """Give a row of the table, in milliseconds below a second."""
    bare, guarded = measured
    left, right = (f"{each * 1000:.1f} ms" if each < 1 else f"{each:.2f} s" for each in measured)
    return what, left, right, f"{guarded / bare:.2f}, {(guarded - bare) * 1000:+.1f} ms", aim


def small(ways: tuple[Way, Way]) -> Iterator[Row]:
    """Commands that a learner types all day."""
    run = ("run", "--rm", SMALL, "true")
    yield row("`docker run --rm alpine true`", both(ways, lambda way: way.docker(*run), MANY), "≤ 1.05")
    network = f"bench-{secrets.token_hex(4)}"
    ways[0].docker("network", "create", network)
    bare = ("run", "--rm", "--network", network, SMALL, "true")
    same = both(ways, lambda way: way.docker(*(bare if way is ways[0] else run)), MANY)
    ways[0].docker("network", "rm", network)
    # A seat's containers are never on the engine's own bridge: the second row is the same work on both sides.
    yield row("the same, on a network of one's own on both sides", same, "≤ 1.05")
    yield row("`docker ps`", both(ways, lambda way: way.docker("ps"), MANY), "")
    yield row("`GET /containers/json`", both(ways, Way.request, REQUESTS), "≤ 5 ms more")


def silence(ways: tuple[Way, Way]) -> Iterator[Row]:
    """How long it takes to say that something is not there: one must not tell from it whether somebody has it."""
    name = f"bench-{secrets.token_hex(4)}"
    ways[0].docker("create", "--name", name, SMALL, "true")
    never, theirs = ways[1], replace(ways[1], folder=ways[0].folder)
    asked = {never: name[::-1], theirs: name}
    took = both((never, theirs), lambda way: way.request(f"/containers/{asked[way]}/json"), REQUESTS)
    ways[0].docker("rm", name)
    yield row("a seat asks for a name that nobody has, and for one that somebody has", took, "the same")


def build(ways: tuple[Way, Way]) -> Iterator[Row]:
    """A build whose last layer has changed."""
    name = f"bench-{secrets.token_hex(4)}"
    for way in ways:
        (way.folder / "context").mkdir()
        (way.folder / "context" / "Dockerfile").write_text(DOCKERFILE)
        (way.folder / "context" / "same").write_bytes(os.urandom(1 << 16))
        (way.folder / "context" / "changed").write_text("first")
        way.docker("build", "-t", f"{name}:warm", str(way.folder / "context"))

    made: dict[Way, list[str]] = {way: [f"{name}:warm"] for way in ways}

    def changed(way: Way) -> None:
        (way.folder / "context" / "changed").write_text(secrets.token_hex())
        made[way].append(f"{name}:{len(made[way])}")  # a name for each, by which it is removed
        way.docker("build", "-t", made[way][-1], str(way.folder / "context"))

    yield row("`docker build`, one layer changed", both(ways, changed, MANY), "≤ 1.05")
    for way in ways:
        way.docker("rmi", *made[way])


def bulk(ways: tuple[Way, Way]) -> Iterator[Row]:
    """Streams of many megabytes."""
    name = f"bench-{secrets.token_hex(4)}"
    data = ways[0].folder / "bulk"
    with data.open("wb") as out:
        for _ in range(BULK):
            out.write(os.urandom(1_000_000))
    for way in ways:
        way.docker("create", "--name", name, SMALL, "true")
    into = both(ways, lambda way: way.docker("cp", str(data), f"{name}:/bulk"), FEW)
    yield row(f"`docker cp` of {BULK} MB into a container", into, "≤ 1.20")
    out_of = both(ways, lambda way: way.docker("cp", f"{name}:/bulk", "-"), FEW)
    yield row(f"`docker cp` of {BULK} MB out of it", out_of, "≤ 1.20")
    for way in ways:
        way.docker("rm", name)
    yield row(f"`docker save {LARGE}`", both(ways, lambda way: way.docker("save", LARGE), FEW), "≤ 1.20")


@contextlib.contextmanager
def guard(engine: str, folder: Path, names: list[str]) -> Iterator[tuple[int, list[Way]]]:
    """Start a guard; give its process's id and its seats' sockets, and remove in the end what they made."""
    shared = ["--engine", engine, "--ledger", str(folder / "ledger.db"), "--image", SMALL, "--image", LARGE]
    program = [sys.executable, "-m", "labkit.guard"]
    sockets = [folder / f"{name}.sock" for name in names]
    seats = [
        word for name, path in zip(names, sockets, strict=True) for word in ("--seat", name, "--socket", str(path))
    ]
    with subprocess.Popen([*program, "serve", *shared, *seats], stderr=subprocess.PIPE) as process:
        try:
            if not process.stderr or process.stderr.readline() != b"ready\n":
                raise SystemExit("The guard does not start.")
            yield process.pid, [Way(path, folder) for path in sockets]
        finally:
            process.terminate()
            process.wait()
    for name in names[:2]:
        subprocess.run([*program, "clear", "--seat", name, *shared], check=True)


def memory(engine: str, folder: Path) -> Row:
    """The resident memory of one guard that has served each of its seats."""
    names = [f"m{secrets.token_hex(3)}n{number}" for number in range(SEATS)]
    with guard(engine, folder, names) as (pid, ways):
        for way in ways:
            way.request()
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    used = int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) * 1024 / 1e6
    return f"memory of a guard for {SEATS} seats", "", f"{used:.0f} MB", f"{used / SEATS:.1f} MB a seat", "< 60 MB"


def main() -> None:
    """Measure and print."""
    engine = connect()
    click.echo(f"{engine.about}; medians of {MANY}, of {FEW} for streams, of {REQUESTS} for the request\n")
    click.echo("| what | bare | guard | guard / bare | aim |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="lkb-") as one, tempfile.TemporaryDirectory(prefix="lkb-") as two:
        bare = Way(Path(engine.url.removeprefix("unix://")), Path(one))
        with guard(engine.url, Path(two), [f"b{secrets.token_hex(4)}"]) as (_, (way,)):
            for rows in (small((bare, way)), silence((bare, way)), build((bare, way)), bulk((bare, way))):
                for each in rows:
                    click.echo(f"| {' | '.join(each)} |")
        click.echo(f"| {' | '.join(memory(engine.url, Path(two)))} |")


if __name__ == "__main__":
    main()
