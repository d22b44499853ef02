"""Fakes for checks: evidence made by hand, for the lab's own tests and for course authors.

They are for the logic of a check. That the evidence is true is shown on a real engine.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from labkit.commands import Transcript
from labkit.container import Answer, Process, Stop
from labkit.dockerfile import Dockerfile
from labkit.errors import Absent, SandboxError
from labkit.evidence import Printed
from labkit.layers import Layer, LayerFile, merged
from labkit.remote import Pushed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from labkit.evidence import Start


def fake_layer(name: str, *paths: str, removed: Sequence[str] = (), size: int = 1000) -> Layer:
    """A layer with files of one byte each; its name is its identity."""
    files = {path: LayerFile(1, 0o644, 0, is_dir=False) for path in paths}
    return Layer(name, f"RUN {name}", size, files, tuple(removed))


@dataclass
class FakeImage:
    """An image of made-up layers."""

    id: str = "sha256:1"
    layers: Sequence[Layer] = ()
    size: int = 0
    config: Mapping[str, Any] = field(default_factory=dict)
    contents: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def diff_ids(self) -> tuple[str, ...]:
        """The identities of its layers."""
        return tuple(layer.diff_id for layer in self.layers)

    @property
    def files(self) -> Mapping[str, LayerFile]:
        """What a container sees."""
        return merged(self.layers)

    def read(self, path: str) -> bytes:
        """One file's content."""
        try:
            return self.contents[path]
        except KeyError:
            raise FileNotFoundError(path) from None


@dataclass
class FakeRebuild:
    """A second build."""

    image: FakeImage
    data: bytes = b"new"


@dataclass
class FakeWorld:
    """What commands left, made by hand.

    Attributes:
        containers: by name, as the engine's ContainerInspect gives them.
        images: by name and tag.
        files: of containers, by ``name:path``.
        pins: names with digests.
    """

    containers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    images: Mapping[str, FakeImage] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    pins: Sequence[str] = ()

    def tags(self) -> list[str]:
        """Names with tags of all images."""
        return sorted(self.images)

    def digests(self) -> list[str]:
        """Names with digests of all images."""
        return sorted(self.pins)

    def names(self) -> list[str]:
        """Names of all containers."""
        return sorted(self.containers)

    def inspect(self, name: str) -> Mapping[str, Any]:
        """One container."""
        return self.containers[name] if name in self.containers else _raise(Absent(f"There is no {name}.", fix="-"))

    def ended_for_memory(self, name: str) -> bool:
        """Whether the kernel has ended one container."""
        return bool(self.inspect(name)["State"]["OOMKilled"])

    def image(self, name: str) -> FakeImage:
        """One image."""
        return self.images[name] if name in self.images else _raise(Absent(f"There is no {name}.", fix="-"))

    def read(self, name: str, path: str) -> bytes:
        """A file of a container."""
        self.inspect(name)
        key = f"{name}:{path}"
        return self.files[key] if key in self.files else _raise(FileNotFoundError(path))


@dataclass
class FakeContainer:
    """A container by itself, made by hand; an answer that is an exception is raised when it is asked."""

    logs: str = ""
    answered: Answer | Exception = field(default_factory=lambda: Answer(200, "ok"))
    end: str = "The container ended."
    running: Sequence[str] = ()

    def processes(self) -> tuple[Process, ...]:
        """The processes, by their commands."""
        return tuple(Process(1000, command, number) for number, command in enumerate(self.running, 1))

    def settles(self, seconds: float) -> bool:  # noqa: ARG002  as the real one
        """Whether it goes on."""
        return not isinstance(self.answered, SandboxError)

    def get(self, port: int, path: str, seconds: float) -> Answer:  # noqa: ARG002  as the real one
        """The answer."""
        return self.answered if isinstance(self.answered, Answer) else _raise(self.answered)


@dataclass
class FakeServices(FakeWorld):
    """What commands left, with what its containers say.

    Attributes:
        services: by name.
    """

    services: Mapping[str, FakeContainer] = field(default_factory=dict)

    def container(self, name: str) -> FakeContainer:
        """One container."""
        return self.services[name]


@dataclass
class FakeRegistry:
    """A registry: its repositories, each with its tags, each tag's digest and files."""

    held: Mapping[str, Mapping[str, tuple[str, Mapping[str, bytes]]]] = field(default_factory=dict)

    def repositories(self) -> list[str]:
        """Its repositories."""
        return sorted(self.held)

    def tags(self, repository: str) -> list[str]:
        """A repository's tags."""
        return sorted(self.held.get(repository, {}))

    def image(self, repository: str, tag: str) -> Pushed:
        """An image; its configuration and layers are left out."""
        return Pushed(self.held[repository][tag][0], "", ())

    def read(self, repository: str, tag: str, path: str) -> bytes:
        """A file of an image."""
        try:
            return self.held[repository][tag][1][path]
        except KeyError:
            raise FileNotFoundError(path) from None


@dataclass
class FakeEvidence:
    """Evidence made by hand; a value that is an exception is raised when it is asked for."""

    text: str = ""
    commands: Transcript = field(default_factory=lambda: Transcript("", 0))
    world: FakeWorld = field(default_factory=FakeWorld)
    registry: FakeRegistry = field(default_factory=FakeRegistry)
    facts: Mapping[str, Any] = field(default_factory=dict)
    image: FakeImage = field(default_factory=FakeImage)
    again: FakeRebuild = field(default_factory=lambda: FakeRebuild(FakeImage("sha256:2")))
    baseline: FakeImage = field(default_factory=FakeImage)
    uids: Sequence[int] | Exception = ()
    answered: Answer | Exception = field(default_factory=lambda: Answer(200, "ok"))
    prints: Sequence[Printed | Exception] = ()
    stopped: Stop | Exception = field(default_factory=lambda: Stop("SIGTERM", 0.1, 0))

    @property
    def dockerfile(self) -> Dockerfile:
        """The Dockerfile."""
        return Dockerfile(self.text)

    def answers(self, name: str) -> Mapping[str, Any]:  # noqa: ARG002  as the real one
        """What the learner wrote down."""
        return self.facts

    def rebuild(self, edit: str) -> FakeRebuild:  # noqa: ARG002  as the real one
        """The second build."""
        return self.again

    @property
    def processes(self) -> tuple[Process, ...]:
        """The processes."""
        if isinstance(self.uids, Exception):
            _raise(self.uids)
        return tuple(Process(uid, "app", pid) for pid, uid in enumerate(self.uids, 1))

    def answer(self, port: int, path: str) -> Answer:  # noqa: ARG002  as the real one
        """The answer."""
        return self.answered if isinstance(self.answered, Answer) else _raise(self.answered)

    def printed(self, start: Start) -> Printed:
        """What was printed: the first of ``prints`` on a machine as it comes, the last on one that differs."""
        found = self.prints[-1 if start.user or start.workdir else 0]
        return found if isinstance(found, Printed) else _raise(found)

    def stop(self, seconds: float) -> Stop:  # noqa: ARG002  as the real one
        """How it stopped."""
        return self.stopped if isinstance(self.stopped, Stop) else _raise(self.stopped)


def _raise(error: Exception) -> NoReturn:
    raise error


@dataclass
class FakeSearchedImage(FakeImage):
    """An image of which is known where it holds which words."""

    places: Mapping[str, str] = field(default_factory=dict)

    def find(self, words: Iterable[str]) -> dict[str, str]:
        """Where it holds them."""
        return {word: self.places[word] for word in words if word in self.places}


@dataclass
class FakeContextEvidence(FakeEvidence):
    """Evidence of what a build sends: bytes by path."""

    context: Mapping[str, int] = field(default_factory=dict)
