"""Facts about a learner's work, each found out when first asked for and only once.

What differs between builders, storage drivers and engine versions ends here: a check sees layers, sizes, processes
and answers, never an engine's words for them.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from labkit.commands import run_script
from labkit.dockerfile import DIGEST, Dockerfile
from labkit.engine.context import sent
from labkit.errors import ExerciseError
from labkit.spec import CommandsSpec
from labkit.words import say
from labkit.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from concurrent.futures import Future

    from labkit.commands import Transcript
    from labkit.container import Answer, Container, Process, Stop
    from labkit.engine import Build
    from labkit.image import Image
    from labkit.remote import Remote
    from labkit.sandbox import Sandbox
    from labkit.spec import Exercise
    from labkit.workspace import Snapshot

DOCKERFILE = "Dockerfile"
BASELINE = "baseline/Dockerfile"


@dataclass(frozen=True)
class Rebuild:
    """A second build after one file was edited."""

    build: Build
    image: Image
    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Start:
    """How somebody starts a container of the image.

    Attributes:
        argv: what follows the image's name.
        env: environment variables that are given.
        user: as ``docker run --user``; "" for the image's own.
        workdir: as ``docker run --workdir``; "" for the image's own.
        entrypoint: as ``docker run --entrypoint``; "" for the image's own.
    """

    argv: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    user: str = ""
    workdir: str = ""
    entrypoint: str = ""

    def __str__(self) -> str:
        flags = [f"-e {name}={value}" for name, value in self.env]
        named = {"user": self.user, "workdir": self.workdir, "entrypoint": self.entrypoint}
        flags += [f"--{name} {value}" for name, value in named.items() if value]
        return " ".join(["docker run", *flags, "IMAGE", shlex.join(self.argv)]).strip()


@dataclass(frozen=True, slots=True)
class Printed:
    """What a container wrote before it ended by itself: its exit code, all its text, and the line that says most."""

    exit_code: int
    text: str
    last_words: str


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
        self._printed: dict[Start, Printed] = {}
        self._ended: list[Transcript] = []
        self._ahead: Future[Container] | None = None  # a service that nobody has asked for yet

    @cached_property
    def dockerfile(self) -> Dockerfile:
        """The Dockerfile, parsed."""
        return Dockerfile(self._snapshot.text(DOCKERFILE))

    @cached_property
    def context(self) -> Mapping[str, int]:
        """What the build sends to the engine: bytes by path."""
        return sent(self._snapshot.files)

    @cached_property
    def build(self) -> Build:
        """The learner's build. Raises BuildFailed or StepTimeout."""
        return self._build(self._snapshot, f"{self._exercise.slug}/main")

    def _build(self, snapshot: Snapshot, keep: str = "", cache_from: Sequence[str] | None = None) -> Build:
        spec = self._exercise.build
        dockerfile = Dockerfile(snapshot.text(DOCKERFILE))
        if stand_ins := self._stand_ins(dockerfile):
            snapshot = snapshot.edited(DOCKERFILE, dockerfile.based_on(stand_ins).encode())
        return self._sandbox.build(
            snapshot.files, keep=keep, network=spec.network, cache_from=cache_from, seconds=spec.seconds
        )

    def _stand_ins(self, dockerfile: Dockerfile) -> dict[str, str]:
        """What is taken for base images: as the exercise says, and for a digest the name before it.

        Where the engine has it, it stays. The lab pulls nothing, and images that it has assembled have no digest.
        """
        found = dict(self._exercise.build.stand_in)
        for name in dockerfile.base_images:
            if DIGEST.search(name) and not self._sandbox.engine.image(name):
                plain = DIGEST.sub("", name)
                found[name] = found.get(plain, plain)
        return found

    @cached_property
    def image(self) -> Image:
        """The learner's image. Raises Absent where commands were to make it."""
        if self._commands:
            return self._sandbox.look(self.world.image(self._commands.image).id)
        return self._sandbox.look(self.build.image_id)

    # -- what commands leave -----------------------------------------------------------------------------------

    @property
    def _commands(self) -> CommandsSpec | None:
        return self._exercise.commands

    @cached_property
    def commands(self) -> Transcript:
        """What the learner's commands did. Raises StepTimeout."""
        spec = self._commands or CommandsSpec()
        if spec.setup and (before := self._run(spec.setup)).exit_code:
            raise ExerciseError(
                say("{setup} of {slug} failed.", setup=spec.setup, slug=self._exercise.slug),
                why=before.end,
                fix=say("check again"),
            )
        done = self._run(spec.script)
        if spec.later:  # what it says is for nobody: where it fails, a check says what is not as it must be
            self._run(spec.later)
        return done

    @property
    def trouble(self) -> str:
        """What the learner's commands said last where they failed, and no check says so; as a sentence, or ""."""
        if not self._commands or any(spec.use == "commands_succeed" for spec in self._exercise.checks):
            return ""
        said = self.commands.last_words
        return say(" The last command failed, and said: {said}", said=said) if self.commands.exit_code else ""

    @property
    def torn(self) -> bool:
        """Whether others have removed what the commands made or built on; of its own builds, the lab sees to that."""
        scripts = self._ended  # the course's own one before it, too: where that is torn, there are no commands
        return any(each.lost_cache for each in scripts) or (bool(scripts) and bool(self._sandbox.endpoint.missing()))

    def _run(self, script: str) -> Transcript:
        seconds = (self._commands or CommandsSpec()).seconds
        self._ended.append(run_script(self._sandbox, self._snapshot.files, script, seconds))
        return self._ended[-1]

    @cached_property
    def world(self) -> World:
        """What they left."""
        _ = self.commands
        return World(self._sandbox.endpoint.world)

    @cached_property
    def registry(self) -> Remote:
        """The registry that runs at the end. Raises Absent, SandboxError."""
        spec = self._commands or CommandsSpec()
        user, _, password = spec.login.partition(":")
        return self.world.registry(spec.registry, (user, password) if user else None)

    def ready(self) -> None:
        """Build, or run the commands: what all checks stand on. Raises BuildFailed or StepTimeout."""
        serves = self._exercise.run.publish and not self._commands
        if serves:
            self._sandbox.will_publish()
        _ = self.commands if self._commands else self.image
        if serves:
            self._ahead = self._sandbox.ahead(self._start)  # it comes up while others look at the image

    def answers(self, name: str) -> Mapping[str, Any]:
        """One of the learner's files with facts that they found out. Raises WorkspaceError."""
        return self._snapshot.facts(name)

    def facts(self) -> dict[str, Any]:
        """What was found of the build or the commands, and of the image, as data that JSON can hold."""
        image = self.__dict__.get("image")  # commands may leave none, and nobody may have asked for it
        if self._commands:
            said = {"exit_code": self.commands.exit_code, "said": self.commands.end}
            return {**said, "image": image.facts() if image else None}
        steps = [{"instruction": step.instruction, "cached": step.cached} for step in self.build.steps]
        return {"builder": self.build.builder, "steps": steps, "image": self.image.facts()}

    # -- what runs ---------------------------------------------------------------------------------------------

    def rebuild(self, edit: str) -> Rebuild:
        """Build again after a line was added to one source file; the learner's own file stays as it is."""
        if edit not in self._rebuilds:
            # Only this build's layers may be reused. Of equal steps the engine takes the newest, and somebody else's
            # build may have made one in between, on which nothing of ours stands: all below would be made anew.
            cache = [*self.build.intermediates, self.build.image_id]
            data = self._snapshot.files[edit].data + b"\n//! edited by the check\n"  # the kind that compilers keep
            build = self._build(self._snapshot.edited(edit, data), cache_from=cache)
            self._rebuilds[edit] = Rebuild(build, self._sandbox.look(build.image_id), edit, data)
        return self._rebuilds[edit]

    @cached_property
    def baseline(self) -> Image:
        """The course's own image to compare with, built once and kept."""
        text = (self._exercise.folder / BASELINE).read_bytes()
        snapshot = self._snapshot.edited(DOCKERFILE, text)
        build = self._build(snapshot, f"{self._exercise.slug}/baseline")
        return self._sandbox.look(build.image_id)

    @cached_property
    def service(self) -> Container:
        """A container of the image, started as the exercise says; or the one that commands left."""
        return self.world.container(self._commands.container) if self._commands else self._another()

    def _another(self) -> Container:
        """A container that nobody has asked for before."""
        ahead, self._ahead = self._ahead, None
        return ahead.result() if ahead else self._start()

    def _start(self) -> Container:
        run = self._exercise.run
        return self._sandbox.run(self.image.id, run.argv or None, publish=run.publish, env=run.env)

    def printed(self, start: Start) -> Printed:
        """What a container of the image prints, until it ends. Raises SandboxError or StepTimeout."""
        if start not in self._printed:
            container = self._sandbox.run(
                self.image.id,
                start.argv or None,
                env=dict(start.env),
                user=start.user or None,
                working_dir=start.workdir or None,
                entrypoint=[start.entrypoint] if start.entrypoint else None,
            )
            code = container.wait(self._exercise.run.seconds)
            self._printed[start] = Printed(code, container.logs, container.last_words)
        return self._printed[start]

    def _up(self, container: Container) -> None:
        """Wait until it does its work: it says so, or a published port answers, or it listens elsewhere.

        That nothing answers is for one check to say. As whom it runs and how it stops can be seen all the same.
        """
        run = self._exercise.run
        if run.ready:
            container.says(run.ready, run.seconds)
        for port in run.publish[:1]:
            container.comes_up(port, run.seconds)

    def answer(self, port: int, path: str) -> Answer:
        """What the published port answers. Raises SandboxError or StepTimeout."""
        return self.service.get(port, path, self._exercise.run.seconds)

    @cached_property
    def processes(self) -> tuple[Process, ...]:
        """The processes of the running container, once it is up."""
        self._up(self.service)
        return self.service.processes()

    def stop(self, seconds: float) -> Stop:
        """Send the image's stop signal to a container of it that is up.

        That is the service, where it was started from the image; who asks for the service afterwards gets a new one.
        """
        running = None if self._commands else self.__dict__.pop("service", None)
        container = running if running and running.running else self._another()
        self._up(container)
        return container.stop(seconds)
