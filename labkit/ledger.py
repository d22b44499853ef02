"""What this seat has put on an engine, written down as it happens, so that it can be taken away with certainty.

    <state>/runs/<run>/lock       held by the process that runs; the kernel frees it however that process ends
    <state>/runs/<run>/journal    one JSON line for the engine, one for each image as soon as its id is known
    <state>/kept-<engine>.json    images kept between runs as build cache: key → ids

Containers, networks and volumes carry the labels ``labkit.seat`` and ``labkit.run``, finished images the latter. What
the classic builder leaves on its way carries none, hence the journal for images and a marker in /etc/hosts for
containers.

Each image has one owner: the run that made it, or what is kept. An image that a build only reused is not its own.
Where one cannot be removed yet, because another run builds on it, its owner stays on record and tries again.
"""

from __future__ import annotations

import json
import secrets
import shutil
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from labkit import endpoint
from labkit.errors import BuildError, SandboxError
from labkit.kept import Kept, known, remove_images
from labkit.seat import engine_key, seat, state

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from labkit.engine import Engine

SEAT, RUN = "labkit.seat", "labkit.run"


def marker(run: str) -> str:
    """The host name by which a run's build containers are known."""
    return f"labkit-{run}"


class Run:
    """One run: a lock that says it lives, and a journal of the images it makes.

    Args:
        engine: where its things are.
    """

    def __init__(self, engine: Engine) -> None:
        self.made: list[str] = []
        while not self._begun(engine):
            pass

    def _begun(self, engine: Engine) -> bool:
        """Make its folder and hold its lock; False where a sweep came in between, and took it for a dead run's."""
        self.id = secrets.token_hex(6)
        self.folder = state() / "runs" / self.id
        self.folder.mkdir(mode=0o700, parents=True)
        self._lock = FileLock(self.folder / "lock")
        try:
            self._lock.acquire()
            self._write({"engine": engine_key(engine)})
        except FileNotFoundError:
            self._lock.release(force=True)
            return False
        return True

    @property
    def labels(self) -> dict[str, str]:
        """The labels of everything that this run makes, but for images."""
        return {SEAT: seat(), **self.mark}

    @property
    def mark(self) -> dict[str, str]:
        """The one label of its images: the builder takes a step for each."""
        return {RUN: self.id}

    def image(self, image: str, made: bool) -> None:  # noqa: FBT001  the builder's callback
        """Write down an image that a build made, or that it has come to; called before anything is done with it."""
        self._write({"image" if made else "at": image})
        if made:
            self.made.append(image)

    @contextmanager
    def building(self) -> Iterator[None]:
        """Write down that a build goes on: where it is cut off, the engine may have made more than it said."""
        self._write({"build": "began"})
        try:
            yield
        except BuildError:
            self._write({"build": "ended"})
            raise
        self._write({"build": "ended"})

    def _write(self, entry: dict[str, str]) -> None:
        _append(self.folder, entry)

    def end(self, engine: Engine, *, images: bool = True) -> None:
        """Take away all that this run made, but for images that are kept; or leave its images to the next sweep."""
        if images:
            _close(engine, self.folder)
        else:
            _close_but_images(engine, self.folder, _journal(self.folder))
            self._write({"left": "images"})
        self._lock.release()


@dataclass(frozen=True, slots=True)
class _Journal:
    """What a run wrote down.

    Attributes:
        engine: the key of its engine, or "".
        images: ids of the images that it made, oldest first.
        at: the image that its build had come to, or "".
        cut_off: whether any build was, so that the engine may have more of it than was read.
        cut_at: where the last one was, the time of the last entry, in whole seconds since the epoch; else 0.
        ended: whether all but its images is gone already.
    """

    engine: str = ""
    images: tuple[str, ...] = ()
    at: str = ""
    cut_off: bool = False
    cut_at: int = 0
    ended: bool = False


def _append(folder: Path, entry: dict[str, str] | dict[str, list[str]]) -> None:
    with (folder / "journal").open("a") as journal:
        journal.write(json.dumps(entry) + "\n")


def _journal(folder: Path) -> _Journal:
    """Read a run's journal; a last line that was cut off by a crash is left out."""
    engine, images, at, builds, open_builds, ended = "", [], "", False, 0, False
    try:
        lines = (folder / "journal").read_text().splitlines()
        written = int((folder / "journal").stat().st_mtime)
    except FileNotFoundError:
        return _Journal()
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        engine = entry.get("engine", engine)
        at = entry.get("image", entry.get("at", at))
        images += [entry["image"]] if "image" in entry else []
        builds = entry["build"] == "began" if "build" in entry else builds
        open_builds += {"began": 1, "ended": -1}.get(entry.get("build", ""), 0)
        if "stay" in entry:
            images, builds, open_builds = entry["stay"], False, 0
        ended = ended or "left" in entry or "stay" in entry
    return _Journal(engine, tuple(images), at, open_builds > 0, written if builds else 0, ended)


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
            if _journal(folder).engine in ("", engine_key(engine)):
                dead += _close(engine, folder)
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


def _close(engine: Engine, folder: Path) -> bool:
    """Take away what a run made, and its record; False where an image must stay for now, and the record with it."""
    journal = _journal(folder)
    made = list(journal.images)
    if not journal.ended:  # asking costs more than removing, where many have ended
        made += _close_but_images(engine, folder, journal)
    if journal.cut_off:  # the engine reads all that it has to answer this
        made += [image["Id"] for image in engine.images(f"{RUN}={folder.name}")]
    made += _unread(engine, journal, folder)
    kept = Kept(engine).ids()
    ours = [image for image in dict.fromkeys(made) if not known(image, kept)]
    if left := remove_images(engine, ours):
        if left != list(journal.images):
            _append(folder, {"stay": left})  # so that nothing else is asked for the next time
        return False
    shutil.rmtree(folder, ignore_errors=True)
    return True


def _close_but_images(engine: Engine, folder: Path, journal: _Journal) -> list[str]:
    """Take away all but the images of the lab's own builds; give ids of the commands' images that others build on."""
    if journal.cut_off:
        _remove_build_containers(engine, folder.name)
    _remove_labelled(engine, folder.name)  # first: a container of ours may be of an image that the commands made
    shared = endpoint.clear(engine, folder.name, folder)
    for image in shared:
        _append(folder, {"image": image})
    return shared


def _remove_labelled(engine: Engine, run: str) -> None:
    label = f"{RUN}={run}"
    for container in engine.containers(label):
        engine.remove(container["Id"])
    for network in engine.networks(label):
        engine.remove_network(network["Id"])
    for volume in engine.volumes(label):
        engine.remove_volume(volume["Name"])


def _remove_build_containers(engine: Engine, run: str) -> None:
    """Remove the container of a step that was cut off, which the engine itself may still be about to do."""
    entry = f"{marker(run)}:127.0.0.1"
    for container in engine.containers():
        if RUN in (container["Labels"] or {}):  # such a container has its parent image's labels, never a run's
            continue
        with suppress(SandboxError):  # somebody else's, that is gone by now
            if entry in (engine.inspect(container["Id"])["HostConfig"].get("ExtraHosts") or []):
                engine.remove(container["Id"])


def _unread(engine: Engine, journal: _Journal, folder: Path) -> list[str]:
    """Ids of the image that a build may have made after it was cut off, when nobody read the engine's answer.

    It is untagged, a child of the last one that was read, no older than that, and in nobody else's record.
    """
    if not (journal.cut_at and journal.at):
        return []
    others = [image for run in folder.parent.glob("*") if run != folder for image in _journal(run).images]
    others += Kept(engine).ids()
    return [
        image["Id"]
        for image in engine.images(intermediate=True)
        if image["Created"] >= journal.cut_at
        and known(image.get("ParentId") or "-", [journal.at])
        and not image.get("RepoTags")
        and not known(image["Id"], others)
    ]
