"""Building an image with the classic builder or with BuildKit, seen as one: steps, each reused or made anew.

The classic builder is asked through the API (source: Engine API 1.41, ImageBuild), and answers with a stream of
JSON messages. BuildKit needs a gRPC session that only Docker's own client speaks, so it is asked through the
`docker` command and answers with its plain progress text. What differs between the two ends here.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import docker
import requests
from docker.errors import APIError, create_api_error_from_http_exception

from labkit.engine.faults import SDK_ERRORS, faults, no_space
from labkit.engine.process import Terminated, docker_with_buildkit, run_lines
from labkit.engine.words import build_fault
from labkit.errors import BuildError, DiskFull, EngineError, StepTimeout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from labkit.engine.client import Engine, Json

Builder = Literal["classic", "buildkit"]

DEFAULT_REGISTRY = "docker.io/library/"  # BuildKit writes names out in full
# Said when a parent in the build cache was removed by somebody else in the middle of a build: nobody's fault.
NO_IMAGE = "labkit/none"  # an empty list would mean "anything": a name that no image has makes it "nothing"
LOST_PARENT = re.compile(r"unable to find image .?sha256:|No such image: sha256:")


@dataclass(frozen=True, slots=True)
class BuildStep:
    """One instruction of a build.

    Attributes:
        number: its place in its stage, from 1.
        stage: the stage's name, or its number from "0" where it has none.
        instruction: the instruction as the builder prints it, such as ``COPY . .``.
        cached: True where the builder reused an earlier result. FROM counts as reused.
    """

    number: int
    stage: str
    instruction: str
    cached: bool


@dataclass(frozen=True, slots=True)
class Build:
    """A build that ended well.

    Attributes:
        image_id: ``sha256:…`` of the image.
        steps: in the order of the Dockerfile; BuildKit leaves out stages that the result does not need.
        builder: which builder it was.
        intermediates: ids of the untagged images that the classic builder made or reused, oldest first.
        log: all that the builder said.
    """

    image_id: str
    steps: tuple[BuildStep, ...]
    builder: Builder
    intermediates: tuple[str, ...] = ()
    log: str = ""


class BuildFailed(BuildError):  # noqa: N818  reads as what happened
    """The Dockerfile did not build.

    Attributes:
        instruction: the instruction that failed, or "" where the Dockerfile could not be read at all.
        log: the last lines that the builder said.
    """

    def __init__(self, message: str, *, instruction: str = "", log: str = "") -> None:
        super().__init__(message, fix="mend the instruction that failed, then check again")
        self.instruction, self.log = instruction, log


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """What to build, and within which limits.

    Attributes:
        context: the build context as a tar archive.
        labels: labels of the image.
        dockerfile: path of the Dockerfile in the context.
        target: the stage to build, or None for the last.
        network: "none", or "default" for the engine's bridge.
        no_cache: do every step anew.
        cache_from: ids of the only images whose layers may be reused, () for none; None for whatever the engine
            has. Classic builder only.
        buildargs: values for ARG.
        seconds: limit for the whole build.
        memory: limit in bytes for each step; the classic builder honors it, BuildKit does not.
        marker: a host name written into the steps' containers (/etc/hosts), by which a container that a
            killed build left behind is known: such containers carry no label. Classic builder only.
    """

    context: bytes
    labels: Mapping[str, str]
    dockerfile: str = "Dockerfile"
    target: str | None = None
    network: str = "none"
    no_cache: bool = False
    cache_from: Sequence[str] | None = None
    buildargs: Mapping[str, str] | None = None
    seconds: float = 300
    memory: int = 1 << 30
    marker: str = "labkit"


def build(
    engine: Engine,
    request: BuildRequest,
    builder: Builder = "classic",
    *,
    on_step: Callable[[str, int, int], None] = lambda *_: None,
    on_image: Callable[[str], None] = lambda _: None,
) -> Build:
    """Build an image.

    Args:
        engine: the engine.
        request: what to build.
        builder: "classic" or "buildkit".
        on_step: called with the instruction, its number and how many there are, as each begins.
        on_image: called with the id of every image that the classic builder leaves, as soon as it is known.

    Raises:
        BuildFailed: the Dockerfile is at fault.
        EngineError: the engine is.
        StepTimeout: it took longer than ``request.seconds``.
    """
    if builder == "buildkit":
        return _buildkit(engine, request, on_step)
    for last in (False, True):
        try:
            return _classic(engine, request, on_step, on_image)
        except _LostParent as error:
            if last:
                raise EngineError(
                    f"The engine lost a part of its build cache while building: {error}",
                    fix="check again; where it stays, run `labkit clean`",
                ) from None
    raise AssertionError


class _LostParent(Exception):  # noqa: N818
    """The engine lost the image of a step while building on it."""


# -- classic ---------------------------------------------------------------------------------------------------


class _ClassicTrace:
    """Collects the messages of the classic builder."""

    STEP = re.compile(r"Step (\d+)/(\d+) : (.*)", re.DOTALL)
    IMAGE = re.compile(r" ---> ([0-9a-f]{12,64})$")

    def __init__(self, labels: Mapping[str, str]) -> None:
        self.steps: list[BuildStep] = []
        self.images: list[str] = []
        self.log: list[str] = []
        self.image_id = ""
        self.error = ""
        self._own_labels = tuple(f"LABEL {label}=" for label in labels)
        self._stage, self._stages, self._number = "0", -1, 0

    def feed(self, message: Json) -> tuple[str, int, int] | None:
        """Take one message; return (instruction, number, total) where a step begins."""
        self.error = self.error or message.get("error", "")
        self.image_id = (message.get("aux") or {}).get("ID", self.image_id)
        text = message.get("stream", "")
        self.log.append(text)
        line = text.rstrip()
        if step := self.STEP.match(line):
            return self._begin(step[3].strip(), int(step[1]), int(step[2]))
        if line == " ---> Using cache" and self.steps:
            self.steps[-1] = BuildStep(self._number, self._stage, self.steps[-1].instruction, cached=True)
        elif (image := self.IMAGE.match(line)) and not self.steps[-1].instruction.upper().startswith("FROM "):
            self.images.append(image[1])  # after FROM it is the base image's id, which is not this build's
        return None

    def _begin(self, instruction: str, number: int, total: int) -> tuple[str, int, int]:
        word, _, rest = instruction.partition(" ")
        is_from = word.upper() == "FROM"
        if is_from:
            self._stages, self._number = self._stages + 1, 0
            name = re.search(r"\sAS\s+(\S+)$", rest, re.IGNORECASE)
            self._stage = name[1] if name else str(self._stages)
        self._number += 1
        self.steps.append(BuildStep(self._number, self._stage, instruction, cached=is_from))
        return instruction, number, total

    def result(self) -> Build:
        """All steps but those that set the lab's own labels."""
        learners = tuple(step for step in self.steps if not step.instruction.startswith(self._own_labels))
        return Build(self.image_id, learners, "classic", tuple(dict.fromkeys(self.images)), "".join(self.log))


def _classic(
    engine: Engine,
    request: BuildRequest,
    on_step: Callable[[str, int, int], None],
    on_image: Callable[[str], None],
) -> Build:
    trace = _ClassicTrace(request.labels)
    known = 0
    with faults("building an image"):
        try:
            for message in _classic_messages(engine, request):
                if step := trace.feed(message):
                    on_step(*step)
                for image in trace.images[known:]:
                    on_image(image)
                known = len(trace.images)
        except APIError as error:
            if error.is_server_error() and not _names_the_dockerfile(str(error.explanation)):
                raise
            trace.error = str(error.explanation)
    if trace.error:
        raise _fault(trace.error, trace.steps[-1].instruction if trace.steps else "", "".join(trace.log))
    return trace.result()


def _names_the_dockerfile(text: str) -> bool:
    """Old engines answer 500, not 400, to a Dockerfile they cannot read."""
    return "dockerfile" in text.lower()


def _classic_messages(engine: Engine, request: BuildRequest) -> Iterator[Json]:
    """Stream the builder's messages; the engine ends the build when this stream is closed early."""
    client = docker.APIClient(base_url=engine.url, version=engine.api.api_version)
    deadline = time.monotonic() + request.seconds
    try:
        # Not through the SDK's `build`: only who holds the answer can hang up, and hanging up is what ends a build.
        with client.post(
            f"{client.base_url}/v{client.api_version}/build",
            params=_classic_parameters(request),
            data=request.context,
            headers={"Content-Type": "application/x-tar"},
            stream=True,
            timeout=request.seconds,  # for a step that says nothing; the deadline is for one that never stops talking
        ) as answer:
            _raise_for_status(answer)
            for line in answer.iter_lines():
                if time.monotonic() > deadline:
                    raise _overdue(request)
                if line.strip():
                    yield json.loads(line)
    except SDK_ERRORS as error:
        if "timed out" in str(error).lower():
            raise _overdue(request) from None
        raise
    finally:
        client.close()


def _classic_parameters(request: BuildRequest) -> dict[str, str | int]:
    """The query of a build (source: Engine API 1.41, ImageBuild)."""
    cache = {} if request.cache_from is None else {"cachefrom": json.dumps([*request.cache_from, NO_IMAGE])}
    return {
        "version": "1",
        "rm": 1,
        "forcerm": 1,  # a failed step's container carries no label, so the engine itself must remove it
        "dockerfile": request.dockerfile,
        "target": request.target or "",
        "networkmode": request.network,
        "nocache": int(request.no_cache),
        "buildargs": json.dumps(dict(request.buildargs or {})),
        "labels": json.dumps(dict(request.labels)),
        "memory": request.memory,
        "memswap": request.memory,
        "extrahosts": f"{request.marker}:127.0.0.1",
        **cache,
    }


def _raise_for_status(answer: requests.Response) -> None:
    try:
        answer.raise_for_status()
    except requests.HTTPError as error:
        create_api_error_from_http_exception(error)


def _overdue(request: BuildRequest) -> StepTimeout:
    return StepTimeout(
        f"The build took longer than its limit of {request.seconds:g} seconds, and was stopped.",
        why="An instruction that waits for input or for a network that is not there never ends.",
        fix="look at the last RUN instruction that began",
    )


def _fault(message: str, instruction: str, log: str) -> Exception:
    """Tell the learner's fault from the engine's."""
    if no_space(message):
        return DiskFull(
            "The engine has no room left on its disk.", fix="free some room, for example with `labkit clean`"
        )
    if LOST_PARENT.search(message):
        return _LostParent(message)
    if instruction.upper().startswith("FROM "):
        message = f"The image {instruction.split()[1]} is not on this engine, and no registry that answers has it."
    return BuildFailed(build_fault(message, log), instruction=instruction, log="\n".join(log.splitlines()[-25:]))


# -- BuildKit --------------------------------------------------------------------------------------------------


class _BuildKitTrace:
    """Collects the lines of BuildKit's plain progress."""

    VERTEX = re.compile(r"#(\d+) \[(?:(?P<stage>[^\s\]]+) +)?(?P<number>\d+)/(?P<total>\d+)\] (?P<instruction>.*)")

    def __init__(self) -> None:
        self.steps: dict[str, BuildStep] = {}
        self.log: list[str] = []
        self.error = ""
        self.failed = ""
        self._stages: dict[str, int] = {}

    def feed(self, line: str) -> tuple[str, int, int] | None:
        """Take one line; return (instruction, number, total) where a step begins."""
        self.log.append(line)
        vertex, _, rest = line.partition(" ")
        if step := self.VERTEX.match(line):
            stage = (step["stage"] or "0").removeprefix("stage-")
            self._stages.setdefault(stage, len(self._stages))
            number, instruction = int(step["number"]), " ".join(step["instruction"].split())
            instruction = instruction.replace(DEFAULT_REGISTRY, "", 1)
            is_from = instruction.upper().startswith("FROM ")
            self.steps.setdefault(vertex, BuildStep(number, stage, instruction, cached=is_from))
            return instruction, number, int(step["total"])
        if rest == "CACHED" and vertex in self.steps:
            step_ = self.steps[vertex]
            self.steps[vertex] = BuildStep(step_.number, step_.stage, step_.instruction, cached=True)
        elif rest.startswith("ERROR") and not self.failed:
            self.failed = self.steps[vertex].instruction if vertex in self.steps else ""
            self.error = rest.removeprefix("ERROR").lstrip(": ")
        return None

    def result(self, image_id: str) -> Build:
        """The steps, stage by stage."""
        steps = sorted(self.steps.values(), key=lambda s: (self._stages[s.stage], s.number))
        return Build(image_id, tuple(steps), "buildkit", (), "\n".join(self.log))


def _buildkit(engine: Engine, request: BuildRequest, on_step: Callable[[str, int, int], None]) -> Build:
    command = docker_with_buildkit()
    trace = _BuildKitTrace()
    with tempfile.TemporaryDirectory(prefix="labkit-") as folder:
        iid = Path(folder, "iid")
        argv = [*command, "build", "--progress=plain", f"--iidfile={iid}", f"--file={request.dockerfile}"]
        argv += [f"--network={request.network}", "--no-cache"] if request.no_cache else [f"--network={request.network}"]
        argv += [f"--target={request.target}"] if request.target else []
        argv += [f"--build-arg={name}={value}" for name, value in (request.buildargs or {}).items()]
        argv += [f"--label={name}={value}" for name, value in request.labels.items()]
        env = {**os.environ, "DOCKER_HOST": engine.url, "DOCKER_BUILDKIT": "1"}
        try:
            for line in run_lines([*argv, "-"], env=env, stdin=request.context, seconds=request.seconds):
                if step := trace.feed(line):
                    on_step(*step)
        except Terminated as ended:
            if ended.overdue:
                raise _overdue(request) from None
            last = trace.error or next((line for line in reversed(trace.log) if line.strip()), "no reason given")
            raise _fault(last, trace.failed, "\n".join(trace.log)) from None
        return trace.result(iid.read_text().strip())
