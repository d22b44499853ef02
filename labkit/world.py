"""What a learner's commands left at the docker endpoint: containers and images, by the names that the learner gave."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from labkit.container import Container
from labkit.engine import KILLED, Meter, ran_out_of_memory
from labkit.errors import Absent, StepTimeout
from labkit.image import Image
from labkit.remote import Remote
from labkit.words import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from labkit.engine import Engine


TRIES, SECONDS = 4, 5.0  # to see a container end for memory


class World:
    """The state that is left.

    Args:
        engine: the endpoint.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def names(self) -> list[str]:
        """Names of all containers, running or not."""
        return sorted(name.lstrip("/") for each in self._engine.containers() for name in each["Names"])

    def tags(self) -> list[str]:
        """Names with tags of all images, the course's among them."""
        tags = (tag for each in self._engine.images() for tag in each.get("RepoTags") or [])
        return sorted(tag for tag in tags if tag != "<none>:<none>")

    def digests(self) -> list[str]:
        """Names with digests of all images that came from a registry or went to one."""
        return sorted(
            each for image in self._engine.images() for each in image.get("RepoDigests") or [] if "<" not in each
        )

    def registry(self, name: str, login: tuple[str, str] | None = None) -> Remote:
        """The registry that runs in a container of a name. Raises Absent, SandboxError."""
        host, port = self.container(name).address(5000)
        return Remote(f"{host}:{port}", login)

    def inspect(self, name: str) -> Mapping[str, Any]:
        """A container as `docker inspect` shows it (ContainerInspect). Raises Absent."""
        there = self.names()
        if name not in there:
            others = say("There is: {there}.", there=", ".join(there)) if there else say("There is none at all.")
            raise Absent(
                say("There is no container named {name}. {others}", name=name, others=others),
                fix=say("make one: docker run --name {name} …", name=name),
            )
        return self._engine.inspect(name)

    def container(self, name: str) -> Container:
        """A container. Raises Absent."""
        return Container(self._engine, self.inspect(name)["Id"])

    def ended_for_memory(self, name: str) -> bool:
        """Whether a container has ended since it used more memory than it may. Raises Absent.

        The engine may miss it where the container's end comes fast. So one that SIGKILL has ended, for whatever reason,
        is started again to see it end once more.
        """
        for _ in range(TRIES):
            seen = self.inspect(name)
            if seen["State"]["Status"] != "exited":
                return False
            if ran_out_of_memory(self._engine, seen["Id"]):
                return True
            if seen["State"]["ExitCode"] != KILLED:
                return False
            self._engine.start(seen["Id"])
            with suppress(StepTimeout):
                self._engine.wait(seen["Id"], SECONDS)
        return False

    def read(self, name: str, path: str) -> bytes:
        """A file in a container, running or not. Raises Absent, FileNotFoundError."""
        return self._engine.read_file(self.inspect(name)["Id"], path)

    def image(self, name: str) -> Image:
        """An image by name and tag. Raises Absent."""
        found = self._engine.image(name)
        if found is None:
            raise Absent(
                say("There is no image {name}.", name=name), fix=say("make one: docker build -t {name} .", name=name)
            )
        return Image(self._engine, found["Id"])

    def meter(self, name: str = "") -> Meter:
        """Give what measures the containers whose names hold a text."""
        return Meter(self._engine, name)
