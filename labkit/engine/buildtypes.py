"""What a build is asked for and what it gives, whichever builder does it."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from labkit.engine.faults import no_space
from labkit.engine.words import NO_IMAGE, build_fault
from labkit.errors import BuildError, DiskFull, StepTimeout
from labkit.limits import Limits
from labkit.words import say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

Builder = Literal["classic", "buildkit"]
# With each image of the classic builder, as soon as its id is known: whether this build made it or only reused it.
OnImage = Callable[[str, bool], None]

# Said when a parent in the build cache was removed by somebody else in the middle of a build: nobody's fault.
LOST_PARENT = re.compile(
    r"unable to find image .?sha256:|No such image: sha256:|unknown parent image ID|failed to get digest sha256:"
)
LOG_END = 1 << 20  # characters of a build's log that are kept
STAGE_NAME = re.compile(r"\sAS\s+(\S+)$", re.IGNORECASE)


class Tail:
    """The end of a text that may never end.

    Args:
        most: characters that are kept.
    """

    def __init__(self, most: int = LOG_END) -> None:
        self._most, self._size = most, 0
        self._parts: deque[str] = deque()

    def add(self, text: str) -> None:
        """Append to it."""
        self._parts.append(text)
        self._size += len(text)
        while self._size - len(self._parts[0]) > self._most:
            self._size -= len(self._parts.popleft())

    def __str__(self) -> str:
        return "".join(self._parts)[-self._most :]


@dataclass(frozen=True, slots=True)
class BuildStep:
    """One instruction of a build.

    Attributes:
        number: its place in its stage, from 1.
        stage: the stage's name, or its number from "0" where it has none.
        instruction: the instruction as the builder prints it, such as ``COPY . .``.
        cached: True where the builder reused an earlier result. FROM counts as reused.
        image: short id of the image that it gave; "" where the builder does not say, as BuildKit.
    """

    number: int
    stage: str
    instruction: str
    cached: bool
    image: str = ""


@dataclass(frozen=True, slots=True)
class Build:
    """A build that ended well.

    Attributes:
        image_id: ``sha256:…`` of the image.
        steps: in the order of the Dockerfile; BuildKit leaves out stages that the result does not need.
        builder: which builder it was.
        intermediates: ids of the untagged images that the classic builder made or reused, oldest first.
        log: what the builder said, the end of it where that is long.
    """

    image_id: str
    steps: tuple[BuildStep, ...]
    builder: Builder
    intermediates: tuple[str, ...] = ()
    log: str = ""

    @property
    def torn(self) -> bool:
        """Whether two stages that begin alike stand on different images, so that no rebuild can reuse both.

        Of equal steps the engine reuses the newest, and somebody else may have made a newer one between the stages.
        """
        images: dict[tuple[str, ...], str] = {}
        begins: tuple[str, ...] = ()
        for step in self.steps:
            begins = (*begins, step.instruction) if step.number > 1 else (STAGE_NAME.sub("", step.instruction),)
            if images.setdefault(begins, step.image) != step.image:
                return True
        return False


class BuildFailed(BuildError):  # noqa: N818  reads as what happened
    """The Dockerfile did not build.

    Attributes:
        instruction: the instruction that failed, or "" where the Dockerfile could not be read at all.
        log: the last lines that the builder said.
    """

    def __init__(self, message: str, *, instruction: str = "", log: str = "") -> None:
        super().__init__(message, fix=say("mend the instruction that failed, then check again"))
        self.instruction, self.log = instruction, log


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """What to build, and within which limits.

    Attributes:
        context: the build context as a tar archive.
        labels: labels of the image.
        scratch: a folder for what the builder must write on this side; it goes with the run.
        dockerfile: path of the Dockerfile in the context.
        target: the stage to build, or None for the last.
        network: "none", or "default" for the engine's bridge.
        no_cache: do every step anew.
        cache_from: ids of the only images whose layers may be reused, () for none; None for whatever the engine
            has. Classic builder only.
        buildargs: values for ARG.
        seconds: limit for the whole build.
        limits: what each step may use (those that begin with ``build_``); BuildKit does not honor them.
        marker: a host name written into the steps' containers (/etc/hosts), by which a container that a
            killed build left behind is known: such containers carry no label. Classic builder only.
    """

    context: bytes
    labels: Mapping[str, str]
    scratch: Path
    dockerfile: str = "Dockerfile"
    target: str | None = None
    network: str = "none"
    no_cache: bool = False
    cache_from: Sequence[str] | None = None
    buildargs: Mapping[str, str] | None = None
    seconds: float = 300
    limits: Limits = field(default_factory=Limits)
    marker: str = "labkit"


class LostParent(Exception):  # noqa: N818
    """The engine lost the image of a step while building on it."""


def overdue(request: BuildRequest) -> StepTimeout:
    """Say that a build took too long."""
    return StepTimeout(
        say("The build took longer than its limit of {seconds:g} seconds, and was stopped.", seconds=request.seconds),
        why=say("An instruction that waits for input or for a network that is not there never ends."),
        fix=say("look at the last RUN instruction that began"),
    )


def overfull(request: BuildRequest, instruction: str, log: str) -> BuildFailed:
    """Say that a step wrote too much."""
    gigabytes = request.limits.build_written / (1 << 30)
    said = say("it wrote more than {gigabytes:g} GiB, and was stopped.", gigabytes=gigabytes)
    return BuildFailed(said, instruction=instruction, log=log)


def fault(message: str, instruction: str, log: str, said: str) -> Exception:
    """Tell the learner's fault from the engine's.

    Args:
        message: the builder's last word.
        instruction: the one that failed, or "".
        log: all that the builder said.
        said: what the program that failed said.
    """
    if no_space(message):
        return DiskFull(
            say("The engine has no room left on its disk."), fix=say("free some room, for example with `labkit clean`")
        )
    if LOST_PARENT.search(message):
        return LostParent(message)
    if instruction.upper().startswith("FROM "):
        message = say(NO_IMAGE, name=instruction.split()[1])
    return BuildFailed(build_fault(message, said), instruction=instruction, log="\n".join(log.splitlines()[-25:]))
