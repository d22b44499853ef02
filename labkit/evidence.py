"""Facts about a learner's work, each found out when first asked for and only once.

What differs between builders, storage drivers and engine versions ends here: a check sees layers, sizes, processes
and answers, never an engine's words for them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from labkit.dockerfile import Dockerfile
from labkit.errors import SandboxError
from labkit.layers import Layer, LayerFile, merged, read_archive

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from labkit.container import Answer, Container, Process, Stop
    from labkit.engine import Build, Engine
    from labkit.sandbox import Sandbox
    from labkit.spec import Exercise
    from labkit.workspace import Snapshot

DOCKERFILE = "Dockerfile"
# History lines that made no layer: the classic builder marks them with #(nop), BuildKit only names the instruction.
METADATA = re.compile(
    r"#\(nop\) +(?!ADD|COPY|WORKDIR)"
    r"|^(ARG|CMD|ENTRYPOINT|ENV|EXPOSE|HEALTHCHECK|LABEL|SHELL|STOPSIGNAL|USER|VOLUME)\b"
)
BASELINE = "baseline/Dockerfile"


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One line of an image's history, oldest first: the instruction, tidied, its bytes, and whether it made a layer."""

    instruction: str
    size: int
    layer: bool


class Image:
    """An image's facts.

    Args:
        engine: where it is.
        id: its id.
    """

    def __init__(self, engine: Engine, id: str) -> None:  # noqa: A002  the API's own word
        self._engine, self.id = engine, id

    @cached_property
    def _inspected(self) -> Mapping[str, Any]:
        found = self._engine.image(self.id)
        if found is None:
            raise SandboxError("The image was removed while it was looked at.", fix="check again")
        return found

    @property
    def config(self) -> Mapping[str, Any]:
        """Its runtime configuration, such as Cmd, Entrypoint, Env, ExposedPorts, User, WorkingDir."""
        return self._inspected["Config"] or {}

    @property
    def diff_ids(self) -> tuple[str, ...]:
        """The identities of its layers, base first."""
        return tuple(self._inspected["RootFS"].get("Layers") or ())

    @cached_property
    def history(self) -> tuple[HistoryEntry, ...]:
        """Its history, base first, without the lab's own labels."""
        entries = [self._entry(raw) for raw in reversed(self._engine.history(self.id))]
        return tuple(e for e in entries if not e.instruction.startswith("LABEL labkit."))

    @staticmethod
    def _entry(raw: Mapping[str, Any]) -> HistoryEntry:
        words = raw.get("CreatedBy") or ""
        return HistoryEntry(tidy(words), int(raw.get("Size") or 0), layer=not METADATA.search(words))

    @property
    def size(self) -> int:
        """Bytes of all its layers, unpacked."""
        return sum(entry.size for entry in self.history)

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """Its layers with their files, base first."""
        contents = read_archive(self._engine.save(self.id)).layers
        made = [entry for entry in self.history if entry.layer]
        if len(made) != len(contents):  # an empty layer looks like metadata to one side: match by size instead
            made = [entry for entry in made if entry.size] if sum(e.size > 0 for e in made) == len(contents) else []
        return tuple(
            Layer(diff_id, made[n].instruction if made else "", made[n].size if made else _bytes(files), files, removed)
            for n, (diff_id, (files, removed)) in enumerate(zip(self.diff_ids, contents, strict=True))
        )

    @cached_property
    def files(self) -> Mapping[str, LayerFile]:
        """What a container of it sees, by path without a leading slash."""
        return merged(self.layers)

    def read(self, path: str) -> bytes:
        """One file's content; the image is not run. Raises FileNotFoundError."""
        container = self._engine.create(self.id, ["-"], network_mode="none")
        try:
            return self._engine.read_file(container, f"/{path}")
        finally:
            self._engine.remove(container)


def _bytes(files: Mapping[str, LayerFile]) -> int:
    return sum(file.size for file in files.values())


def tidy(created_by: str) -> str:
    """An instruction as it stood in the Dockerfile, from either builder's history line."""
    text = re.sub(r"^\|\d+ (\S+=\S* )*", "", created_by)  # build arguments before a RUN
    text = re.sub(r"^/bin/sh -c #\(nop\) +", "", text)
    text = re.sub(r"^/bin/sh -c ", "RUN ", text)
    text = re.sub(r"^RUN (\|\d+ \S+ )?/bin/sh -c ", "RUN ", text)
    text = re.sub(r"\s*# buildkit$", "", text)
    text = re.sub(r"^(COPY|ADD) (?:multi|file|dir):\S+ in ", r"\1 … ", text)
    return " ".join(text.split())


@dataclass(frozen=True)
class Rebuild:
    """A second build after one file was edited."""

    build: Build
    image: Image
    name: str
    data: bytes


class Evidence:
    """The facts of one run of one exercise.

    Args:
        sandbox: where to find them out.
        exercise: the exercise.
        snapshot: the learner's files.
    """

    def __init__(self, sandbox: Sandbox, exercise: Exercise, snapshot: Snapshot) -> None:
        self._sandbox, self._exercise, self._snapshot = sandbox, exercise, snapshot
        self._rebuilds: dict[str, Rebuild] = {}

    @cached_property
    def dockerfile(self) -> Dockerfile:
        """The Dockerfile, parsed."""
        return Dockerfile(self._snapshot.text(DOCKERFILE))

    @cached_property
    def build(self) -> Build:
        """The learner's build. Raises BuildFailed or StepTimeout."""
        return self._build(self._snapshot, f"{self._exercise.slug}/main")

    def _build(self, snapshot: Snapshot, keep: str = "", cache_from: Sequence[str] | None = None) -> Build:
        spec = self._exercise.build
        return self._sandbox.build(
            snapshot.files, keep=keep, network=spec.network, cache_from=cache_from, seconds=spec.seconds
        )

    @cached_property
    def image(self) -> Image:
        """The learner's image."""
        return Image(self._sandbox.engine, self.build.image_id)

    def rebuild(self, edit: str) -> Rebuild:
        """Build again after a line was added to one source file; the learner's own file stays as it is."""
        if edit not in self._rebuilds:
            # Only this build's layers may be reused. Of equal steps the engine takes the newest, and somebody else's
            # build may have made one in between, on which nothing of ours stands: all below would be made anew.
            cache = [*self.build.intermediates, self.build.image_id]
            data = self._snapshot.files[edit].data + b"\n// edited by the check\n"
            build = self._build(self._snapshot.edited(edit, data), cache_from=cache)
            self._rebuilds[edit] = Rebuild(build, Image(self._sandbox.engine, build.image_id), edit, data)
        return self._rebuilds[edit]

    @cached_property
    def baseline(self) -> Image:
        """The course's own image to compare with, built once and kept."""
        text = (self._exercise.folder / BASELINE).read_bytes()
        snapshot = self._snapshot.edited(DOCKERFILE, text)
        build = self._build(snapshot, f"{self._exercise.slug}/baseline")
        return Image(self._sandbox.engine, build.image_id)

    @cached_property
    def service(self) -> Container:
        """A container of the image, started as the exercise says."""
        return self._start()

    def _start(self) -> Container:
        run = self._exercise.run
        return self._sandbox.run(self.image.id, publish=run.publish, env=run.env)

    def _up(self, container: Container) -> None:
        """Wait until it does its work: until a published port answers, where there is one."""
        for port in self._exercise.run.publish[:1]:
            container.get(port, "/", self._exercise.run.seconds)

    def answer(self, port: int, path: str) -> Answer:
        """What the published port answers. Raises SandboxError or StepTimeout."""
        return self.service.get(port, path, self._exercise.run.seconds)

    @cached_property
    def processes(self) -> tuple[Process, ...]:
        """The processes of the running container, once it is up."""
        self._up(self.service)
        return self.service.processes()

    def stop(self, seconds: float) -> Stop:
        """Stop a container of its own with the image's stop signal once it is up."""
        container = self._start()
        self._up(container)
        return container.stop(seconds)
