"""Live demonstrations in a notebook, on the real engine, each beside the docker command that does the same.

Everything has a text form that is the same on each run and each engine (no ids, times or exact sizes), since the
notebooks' stored outputs are compared strictly.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from labkit.course import root
from labkit.engine import BuildFailed
from labkit.errors import SandboxError, StepTimeout, WorkspaceError
from labkit.progress import shown
from labkit.project import Project
from labkit.spec import NOT_CONTEXT, files_below
from labkit.words import say
from labkit.workspace import read_files

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from labkit.container import Container, Process
    from labkit.engine import Build, BuildStep
    from labkit.image import HistoryEntry, Image
    from labkit.layers import Layer
    from labkit.progress import Progress
    from labkit.sandbox import Sandbox

COPIES = ("COPY ", "ADD ")
WAIT = 20.0  # seconds that a demonstration waits for an app to answer


@dataclass(frozen=True)
class Built:
    """A finished build: the command, the steps, and through them the image."""

    command: str
    build: Build
    image: Image

    @property
    def steps(self) -> tuple[BuildStep, ...]:
        """Each instruction, reused or made anew."""
        return self.build.steps

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The image's layers with their files, base first."""
        layers = self.image.layers
        names = with_sources([layer.created_by for layer in layers], self.steps)
        return tuple(replace(layer, created_by=name) for layer, name in zip(layers, names, strict=True))

    @property
    def history(self) -> tuple[HistoryEntry, ...]:
        """The image's history, base first."""
        history = self.image.history
        names = with_sources([entry.instruction for entry in history], self.steps)
        return tuple(replace(entry, instruction=name) for entry, name in zip(history, names, strict=True))

    @property
    def size(self) -> int:
        """Bytes of the image, unpacked."""
        return self.image.size

    @property
    def config(self) -> Mapping[str, object]:
        """The image's runtime configuration."""
        return self.image.config

    def contains(self, path: str) -> bool:
        """Whether a container of the image sees this path (without a leading slash)."""
        return path.strip("/") in self.image.files

    def __repr__(self) -> str:
        lines = [f"$ {self.command}"]
        several = len({step.stage for step in self.steps}) > 1
        for step in self.steps:
            stage = f"[{step.stage}] " if several else ""
            word = "base  " if step.instruction.upper().startswith("FROM") else "reused" if step.cached else "built "
            lines.append(f"  {word}  {stage}{step.instruction}")
        return "\n".join(lines)


def with_sources(names: Sequence[str], steps: Sequence[BuildStep]) -> list[str]:
    """Name COPY and ADD as in the Dockerfile: the classic builder's history leaves out what was copied.

    Args:
        names: the instructions of an image's layers or history, base first.
        steps: the steps of its build; those of the last stage are the image's own.
    """
    named = list(names)
    copies = [s.instruction for s in steps if s.stage == steps[-1].stage and s.instruction.startswith(COPIES)]
    places = [place for place, name in enumerate(names) if name.startswith(COPIES)]
    for place, instruction in zip(reversed(places), reversed(copies), strict=False):
        named[place] = instruction
    return named


@dataclass(frozen=True)
class NotBuilt:
    """A build that failed, as something to look at."""

    command: str
    failure: BuildFailed

    def __repr__(self) -> str:
        where = f" at: {self.failure.instruction}" if self.failure.instruction else ""
        return f"$ {self.command}\n  failed{where}\n  {self.failure.what}"


class Running:
    """A container of a demonstration.

    Args:
        command: the docker command that does the same.
        container: the container.
    """

    def __init__(self, command: str, container: Container) -> None:
        self._command, self.container = command, container

    def get(self, port: int, path: str = "/") -> str:
        """Ask a published port over HTTP; return the answer's text, or why there was none."""
        try:
            return self.container.get(port, path, WAIT).text
        except (SandboxError, StepTimeout) as error:
            return f"No answer. {error.what}"

    def says(self, text: str) -> Running:
        """Wait until it has written something, and return itself. Raises SandboxError or StepTimeout."""
        self.container.says(text, WAIT)
        return self

    @property
    def processes(self) -> tuple[Process, ...]:
        """Its processes: user id and command."""
        return self.container.processes()

    @property
    def logs(self) -> str:
        """What it wrote."""
        return self.container.logs

    def exec(self, *argv: str) -> str:
        """Run a program in it and return what it printed."""
        return self.container.exec(*argv)[1].rstrip("\n")

    def stop(self, seconds: float = 10) -> str:
        """Stop it as `docker stop` does, and say how it ended."""
        stop = self.container.stop(seconds)
        self.container.remove()
        if stop.exit_code is None:
            return f"{stop.signal} sent; still running after {seconds:g} seconds, so it was killed"
        return f"{stop.signal} sent; ended by itself with exit code {stop.exit_code}"

    def __repr__(self) -> str:
        return f"$ {self._command}"


class Demo:
    """A sandbox to show things in; `labkit.sandbox()` makes the kernel's one.

    Args:
        sandbox: where to build and run.
        shown: shows the progress of a build.
    """

    def __init__(self, sandbox: Sandbox, shown: Callable[[], AbstractContextManager[Progress]] = shown) -> None:
        self._sandbox, self._shown = sandbox, shown
        self._tags: dict[str, str] = {}
        self._made: list[str] = []

    def project(self, folder: str) -> Project:
        """Read a folder of the course, such as ``exercises/06-layer-order`` or ``notebooks/demo/hello``.

        Raises:
            WorkspaceError: there is no such folder.
        """
        path = root() / folder
        if not path.is_dir():
            raise WorkspaceError(
                say("The course has no folder {folder}.", folder=folder),
                fix=say("see the folder's name in the file browser"),
            )
        return Project(Path(folder).name, read_files(files_below(path, NOT_CONTEXT)))

    def build(  # noqa: PLR0913  each is one of `docker build`'s own options
        self,
        project: Project,
        tag: str,
        *,
        no_cache: bool = False,
        target: str | None = None,
        dockerfile: str = "Dockerfile",
        any_cache: bool = False,
    ) -> Built | NotBuilt:
        """Build a project's image.

        Only layers that this demonstration made itself are reused, so that its first build is a cold one for
        everybody.

        Args:
            project: the build context.
            tag: the name by which ``run`` finds the image.
            no_cache: as ``docker build --no-cache``.
            target: as ``docker build --target``.
            dockerfile: as ``docker build -f``.
            any_cache: reuse whatever the engine has; quicker, but what is reused then depends on what ran before.
        """
        flags = ["--no-cache"] * no_cache + ([f"--target {target}"] if target else [])
        flags += [f"-f {dockerfile}"] if dockerfile != "Dockerfile" else []
        command = " ".join(["docker build", *flags, "-t", tag, "."])
        cache = None if any_cache or no_cache else tuple(self._made)
        try:
            with self._shown() as self._sandbox.progress:
                build = self._sandbox.build(
                    project.files, no_cache=no_cache, target=target, dockerfile=dockerfile, cache_from=cache
                )
        except BuildFailed as failure:
            return NotBuilt(command, failure)
        self._made += [*build.intermediates, build.image_id]
        self._tags[tag] = build.image_id
        return Built(command, build, self._sandbox.look(build.image_id))

    def image(self, name: str) -> Image:
        """The facts of an image: one that was built here, or one of the engine's."""
        return self._sandbox.look(self._tags.get(name, name))

    def run(
        self,
        tag: str,
        *argv: str,
        publish: Sequence[int] = (),
        env: Mapping[str, str] | None = None,
        user: str | None = None,
    ) -> Running:
        """Start a container in the background.

        Args:
            tag: an image that was built here, or one of the engine's.
            argv: replaces the image's CMD.
            publish: container ports, each published on 127.0.0.1 at a port that the engine chooses.
            env: environment variables.
            user: as ``docker run --user``.
        """
        flags = [f"-p 127.0.0.1::{port}" for port in publish]
        flags += [f"-e {name}={value}" for name, value in (env or {}).items()] + ([f"--user {user}"] if user else [])
        command = " ".join(["docker run -d", *flags, tag, shlex.join(argv)]).strip()
        image = self._tags.get(tag, tag)
        return Running(command, self._sandbox.run(image, argv or None, publish=publish, env=env, user=user))

    def once(  # noqa: PLR0913  each is one of `docker run`'s own options
        self,
        tag: str,
        *argv: str,
        env: Mapping[str, str] | None = None,
        user: str | None = None,
        workdir: str | None = None,
        entrypoint: str | None = None,
        seconds: float = 60,
    ) -> str:
        """Run one program in a container of its own, as `docker run --rm`, and return the command and its output."""
        flags = [f"-e {name}={value}" for name, value in (env or {}).items()]
        named = {"user": user, "workdir": workdir, "entrypoint": entrypoint}
        flags += [f"--{name} {value}" for name, value in named.items() if value]
        image, instead = self._tags.get(tag, tag), [entrypoint] if entrypoint else None
        container = self._sandbox.run(image, argv or None, env=env, user=user, working_dir=workdir, entrypoint=instead)
        container.wait(seconds)
        output = container.logs.rstrip("\n")
        container.remove()
        command = " ".join(["docker run --rm", *flags, tag, shlex.join(argv)]).strip()
        return f"$ {command}\n{output}"
