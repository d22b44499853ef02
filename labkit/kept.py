"""Images that stay on the engine between runs as build cache, and how untagged images are removed."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from filelock import FileLock, ReadWriteLock, Timeout

from labkit.seat import engine_key, state, turns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from labkit.engine import Engine

PATIENCE = 2.0  # s that a run waits for the end of a build; what cannot be removed then goes with the next one
LEFT = ""  # the key of what was kept once, and could not be removed yet


def remove_images(engine: Engine, images: Iterable[str]) -> list[str]:
    """Remove untagged images, newest first; one with a tag is somebody's.

    Args:
        engine: where they are.
        images: their ids, oldest first.

    Returns:
        The ids of those that had to stay, oldest first: a container uses them, another image is built on them, or
        somebody builds just now and may have found them in the cache.
    """
    oldest_first = list(images)
    if not oldest_first:
        return []
    try:
        with ReadWriteLock(turns(engine), is_singleton=False).write_lock(PATIENCE):
            left = [image for image in reversed(oldest_first) if not _removed(engine, image)]
    except Timeout:
        return oldest_first
    return left[::-1]


def _removed(engine: Engine, image: str) -> bool:
    found = engine.image(image)
    return not found or bool(found.get("RepoTags")) or engine.remove_image(image, noprune=True)


def known(image: str, ids: Iterable[str]) -> bool:
    """Whether an image is among these ids, of which each may be the short form."""
    short = image.removeprefix("sha256:")[:12]
    return any(other.removeprefix("sha256:").startswith(short) for other in ids)


class Kept:
    """Images that stay between runs, so that the next build is quick.

    Args:
        engine: where they are.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._path = state() / f"kept-{engine_key(engine)}.json"
        self._lock = FileLock(self._path.with_suffix(".lock"))

    def _read(self) -> dict[str, list[str]]:
        try:
            found: dict[str, list[str]] = json.loads(self._path.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return found

    def get(self, key: str) -> list[str]:
        """The ids kept under a key, oldest first."""
        return self._read().get(key, [])

    def ids(self) -> set[str]:
        """All ids that are kept."""
        return {image for images in self._read().values() for image in images}

    def keep(self, key: str, images: Iterable[str], made: Iterable[str]) -> None:
        """Keep a build's images under a key; what only that key kept before is for `tidy`.

        Args:
            key: what they are kept for, such as ``06-layer-order/main``.
            images: the build's, oldest first; those that are neither kept already nor in ``made`` are somebody else's.
            made: ids of those that are the run's own.
        """
        with self._lock:
            everything = self._read()
            ours = {image for ids in everything.values() for image in ids}.union(made)
            before = [*everything.pop(LEFT, []), *everything.get(key, [])]
            everything[key] = [image for image in images if known(image, ours)]
            still = [image for ids in everything.values() for image in ids]
            everything[LEFT] = [image for image in before if not known(image, still)]
            self._write(everything)

    def tidy(self) -> None:
        """Remove what was kept once; what cannot be removed yet stays on record."""
        with self._lock:
            everything = self._read()
            if before := everything.get(LEFT, []):
                everything[LEFT] = remove_images(self._engine, before)
                self._write(everything)

    def forget(self) -> None:
        """Remove all that is kept."""
        with self._lock:
            everything = self._read()
            images = dict.fromkeys(image for ids in everything.values() for image in ids)
            self._write({LEFT: remove_images(self._engine, images)})

    def _write(self, everything: dict[str, list[str]]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_suffix(f".{os.getpid()}")
        new.write_text(json.dumps(everything))
        new.replace(self._path)
