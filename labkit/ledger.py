"""What this seat has put on an engine, written down as it happens, so that it can be taken away with certainty.

    <state>/runs/<run>/lock       held by the process that runs; the kernel frees it however that process ends
    <state>/runs/<run>/journal    one JSON line for the engine, one for each image as soon as its id is known
    <state>/kept.json             images kept between runs as build cache: key → ids

Containers, networks, volumes and finished images carry the labels ``labkit.seat`` and ``labkit.run``. What the
classic builder leaves on its way carries none, hence the journal for images and a marker in /etc/hosts for containers.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import secrets
import shutil
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout
from platformdirs import user_state_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from labkit.engine import Engine

SEAT, RUN = "labkit.seat", "labkit.run"


def state() -> Path:
    """The folder for what must outlive a process: LABKIT_STATE, or the user's state folder."""
    return Path(os.environ.get("LABKIT_STATE") or user_state_path("labkit", appauthor=False))


def seat() -> str:
    """Whose things these are: LABKIT_SEAT, or a name that only this user with this state folder has."""
    if chosen := os.environ.get("LABKIT_SEAT"):
        return chosen
    me = f"{uuid.getnode()}/{getpass.getuser()}/{state().absolute()}"
    return "s" + hashlib.sha256(me.encode()).hexdigest()[:10]


def engine_key(engine: Engine) -> str:
    """A name for an engine that stays the same: its address."""
    return hashlib.sha256(engine.url.encode()).hexdigest()[:12]


def marker(run: str) -> str:
    """The host name by which a run's build containers are known."""
    return f"labkit-{run}"


class Run:
    """One run: a lock that says it lives, and a journal of the images it makes.

    Args:
        engine: where its things are.
    """

    def __init__(self, engine: Engine) -> None:
        self.id = secrets.token_hex(6)
        self._folder = state() / "runs" / self.id
        self._folder.mkdir(parents=True)
        self._lock = FileLock(self._folder / "lock")
        self._lock.acquire()
        self._write({"engine": engine_key(engine)})

    @property
    def labels(self) -> dict[str, str]:
        """The labels of everything that this run makes."""
        return {SEAT: seat(), RUN: self.id}

    def made_image(self, image: str) -> None:
        """Write down an image; called before anything else is done with it."""
        self._write({"image": image})

    def _write(self, entry: dict[str, str]) -> None:
        with (self._folder / "journal").open("a") as journal:
            journal.write(json.dumps(entry) + "\n")

    def end(self, engine: Engine) -> None:
        """Take away all that this run made, but for images that are kept."""
        clear(engine, self.id, _journal(self._folder)[1])
        self._lock.release()
        shutil.rmtree(self._folder, ignore_errors=True)


def _journal(folder: Path) -> tuple[str, list[str]]:
    """Read (engine, images); a last line that was cut off by a crash is left out."""
    engine, images = "", []
    try:
        lines = (folder / "journal").read_text().splitlines()
    except FileNotFoundError:
        return "", []
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        engine = entry.get("engine", engine)
        images += [entry["image"]] if "image" in entry else []
    return engine, images


def sweep(engine: Engine) -> int:
    """Take away what dead runs of this seat left on this engine; return how many runs that were.

    A run is dead where its lock is free. Runs that live, and everything that is not this seat's, stay untouched.
    """
    dead, alive = 0, set()
    for folder in sorted((state() / "runs").glob("*")):
        lock = FileLock(folder / "lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            alive.add(folder.name)
            continue
        try:
            home, images = _journal(folder)
            if home in ("", engine_key(engine)):
                clear(engine, folder.name, images)
                shutil.rmtree(folder, ignore_errors=True)
                dead += 1
        finally:
            lock.release()
    _clear_unknown(engine, alive)
    return dead


def _clear_unknown(engine: Engine, alive: set[str]) -> None:
    """Take away containers and networks of this seat whose run has no record any more."""
    label = f"{SEAT}={seat()}"
    for container in engine.containers(label):
        if container["Labels"].get(RUN) not in alive and not _lives(container["Labels"].get(RUN)):
            engine.remove(container["Id"])
    for network in engine.networks(label):
        if network["Labels"].get(RUN) not in alive and not _lives(network["Labels"].get(RUN)):
            engine.remove_network(network["Id"])


def _lives(run: str | None) -> bool:
    """A run that began after the list of runs was read has a folder by now: it makes that first."""
    return run is not None and (state() / "runs" / run).exists()


def clear(engine: Engine, run: str, images: Iterable[str]) -> None:
    """Remove a run's containers, networks, volumes and images.

    Args:
        engine: where they are.
        run: its id.
        images: ids of untagged images that it made, oldest first; those that are kept stay.
    """
    label = f"{RUN}={run}"
    for container in engine.containers(label):
        engine.remove(container["Id"])
    _remove_build_containers(engine, run)
    for network in engine.networks(label):
        engine.remove_network(network["Id"])
    for volume in engine.volumes(label):
        engine.remove_volume(volume["Name"])
    kept = Kept(engine).ids()
    made = list(dict.fromkeys([*images, *(image["Id"] for image in engine.images(label))]))
    made += _children(engine, made)
    remove_images(engine, (image for image in made if not _in(image, kept)))


def _remove_build_containers(engine: Engine, run: str) -> None:
    """Remove the container of a step that was cut off, which the engine itself may still be about to do."""
    entry = f"{marker(run)}:127.0.0.1"
    for container in engine.containers():
        if RUN not in (container["Labels"] or {}):  # it has its parent image's labels, never a run's
            details = engine.inspect(container["Id"])
            if entry in (details["HostConfig"].get("ExtraHosts") or []):
                engine.remove(container["Id"])


def _children(engine: Engine, images: list[str]) -> list[str]:
    """Untagged images built on these: the one step that ended between the last journal entry and a crash."""
    everything = engine.images(intermediate=True)
    return [i["Id"] for i in everything if i.get("ParentId") and _in(i["ParentId"], images) and not i.get("RepoTags")]


def remove_images(engine: Engine, images: Iterable[str]) -> None:
    """Remove untagged images, newest first; one with a tag is somebody's, one in use or with a child stays."""
    for image in reversed(list(images)):
        found = engine.image(image)
        if found and not found.get("RepoTags"):
            engine.remove_image(image, noprune=True)


def _in(image: str, ids: Iterable[str]) -> bool:
    """Compare ids of which one may be the short form."""
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

    def keep(self, key: str, images: Iterable[str]) -> None:
        """Keep these under a key, and remove what only that key kept before."""
        with self._lock:
            everything = self._read()
            before = everything.get(key, [])
            everything[key] = list(images)
            self._write(everything)
            still = [image for ids in everything.values() for image in ids]
        remove_images(self._engine, (image for image in before if not _in(image, still)))

    def forget(self) -> None:
        """Remove all that is kept."""
        with self._lock:
            everything = self._read()
            self._write({})
        for images in everything.values():
            remove_images(self._engine, images)

    def _write(self, everything: dict[str, list[str]]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_suffix(f".{os.getpid()}")
        new.write_text(json.dumps(everything))
        new.replace(self._path)
