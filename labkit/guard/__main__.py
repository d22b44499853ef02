"""`python -m labkit.guard`: the process, kept small: it imports neither Docker's SDK nor the rest of the lab."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from dataclasses import replace
from pathlib import Path

import click

from labkit.guard.ledger import Ledger
from labkit.guard.names import SEAT
from labkit.guard.seat import Bounds, Seat
from labkit.guard.server import Guard
from labkit.guard.upstream import Engine


@click.command("serve", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--seat", "seats", multiple=True, required=True, help="A seat's name; repeat it for more seats.")
@click.option("--socket", "sockets", multiple=True, required=True, type=click.Path(path_type=Path), help="Its socket.")
@click.option("--engine", required=True, help="The engine's address, such as unix:///var/run/docker.sock.")
@click.option("--certificates", type=click.Path(path_type=Path), help="Folder with ca.pem, cert.pem, key.pem, for TLS.")
@click.option("--ledger", required=True, type=click.Path(path_type=Path), help="The database of who owns what.")
@click.option("--image", "images", multiple=True, help="An image that every seat may use; repeat it for more.")
@click.option("--ports", default="1-65535", show_default=True, help="Ports of this machine that may be published.")
@click.option("--pool", default="10.231", show_default=True, help="First two numbers of the networks' addresses.")
@click.option("--outbound/--no-outbound", default=False, show_default=True, help="Networks and builds lead outside.")
@click.option("--while", "lease", type=click.Path(path_type=Path), help="End when nobody is connected to this socket.")
def main(  # noqa: PLR0913
    *,
    seats: tuple[str, ...],
    sockets: tuple[Path, ...],
    engine: str,
    certificates: Path | None,
    ledger: Path,
    images: tuple[str, ...],
    ports: str,
    pool: str,
    outbound: bool,
    lease: Path | None,
) -> None:
    """Serve the guard: one socket for each seat, in front of one engine."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if len(seats) != len(sockets):
        raise click.UsageError("Give one --socket for each --seat.")
    if bad := [name for name in seats if not SEAT.fullmatch(name)]:
        raise click.UsageError(f"A seat's name has small letters and digits only, not {bad[0]!r}.")
    first, _, last = ports.partition("-")
    bounds = replace(Bounds(), ports=(int(first), int(last)), pool=pool, outbound=outbound)
    os.umask(0o077)  # sockets and ledger are for their own user alone, from the first moment
    ours = [path for path in (*sockets, lease) if path]
    for path in ours:
        path.unlink(missing_ok=True)
    book = Ledger(ledger)
    guard = Guard(Engine(engine, certificates), book, images)
    pairs = [(Seat(name, book, bounds=bounds), path) for name, path in zip(seats, sockets, strict=True)]
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(guard, pairs, lease))
    for path in ours:
        path.unlink(missing_ok=True)


async def _run(guard: Guard, pairs: list[tuple[Seat, Path]], lease: Path | None) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    for seat, path in pairs:
        await guard.add(seat, path)
    if lease:
        await _hold(lease, ended)
    click.echo("ready", err=True)
    await ended.wait()
    await guard.close()


async def _hold(lease: Path, ended: asyncio.Event) -> None:
    """Accept those who need the guard; when the last of them is gone, it ends."""
    held = 0

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal held
        held += 1
        with contextlib.suppress(ConnectionError):
            while await reader.read(1024):
                pass
        held -= 1
        writer.close()
        if not held:
            ended.set()

    await asyncio.start_unix_server(hold, lease)


if __name__ == "__main__":
    main()
