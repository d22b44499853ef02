"""What may be fetched: each file by name, version and digest. Nothing else ever is.

`pins.toml` holds the files of the base images; the npm packages of the course come from its lock files.
"""

from __future__ import annotations

import base64
import json
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from labkit.errors import ImageError
from labkit.words import say

Registry = Literal["pypi", "npm", "debian"]
LOCK_PATTERNS = ("exercises/*/package-lock.json", "solutions/*/package-lock.json", "notebooks/demo/*/package-lock.json")
PLATFORM = {"os": "linux", "cpu": "x64", "libc": "musl"}  # of node:20-alpine, in npm's words


@dataclass(frozen=True, slots=True)
class Pin:
    """One file of a package registry.

    Attributes:
        registry: which kind of registry has it.
        name: the package's name there.
        version: the package's version there.
        digest: ``sha256-`` or ``sha512-`` and the hexadecimal digest of the file.
        size: its size in bytes; 0 where the lock file does not say.
        path: the wheel's file name, or the path below a Debian mirror; empty for npm.
        platform: pip's name of the platform, for a wheel.
        group: which image needs it.
    """

    registry: Registry
    name: str
    version: str
    digest: str
    size: int = 0
    path: str = ""
    platform: str = ""
    group: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@cache
def pins() -> tuple[Pin, ...]:
    """Return the files that the base images are assembled from."""
    text = resources.files(__package__).joinpath("pins.toml").read_text("utf-8")
    return tuple(Pin(**fields) for fields in tomllib.loads(text)["file"])


def pin(name: str) -> Pin:
    """Return the pinned file of one package.

    Raises:
        KeyError: no package of this name is pinned.
    """
    found = [one for one in pins() if one.name == name]
    if not found:
        raise KeyError(name)
    return found[0]


def group(name: str) -> tuple[Pin, ...]:
    """Return the pinned files that one image needs beside the single packages it names."""
    return tuple(one for one in pins() if one.group == name)


def lock_files(course: Path | None = None) -> tuple[Path, ...]:
    """Find the lock files whose packages `npm ci` finds with the network off.

    Args:
        course: the course's folder; by default the one that the package lies in.
    """
    root = course or Path(__file__).resolve().parents[2]
    return tuple(sorted(path for pattern in LOCK_PATTERNS for path in root.glob(pattern)))


def npm_pins(locks: tuple[Path, ...]) -> tuple[Pin, ...]:
    """Return the packages of some lock files that install on node:20-alpine, each once, sorted.

    Raises:
        ImageError: a lock file names a package without a digest.

    source: npm's package-lock.json, lockfileVersion 3
    """
    wanted = {}
    for lock in locks:
        for place, package in json.loads(lock.read_text("utf-8"))["packages"].items():
            if not place or package.get("link") or not _installs(package):
                continue
            name = package.get("name") or place.rpartition("node_modules/")[2]
            if "integrity" not in package:
                raise ImageError(
                    say("{lock} names {name} without its digest.", lock=lock, name=name),
                    why=say("Only what is pinned by its digest is fetched."),
                    fix=say("make the lock file anew with `npm install --package-lock-only`"),
                )
            wanted[name, package["version"]] = Pin(
                "npm", name, package["version"], digest_of(package["integrity"]), group="node"
            )
    return tuple(wanted[key] for key in sorted(wanted))


def _installs(package: dict[str, Any]) -> bool:
    return all(_allows(package.get(key, []), value) for key, value in PLATFORM.items())


def _allows(rule: list[str] | str, value: str) -> bool:
    """Tell whether npm's list of platforms, such as ``["linux"]`` or ``["!win32"]``, allows this one."""
    rules = [rule] if isinstance(rule, str) else rule
    if f"!{value}" in rules:
        return False
    positive = [one for one in rules if not one.startswith("!")]
    return not positive or value in positive


def digest_of(integrity: str) -> str:
    """Turn npm's ``sha512-<base64>`` into our ``sha512-<hexadecimal>``.

    source: W3C Subresource Integrity, which npm follows
    """
    algorithm, _, encoded = integrity.split(maxsplit=1)[0].partition("-")
    return f"{algorithm}-{base64.b64decode(encoded).hex()}"


def integrity_of(digest: str) -> str:
    """Turn ``sha512-<hexadecimal>`` into npm's ``sha512-<base64>``."""
    algorithm, _, encoded = digest.partition("-")
    return f"{algorithm}-{base64.b64encode(bytes.fromhex(encoded)).decode()}"
