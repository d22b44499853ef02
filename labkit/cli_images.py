"""`labkit images …`: the course's base images on the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from labkit.engine import connect
from labkit.images import COURSE_IMAGES, prepare, refresh, remove, status
from labkit.images.pin import write_pins
from labkit.progress import shown
from labkit.words import say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from labkit.images import ImageStatus

NAMES = click.argument("names", nargs=-1, metavar=f"[{'|'.join(COURSE_IMAGES)}]…")


@click.group()
def images() -> None:
    """Have the course's base images: pulled where a registry answers, else assembled offline."""


@images.command("prepare")
@NAMES
def prepare_(names: tuple[str, ...]) -> None:
    """Have base images on the engine (all of them, or those named)."""
    engine = connect()
    with shown() as progress:
        found = prepare(engine, names or None, progress)
    _show(found)


@images.command("list")
def list_() -> None:
    """Show what the engine has under each base image's name."""
    _show(status(connect()))


@images.command("refresh")
@click.option("--pins", is_flag=True, help="For maintainers: renew the pinned versions that the images are made from.")
@NAMES
def refresh_(names: tuple[str, ...], *, pins: bool) -> None:
    """Assemble the lab's own stand-ins anew where their recipe has changed."""
    if pins:
        with shown() as progress:
            click.echo(f"wrote {write_pins(progress)}")
        return
    engine = connect()
    with shown() as progress:
        found = refresh(engine, names or None, progress)
    _show(found)


@images.command("remove")
@NAMES
def remove_(names: tuple[str, ...]) -> None:
    """Remove the lab's own stand-ins; an image of yours stays, whatever its name."""
    removed = remove(connect(), names or None)
    click.echo(
        "\n".join(say("removed {name}", name=name) for name in removed) or say("There was no stand-in to remove.")
    )


def _show(found: Iterable[ImageStatus]) -> None:
    click.echo("\n".join(map(str, found)))
