"""registry:2: Debian's build of the Distribution registry, and the C library that it is linked against."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from labkit.images.layer import Layer
from labkit.images.pins import pin
from labkit.images.recipes.alpine import alpine_part
from labkit.images.recipes.base import PATH, Part, Recipe, text
from labkit.images.unpack import deb_member

if TYPE_CHECKING:
    from labkit.images.store import Store

LIBRARIES = ("libc.so.6", "libresolv.so.2", "ld-linux-x86-64.so.2")
FOLDER = "lib/x86_64-linux-gnu"


def registry() -> Recipe:
    """Return the recipe of registry:2."""
    settings = {
        "Env": [PATH],
        "Entrypoint": ["/entrypoint.sh"],
        "Cmd": ["/etc/docker/registry/config.yml"],
        "ExposedPorts": {"5000/tcp": {}},
        "Volumes": {"/var/lib/registry": {}},
    }
    part = Part("the registry and its C library", (pin("docker-registry"), pin("libc6")), _make)
    return Recipe("registry:2", (alpine_part(), part), settings)


def _make(store: Store) -> Layer:
    layer = Layer()
    layer.folder("var/lib/registry")
    with deb_member(store.file(pin("docker-registry")).read_bytes(), "data") as archive:
        program = archive.extractfile("./usr/bin/docker-registry")
        layer.file("bin/registry", program.read() if program else b"", 0o755)
    with deb_member(store.file(pin("libc6")).read_bytes(), "data") as archive:
        for member in archive:
            name = posixpath.basename(member.name)
            if name in LIBRARIES and member.isfile() and (stream := archive.extractfile(member)):
                layer.file(f"{FOLDER}/{name}", stream.read(), 0o755)
    layer.link("lib64/ld-linux-x86-64.so.2", f"/{FOLDER}/ld-linux-x86-64.so.2")
    layer.file("etc/docker/registry/config.yml", text("registry/config.yml"))
    layer.file("entrypoint.sh", text("registry/entrypoint"), 0o755)
    return layer
