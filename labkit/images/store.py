"""The lab's cache on disk: fetched files and finished layers, each under the digest of its content.

A file comes into being in a folder of its own and moves to its place by one rename, after its digest was verified:
whoever is killed in the middle leaves nothing at a place where somebody looks.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
from filelock import FileLock

from labkit.errors import ImageError
from labkit.images.layer import Layer, StoredLayer
from labkit.words import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from labkit.images.pins import Pin

BLOCK = 1 << 20


def default_root() -> Path:
    """Return the cache's folder: ``LABKIT_CACHE`` where that is set, else the user's own cache folder."""
    return Path(os.environ.get("LABKIT_CACHE") or platformdirs.user_cache_path("labkit"))


@dataclass(frozen=True)
class Store:
    """The cache below one folder.

    Args:
        root: the folder; it need not exist.
    """

    root: Path

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes out, and sweep away what a killed one left."""
        self.root.mkdir(parents=True, exist_ok=True)
        with FileLock(self.root / "lock"):
            shutil.rmtree(self.root / "unfinished", ignore_errors=True)
            yield

    @contextmanager
    def unfinished(self) -> Iterator[Path]:
        """Give a fresh folder for what is not finished yet; it goes at the end, whatever happens."""
        above = self.root / "unfinished"
        above.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=above) as folder:
            yield Path(folder)

    def file(self, pin: Pin) -> Path:
        """Return where a fetched file lies, or shall lie."""
        return self.root / "files" / pin.digest

    def missing(self, pins: tuple[Pin, ...]) -> tuple[Pin, ...]:
        """Return those of the pins that were not fetched yet."""
        return tuple(pin for pin in pins if not self.file(pin).exists())

    def keep(self, pin: Pin, fetched: Path) -> None:
        """Verify a fetched file and move it to its place.

        Raises:
            ImageError: it is not what was pinned.
        """
        found = digest(fetched, pin.digest.partition("-")[0])
        if found != pin.digest:
            raise ImageError(
                say(
                    "{pin} from {registry} is not the file that the lab knows: its digest is {found}…, not {digest}….",
                    pin=pin,
                    registry=pin.registry,
                    found=found[:23],
                    digest=pin.digest[:23],
                ),
                why=say("A file that changed on its way could do anything on your machine, so it was thrown away."),
                fix=say("try again; if it stays, your network or mirror alters downloads, or the lab must be updated"),
            )
        place = self.file(pin)
        place.parent.mkdir(parents=True, exist_ok=True)
        fetched.replace(place)

    def layer(self, key: str, title: str, make: Callable[[], Layer]) -> StoredLayer:
        """Return a layer's tar archive, from the cache or made now.

        Args:
            key: the digest of all that goes into the layer.
            title: what it is, in a few words.
            make: assembles it.
        """
        folder = self.root / "layers"
        note = folder / key
        if note.exists():
            known = StoredLayer(note.read_text("utf-8"), folder / f"{note.read_text('utf-8')[7:]}.tar", title)
            if known.path.exists():
                return known
        folder.mkdir(parents=True, exist_ok=True)
        with self.unfinished() as work:
            with (work / "layer.tar").open("wb") as stream:
                diff_id = make().write(stream)
            place = folder / f"{diff_id[7:]}.tar"
            (work / "layer.tar").replace(place)
            (work / "note").write_text(diff_id, "utf-8")
            (work / "note").replace(note)
        return StoredLayer(diff_id, place, title)


def digest(path: Path, algorithm: str) -> str:
    """Return a file's digest as ``sha256-<hexadecimal>``."""
    with path.open("rb") as stream:
        return f"{algorithm}-{hashlib.file_digest(stream, algorithm).hexdigest()}"
