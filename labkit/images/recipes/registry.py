"""registry:2: Debian's build of the Distribution registry, and the C library that it is linked against."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.images.layer import Layer
from labkit.images.pins import pin
from labkit.images.recipes.alpine import alpine_part
from labkit.images.recipes.base import PATH, Part, Recipe, text
from labkit.images.recipes.libc import libc_part, put_program

if TYPE_CHECKING:
    from labkit.images.store import Store


def registry() -> Recipe:
    """Return the recipe of registry:2."""
    settings = {
        "Env": [PATH],
        "Entrypoint": ["/entrypoint.sh"],
        "Cmd": ["/etc/docker/registry/config.yml"],
        "ExposedPorts": {"5000/tcp": {}},
        "Volumes": {"/var/lib/registry": {}},
    }
    part = Part("the registry", (pin("docker-registry"),), _make)
    return Recipe("registry:2", (alpine_part(), libc_part(), part), settings)


def _make(store: Store) -> Layer:
    layer = Layer()
    layer.folder("var/lib/registry")
    put_program(layer, store, pin("docker-registry"), "usr/bin/docker-registry", "bin/registry")
    layer.file("etc/docker/registry/config.yml", text("registry/config.yml"))
    layer.file("entrypoint.sh", text("registry/entrypoint"), 0o755)
    return layer
