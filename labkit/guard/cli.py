"""`labkit guard …`, which is `python -m labkit.guard …` too: the process is small, without Docker's SDK and the lab."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
from filelock import FileLock, Timeout

from labkit.guard.leave import Left, clear, rest
from labkit.guard.ledger import Ledger
from labkit.guard.names import SEAT
from labkit.guard.seat import Bounds, Seat
from labkit.guard.server import Guard
from labkit.guard.turns import Turn, opened
from labkit.guard.upstream import Engine, EngineGone

if TYPE_CHECKING:
    from collections.abc import Callable

PATH = click.Path(path_type=Path)
END_SECONDS = 20.0  # for stopping what runs, at the end
NO_ENGINE = "The Docker Engine does not answer at {}. Without it there is nothing to do; start it and try again."


def _seats(_ctx: click.Context, _option: click.Parameter, value: tuple[str, ...] | str) -> tuple[str, ...] | str:
    names = (value,) if isinstance(value, str) else value
    if bad := [name for name in names if not SEAT.fullmatch(name)]:
        raise click.BadParameter(f"a seat's name has small letters and digits only, not {bad[0]!r}.")
    return value


def _shared(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of all commands that speak to an engine."""
    for option in (
        click.option("--turns", type=PATH, help="Lock file of all who build here, and remove images."),
        click.option("--image", "images", multiple=True, help="An image that every seat may use; repeat it."),
        click.option("--certificates", type=PATH, help="Folder with ca.pem, cert.pem and key.pem, for TLS."),
        click.option("--engine", required=True, help="The engine's address, such as unix:///var/run/docker.sock."),
    ):
        command = option(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def guard() -> None:
    """Stand between an engine and the docker commands of learners."""


@guard.command()
@click.option("--seat", "seats", multiple=True, required=True, callback=_seats, help="A seat's name; repeat it.")
@click.option("--socket", "sockets", multiple=True, required=True, type=PATH, help="Its socket, in the same order.")
@_shared
@click.option("--ledger", type=PATH, help="The database of who owns what.  [default: beside the first socket]")
@click.option("--ports", default="1-65535", show_default=True, help="Ports of this machine that may be published.")
@click.option("--publish", default="127.0.0.1", show_default=True, help="The address that published ports answer on.")
@click.option("--pool", default="", help="First two numbers of the networks' addresses.  [default: the engine's]")
@click.option("--outbound/--no-outbound", default=False, show_default=True, help="Networks and builds lead outside.")
@click.option("--while", "lease", type=PATH, help="End when nobody is connected to this socket any more.")
@click.option("--stop-at-end", is_flag=True, help="At its end, stop the containers that run.")
def serve(  # noqa: PLR0913
    *,
    seats: tuple[str, ...],
    sockets: tuple[Path, ...],
    engine: str,
    certificates: Path | None,
    ledger: Path | None,
    images: tuple[str, ...],
    turns: Path | None,
    ports: str,
    publish: str,
    pool: str,
    outbound: bool,
    lease: Path | None,
    stop_at_end: bool,
) -> None:
    """Serve one socket for each seat, in front of one engine, until SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if len(seats) != len(sockets):
        raise click.UsageError("Give one --socket for each --seat.")
    first, _, last = ports.partition("-")
    bounds = replace(Bounds(), ports=(int(first), int(last)), publish=publish, pool=pool, outbound=outbound)
    os.umask(0o077)  # sockets and ledger are for their own user alone, from the first moment
    lock = FileLock(f"{sockets[0]}.lock")
    try:
        lock.acquire(timeout=END_SECONDS + 5)  # another guard may just be ending
    except Timeout as error:
        raise click.ClickException(f"Another guard serves {sockets[0]}.") from error
    ours = [path for path in (*sockets, lease) if path]
    for path in ours:
        path.unlink(missing_ok=True)
    book = Ledger(ledger or sockets[0].with_name(sockets[0].name + ".db"))
    front = Guard(Engine(engine, certificates), book, images, opened(turns))
    pairs = [(Seat(name, book, bounds=bounds), path) for name, path in zip(seats, sockets, strict=True)]
    asyncio.run(_serve(front, pairs, lease, stop_at_end=stop_at_end))
    for path in ours:
        path.unlink(missing_ok=True)


async def _serve(front: Guard, pairs: list[tuple[Seat, Path]], lease: Path | None, *, stop_at_end: bool) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    for seat, path in pairs:
        await front.add(seat, path)
    if lease:
        await _hold(lease, ended)
    click.echo("ready", err=True)
    await ended.wait()
    await front.close()
    if stop_at_end:
        with contextlib.suppress(EngineGone, TimeoutError):
            async with asyncio.timeout(END_SECONDS):
                for seat, _ in pairs:
                    await front.carry_out(seat.name, rest)


async def _hold(lease: Path, ended: asyncio.Event) -> None:
    """Accept those who need the guard; when the last of them is gone, it ends."""
    held = 0

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal held
        held += 1
        with contextlib.suppress(ConnectionError):
            if not ended.is_set():
                writer.write(b"+")  # who reads nothing knows that this guard is just ending
            while not ended.is_set() and await reader.read(1024):
                pass
        held -= 1
        writer.close()
        if not held:
            ended.set()

    await asyncio.start_unix_server(hold, lease)


@guard.command("clear")
@click.option("--seat", required=True, callback=_seats, help="The seat's name.")
@_shared
@click.option("--ledger", required=True, type=PATH, help="The database of who owns what.")
def clear_(  # noqa: PLR0913
    *, seat: str, engine: str, certificates: Path | None, ledger: Path, images: tuple[str, ...], turns: Path | None
) -> None:
    """Remove everything that a seat owns: containers, networks, volumes, images."""
    book = Ledger(ledger)
    front = Guard(Engine(engine, certificates), book, images, opened(turns))
    front.know(Seat(seat, book))
    try:
        left: Left = asyncio.run(front.carry_out(seat, clear, Turn.REMOVE))
    except EngineGone as error:
        raise click.ClickException(NO_ENGINE.format(engine)) from error
    if left.faults:
        raise click.ClickException("The engine would not remove all of it: " + "; ".join(left.faults))


@guard.command()
@click.option("--ledger", required=True, type=PATH, envvar="LABKIT_LEDGER", help="The database; LABKIT_LEDGER.")
@click.option("--seat", default="", help="Of this seat only.")
@click.option("-n", "most", default=50, show_default=True, help="How many lines, the newest ones.")
def log(ledger: Path, seat: str, most: int) -> None:
    """Show what was refused, and why."""
    for at, who, request, reason in Ledger(ledger).refused(seat, most):
        click.echo(f"{time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(at))}  {who}  {request}\n    {reason}")
