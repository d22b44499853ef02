"""The learner's containers and images, as the guard shows them, and what the live view can do with them."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from labkit.engine import Engine, Meter, at, connect
from labkit.errors import EngineError
from labkit.images import COURSE_IMAGES
from labkit.station import Station
from labkit.words import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from labkit.engine import Usage

Json = dict[str, Any]
LINES = 200  # of a container's logs


class Live:
    """The learner's own part of the engine; found when first asked for, and again after trouble."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._station: Station | None = None
        self._engine: Engine | None = None
        self._meter: Meter | None = None

    def look(self) -> Json:
        """Say what there is now: ``containers`` and ``images``.

        Raises:
            EngineError: there is no engine, or it does not answer.
        """
        with self._reached() as engine:
            self._meter = self._meter or Meter(engine)
            containers = self._meter.read()
            used = {each.image for each in containers}
            return {
                "containers": [_container(each) for each in containers],
                "images": [_image(each, used) for each in engine.images()],
            }

    def logs(self, container: str) -> str:
        """The last lines that a container wrote. Raises EngineError."""
        with self._reached() as engine:
            return engine.logs(container, LINES)

    def stop(self, container: str) -> None:
        """Stop a container; one that is not there is fine. Raises EngineError."""
        with self._reached() as engine:
            engine.stop(container)

    def remove(self, container: str) -> None:
        """Remove a container; one that is not there is fine. Raises EngineError."""
        with self._reached() as engine:
            engine.remove(container)

    def remove_image(self, image: str) -> None:
        """Remove an image with all its names. Raises EngineError, also where a container uses it."""
        with self._reached() as engine:
            stays = engine.image(image) and not engine.remove_image(image, force=True)
        if stays:  # no trouble of the endpoint's, which is not to be looked for anew
            raise EngineError(
                say("The image cannot be removed."),
                why=say("A container was made from it, or another image is built on it."),
                fix=say("remove that first"),
            )

    def close(self) -> None:
        """Let go of the guard."""
        if self._engine:
            self._engine.client.close()
        if self._station:
            self._station.close()
        self._station = self._engine = self._meter = None

    @contextmanager
    def _reached(self) -> Iterator[Engine]:
        """Give the learner's endpoint; after trouble it is looked for anew at the next time."""
        with self._lock:
            if not self._engine:
                self._station = Station(connect())
                self._engine = at(self._station.host, say("your docker endpoint"))
            engine = self._engine
        try:
            yield engine
        except EngineError:
            with self._lock:
                self.close()
            raise


def _container(one: Usage) -> Json:
    ports = [dict(zip(("host", "container"), map(int, port.split("→")), strict=True)) for port in one.ports]
    return {
        "id": one.id,
        "name": one.name,
        "state": one.state,
        "status": one.status,
        "image": one.image,
        "ports": ports,
        "cpu": one.cpu,
        "memory": one.memory,
        "limit": one.limit,
    }


def _image(found: Mapping[str, Any], used: set[str]) -> Json:
    names = [tag for tag in found.get("RepoTags") or [] if tag != "<none>:<none>"]
    return {
        "id": found["Id"],
        "names": names,
        "size": found["Size"],
        "course": any(name in COURSE_IMAGES for name in names),
        "used": bool(used.intersection([*names, found["Id"]])),
    }
