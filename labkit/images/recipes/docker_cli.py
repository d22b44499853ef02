"""docker:26-cli: Debian's build of the docker command in a small image; what runs a learner's commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.images.layer import Layer
from labkit.images.pins import pin
from labkit.images.recipes.alpine import alpine_part
from labkit.images.recipes.base import PATH, Part, Recipe
from labkit.images.recipes.libc import libc_part, put_program

if TYPE_CHECKING:
    from labkit.images.store import Store


def docker_cli() -> Recipe:
    """Return the recipe of docker:26-cli."""
    part = Part("the docker command", (pin("docker-cli"),), _make)
    return Recipe("docker:26-cli", (alpine_part(), libc_part(), part), {"Env": [PATH], "Cmd": ["sh"]})


def _make(store: Store) -> Layer:
    layer = Layer()
    put_program(layer, store, pin("docker-cli"), "usr/bin/docker", "usr/local/bin/docker")
    return layer
