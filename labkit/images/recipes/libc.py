"""Debian's C library, for programs of Debian in a small image."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from labkit.images.layer import Layer
from labkit.images.pins import pin
from labkit.images.recipes.base import Part
from labkit.images.unpack import deb_member

if TYPE_CHECKING:
    from labkit.images.pins import Pin
    from labkit.images.store import Store

LIBRARIES = ("libc.so.6", "libresolv.so.2", "ld-linux-x86-64.so.2")
FOLDER = "lib/x86_64-linux-gnu"


def libc_part() -> Part:
    """Return the layer that brings it."""
    return Part("Debian's C library", (pin("libc6"),), _make)


def _make(store: Store) -> Layer:
    layer = Layer()
    with deb_member(store.file(pin("libc6")).read_bytes(), "data") as archive:
        for member in archive:
            name = posixpath.basename(member.name)
            if name in LIBRARIES and member.isfile() and (stream := archive.extractfile(member)):
                layer.file(f"{FOLDER}/{name}", stream.read(), 0o755)
    layer.link("lib64/ld-linux-x86-64.so.2", f"/{FOLDER}/ld-linux-x86-64.so.2")
    return layer


def put_program(layer: Layer, store: Store, package: Pin, path: str, place: str) -> None:
    """Put one program of a package into a layer.

    Args:
        layer: takes it.
        store: has the package.
        package: which.
        path: where it is in the package, such as ``usr/bin/docker``.
        place: where it goes.
    """
    with deb_member(store.file(package).read_bytes(), "data") as archive:
        program = archive.extractfile(f"./{path}")
        layer.file(place, program.read() if program else b"", 0o755)
