"""What a recipe is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labkit.images.layer import Layer, StoredLayer, image_config

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from labkit.images.pins import Pin
    from labkit.images.store import Store

STAND_IN = "labkit.standin"  # label: the recipe's digest
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Part:
    """One layer of a recipe.

    Attributes:
        title: what it is, in a few words; the image's history shows it.
        pins: the files that it is made from.
        make: assembles it from the fetched files.
    """

    title: str
    pins: tuple[Pin, ...]
    make: Callable[[Store], Layer]

    @property
    def key(self) -> str:
        """The digest of all that decides the layer's content: this package's code and data, and the pins."""
        text = "\n".join([_code(), self.title, *(f"{pin} {pin.digest}" for pin in self.pins)])
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Recipe:
    """How one course image is assembled.

    Attributes:
        name: the image's name and tag.
        parts: its layers, from the lowest to the highest.
        settings: the ``config`` part of its configuration, without our label.
    """

    name: str
    parts: tuple[Part, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def pins(self) -> tuple[Pin, ...]:
        """The files that it needs, each once."""
        return tuple(dict.fromkeys(pin for part in self.parts for pin in part.pins))

    @property
    def digest(self) -> str:
        """The digest of all that decides the image's id; its label carries it."""
        text = "\n".join([self.name, *(part.key for part in self.parts), repr(sorted(self.settings.items()))])
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"

    def assemble(self, store: Store) -> tuple[bytes, list[StoredLayer]]:
        """Make the image's configuration and layers from files that were fetched before."""
        layers = [store.layer(part.key, part.title, lambda part=part: part.make(store)) for part in self.parts]  # type: ignore[misc]
        settings = {**self.settings, "Labels": {STAND_IN: self.digest}}
        return image_config(layers, settings), layers


def text(name: str) -> str:
    """Return a data file of the recipes, such as ``alpine/passwd``."""
    return resources.files("labkit.images").joinpath("files", name).read_text("utf-8")


@cache
def _code() -> str:
    """Return the digest of what decides how layers come out: the code that makes them and its data files."""
    folder = Path(__file__).resolve().parents[1]
    names = [folder / "layer.py", folder / "unpack.py", folder / "npm_cache.py"]
    names += sorted(folder.glob("recipes/*.py")) + sorted(path for path in folder.glob("files/**/*") if path.is_file())
    digest = hashlib.sha256()
    for path in names:
        digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
