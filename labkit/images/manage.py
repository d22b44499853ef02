"""Having the course's base images on an engine: use what is there, else pull, else assemble.

What a person has under one of these names is never touched: only images with our label are replaced or removed.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from labkit.errors import DiskFull, EngineDied, EngineError, ImageError
from labkit.images.fetch import fetch
from labkit.images.layer import image_id, write_archive
from labkit.images.recipes import RECIPES
from labkit.images.recipes.base import STAND_IN
from labkit.images.store import Store, default_root
from labkit.progress import Progress, silent
from labkit.words import mark, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from labkit.engine import Engine

COURSE_IMAGES = tuple(RECIPES)
REGISTRY_SECONDS = 10.0  # a registry that says nothing for so long is taken as out of reach


class State(Enum):
    """What an engine has under a course image's name."""

    PRESENT = mark("present")  # pulled from a registry
    STAND_IN = mark("stand-in")  # assembled by the lab
    OUTDATED = mark("outdated")  # a stand-in of an older recipe
    FOREIGN = mark("foreign")  # made on this machine by somebody else: ours to use, not to touch
    ABSENT = mark("absent")


@dataclass(frozen=True, slots=True)
class ImageStatus:
    """One course image on one engine.

    Attributes:
        name: its name and tag.
        state: what the engine has under this name.
        size: its size in bytes as the engine counts it; 0 where it is absent.
        source: where it comes from, in words for a person.
        id: the engine's id of it; empty where it is absent.
    """

    name: str
    state: State
    size: int = 0
    source: str = ""
    id: str = ""

    def __str__(self) -> str:
        size = f"{self.size / 1e6:.0f} MB" if self.size else ""
        return f"{self.name:16} {say(self.state.value):10} {size:>8}  {self.source}".rstrip()

    @property
    def stand_in(self) -> bool:
        """True where the lab assembled it: its `npm ci` works with the network off."""
        return self.state in (State.STAND_IN, State.OUTDATED)


def status(engine: Engine, names: Iterable[str] | None = None) -> list[ImageStatus]:
    """Say what the engine has under each of the course images' names.

    Args:
        engine: where to look.
        names: only these; all by default.

    Raises:
        ImageError: the course has no image of this name.
    """
    return [_status(engine, name) for name in _known(names)]


def prepare(
    engine: Engine, names: Iterable[str] | None = None, progress: Progress = silent, *, store: Store | None = None
) -> list[ImageStatus]:
    """Have course images on the engine, and say what they are.

    What is there is used; a stand-in of an older recipe is assembled anew. What is absent is pulled from the mirror
    in ``LABKIT_MIRROR``, or from its registry unless ``LABKIT_OFFLINE`` is set, or else assembled.

    Args:
        engine: where they shall be.
        names: only these; all by default.
        progress: told how far it has come.
        store: the cache to use; by default the user's own.

    Raises:
        ImageError: an image could neither be pulled nor assembled.
        EngineError: the engine refused it.
    """
    found = {one.name: one for one in status(engine, names)}
    absent = [name for name, one in found.items() if one.state is State.ABSENT]
    pulled = _pull(engine, absent, progress)
    wanted = [name for name in absent if name not in pulled]
    wanted += [name for name, one in found.items() if one.state is State.OUTDATED]
    if wanted:
        _assemble(engine, wanted, progress, store or Store(default_root()))
    return status(engine, found) if absent or wanted else list(found.values())


def refresh(
    engine: Engine, names: Iterable[str] | None = None, progress: Progress = silent, *, store: Store | None = None
) -> list[ImageStatus]:
    """Assemble stand-ins of an older recipe anew; leave everything else as it is.

    Args:
        engine: where they are.
        names: only these; all by default.
        progress: told how far it has come.
        store: the cache to use; by default the user's own.
    """
    found = status(engine, names)
    outdated = [one.name for one in found if one.state is State.OUTDATED]
    if outdated:
        _assemble(engine, outdated, progress, store or Store(default_root()))
    return status(engine, [one.name for one in found])


def remove(engine: Engine, names: Iterable[str] | None = None) -> list[str]:
    """Remove stand-ins, and nothing else.

    Args:
        engine: where they are.
        names: only these; all by default.

    Returns:
        The names that were removed; one that a container uses stays.
    """
    return [one.name for one in status(engine, names) if one.stand_in and engine.remove_image(one.name)]


def _known(names: Iterable[str] | None) -> list[str]:
    wanted = list(COURSE_IMAGES if names is None else names)
    for name in wanted:
        if name not in RECIPES:
            raise ImageError(
                say("The course has no image {name}.", name=name),
                fix=say("choose from {names}", names=", ".join(COURSE_IMAGES)),
            )
    return wanted


def _status(engine: Engine, name: str) -> ImageStatus:
    image = engine.image(name)
    if image is None:
        return ImageStatus(name, State.ABSENT)
    label = ((image.get("Config") or {}).get("Labels") or {}).get(STAND_IN)
    digests = image.get("RepoDigests") or []
    if label:
        current = label == RECIPES[name]().digest
        state = State.STAND_IN if current else State.OUTDATED
        source = say("assembled by the lab") if current else say("assembled by an older version of the lab")
    elif digests:
        state, source = State.PRESENT, say("pulled as {name}", name=digests[0].partition("@")[0])
    else:
        state, source = State.FOREIGN, say("made on this machine, not by the lab")
    return ImageStatus(name, state, int(image.get("Size") or 0), source, image["Id"])


def _pull(engine: Engine, names: Sequence[str], progress: Progress) -> set[str]:
    """Pull images from the mirror or the registry; once either is out of reach, do not ask it again."""
    pulled: set[str] = set()
    if mirror := os.environ.get("LABKIT_MIRROR", "").strip("/"):
        for name in names:
            if not any(_pull_one(engine, f"{mirror}/{path}", name, progress) for path in (f"library/{name}", name)):
                break
            pulled.add(name)
    if os.environ.get("LABKIT_OFFLINE", "0") not in ("", "0"):
        return pulled
    for name in names:
        if name not in pulled and not _pull_one(engine, name, name, progress):
            break
        pulled.add(name)
    return pulled


def _pull_one(engine: Engine, ref: str, name: str, progress: Progress) -> bool:
    """Pull one image and give it its name; False where the registry does not answer or has none."""
    progress(say("ask the registry for {name}", name=name), 0, 1)
    try:
        there = engine.in_registry(ref, REGISTRY_SECONDS)
        progress(say("ask the registry for {name}", name=name), 1, 1)
        if not there:
            return False
        engine.pull(ref, progress)
    except (DiskFull, EngineDied):
        raise
    except EngineError:
        return False
    if ref != name:
        engine.tag(ref, name)
        engine.remove_image(ref, noprune=True)
    return True


def _assemble(engine: Engine, names: Sequence[str], progress: Progress, store: Store) -> None:
    if engine.about.arch not in ("amd64", "x86_64"):
        raise ImageError(
            say("The offline images are for amd64, and this engine is {arch}.", arch=engine.about.arch),
            fix=say("connect to an image registry, or set LABKIT_MIRROR to one that you can reach"),
        )
    recipes = [RECIPES[name]() for name in names]
    with store.locked():
        fetch(store, [pin for recipe in recipes for pin in recipe.pins], progress)
        for number, recipe in enumerate(recipes):
            progress(say("assemble images"), number, len(recipes))
            config, layers = recipe.assemble(store)
            before = engine.image(recipe.name)
            if before and before["Id"] == image_id(config):
                continue
            with store.unfinished() as folder:
                write_archive(folder / "image.tar", recipe.name, config, layers)
                engine.load(folder / "image.tar")
            if before:
                engine.remove_image(before["Id"])
    progress(say("assemble images"), len(recipes), len(recipes))
