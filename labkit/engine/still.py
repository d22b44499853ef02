"""A container that is never started: nothing of an image runs, and its files can be read all the same."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import requests
from docker.types import Mount

from labkit.engine.faults import faults
from labkit.words import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from labkit.engine.client import Engine

PIECE = 1 << 20  # bytes


class Still:
    """Such a container.

    Args:
        engine: where it is.
        id: its id.
    """

    def __init__(self, engine: Engine, id: str) -> None:  # noqa: A002  the API's own word
        self._engine, self.id = engine, id

    def archive(self, path: str) -> Iterator[bytes]:
        """Stream a folder of it as a tar archive (ContainerArchive)."""
        with faults(say("reading {path} from a container", path=path)):
            stream, _ = self._engine.api.get_archive(self.id, path, chunk_size=PIECE)
            yield from stream

    def sees(self, path: str) -> bool:
        """Whether there is something at a path (ContainerArchiveInfo)."""
        with faults(say("reading {path} from a container", path=path)):
            api = self._engine.api
            address = api._url("/containers/{0}/archive", self.id)  # noqa: SLF001  the SDK asks for the content, too
            answer = api.head(address, params={"path": path}, timeout=api.timeout)
            if answer.status_code != requests.codes.not_found:
                answer.raise_for_status()
            return bool(answer.status_code == requests.codes.ok)


@contextmanager
def still(
    engine: Engine, image: str, *, labels: Mapping[str, str], folders: Mapping[str, str] | None = None
) -> Iterator[Still]:
    """Create such a container, and remove it at the end.

    Args:
        engine: where.
        image: the image's id.
        labels: the container's.
        folders: of the engine's own machine, by where they are in the container, to be read only.
    """
    mounts = [Mount(target, source, type="bind", read_only=True) for target, source in (folders or {}).items()]
    container = engine.create(image, ["-"], network_mode="none", labels=dict(labels), mounts=mounts)
    try:
        yield Still(engine, container)
    finally:
        engine.remove(container)
