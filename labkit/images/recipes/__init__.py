"""The recipes: for each course image, what it is made from and how.

One module each, with a function that returns a `Recipe`; `RECIPES` names them all.
"""

from labkit.images.recipes.alpine import alpine
from labkit.images.recipes.base import Recipe
from labkit.images.recipes.docker_cli import docker_cli
from labkit.images.recipes.node import node
from labkit.images.recipes.registry import registry
from labkit.images.recipes.ubuntu import ubuntu

RECIPES = {
    "alpine:3.20": alpine,
    "docker:26-cli": docker_cli,
    "node:20-alpine": node,
    "registry:2": registry,
    "ubuntu:22.04": ubuntu,
}

__all__ = ["RECIPES", "Recipe"]
