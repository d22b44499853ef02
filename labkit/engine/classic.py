"""The classic builder, asked through the API (source: Engine API 1.41, ImageBuild): it answers with JSON messages."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import requests
from docker.errors import APIError, create_api_error_from_http_exception

from labkit.engine.buildtypes import STAGE_NAME, Build, BuildStep, Tail, fault, overdue, overfull
from labkit.engine.faults import SDK_ERRORS, faults
from labkit.engine.sdk import another
from labkit.engine.stepwatch import StepWatch
from labkit.progress import CACHED
from labkit.words import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from labkit.engine.buildtypes import BuildRequest, OnImage
    from labkit.engine.client import Engine, Json
    from labkit.progress import Listener

# Instructions that run nothing; a base image's triggers run in the step of its FROM.
SETS = re.compile(
    r"(ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|HEALTHCHECK|LABEL|SHELL|STOPSIGNAL|USER|VOLUME|WORKDIR)\b", re.IGNORECASE
)
NO_IMAGE = "labkit/none"  # an empty list would mean "anything": a name that no image has makes it "nothing"


class Trace:
    """Collects the messages of the classic builder.

    Args:
        labels: the lab's own, whose steps are left out.
        on_image: told of each image.
        restores: whether a reused step may be a new image all the same: with ``cachefrom``, the engine lays a layer
            of the named images on whatever it has below (source: moby, image/cache).
    """

    STEP = re.compile(r"Step (\d+)/(\d+) : (.*)", re.DOTALL)
    IMAGE = re.compile(r" ---> ([0-9a-f]{12,64})$")
    OWN = re.compile(r" ---> |Step \d+/\d+ : |Removing intermediate container |Successfully (built|tagged) |\s*$")
    RUNNING = re.compile(r" ---> Running in ([0-9a-f]{12,64})$")

    def __init__(self, labels: Mapping[str, str], on_image: OnImage, *, restores: bool) -> None:
        self._on_image, self._restores = on_image, restores
        self.steps: list[BuildStep] = []
        self.images: list[str] = []
        self._log, self._said = Tail(), Tail()
        self.container = ""
        self.image_id = ""
        self.error = ""
        self._own_steps = len(labels)  # at the end, an instruction for each
        self._own_labels = tuple(f"LABEL {label}=" for label in labels)
        self._stage, self._stages, self._number = "0", -1, 0

    @property
    def log(self) -> str:
        """All that was said, or the end of it."""
        return str(self._log)

    @property
    def said(self) -> str:
        """What was said since the last step began, or the end of it."""
        return str(self._said)

    def feed(self, message: Json) -> tuple[str, int, int] | None:
        """Take one message; return (instruction, number, total) where one of the learner's steps begins."""
        self.error = self.error or message.get("error", "")
        self.image_id = (message.get("aux") or {}).get("ID", self.image_id)
        text = message.get("stream", "")
        self._log.add(text)
        self._said.add(text)
        line = text.rstrip()
        if step := self.STEP.match(line):
            return self._begin(step[3].strip(), int(step[1]), int(step[2]))
        if line == " ---> Using cache" and self.steps:
            self.steps[-1] = replace(self.steps[-1], cached=True)
        elif image := self.IMAGE.match(line):
            self._image(image[1])
        elif running := self.RUNNING.match(line):
            self.container = running[1]
        return None

    def output(self, message: Json) -> str:
        """Give what a step said, without what the builder says of its own doings."""
        text: str = message.get("stream", "")
        if text.startswith(" ---> Using cache"):
            return CACHED
        return "" if self.OWN.match(text) else text

    def _image(self, image: str) -> None:
        step = self.steps[-1] = replace(self.steps[-1], image=image)
        is_base = step.instruction.upper().startswith("FROM ")
        if not is_base:
            self.images.append(image)
        self._on_image(image, not is_base and (self._restores or not step.cached))

    @property
    def running(self) -> str:
        """The container in which the step runs something, or "": most instructions have one, and run nothing in it."""
        return "" if SETS.match(self.steps[-1].instruction if self.steps else "") else self.container

    def _begin(self, instruction: str, number: int, total: int) -> tuple[str, int, int] | None:
        word, _, rest = instruction.partition(" ")
        is_from = word.upper() == "FROM"
        if is_from:
            self._stages, self._number = self._stages + 1, 0
            name = STAGE_NAME.search(rest)
            self._stage = name[1] if name else str(self._stages)
        self._number += 1
        self._said, self.container = Tail(), ""
        self.steps.append(BuildStep(self._number, self._stage, instruction, cached=is_from))
        own = instruction.startswith(self._own_labels)
        return None if own else (instruction, number, total - self._own_steps)

    def result(self) -> Build:
        """All steps but those that set the lab's own labels."""
        learners = tuple(step for step in self.steps if not step.instruction.startswith(self._own_labels))
        return Build(self.image_id, learners, "classic", tuple(dict.fromkeys(self.images)), self.log)


def build(engine: Engine, request: BuildRequest, listener: Listener, on_image: OnImage) -> Build:
    """Build an image; see `labkit.engine.build.build`."""
    trace = Trace(request.labels, on_image, restores=request.cache_from is not None)
    with (
        faults(say("building an image")),
        StepWatch(engine, request.limits.build_pids, request.limits.build_written) as watch,
    ):
        try:
            for message in _classic_messages(engine, request):
                if step := trace.feed(message):
                    listener.step(*step)
                    if trace.steps[-1].cached:  # FROM: an image that is there, whatever the cache
                        listener.output(CACHED)
                elif text := trace.output(message):
                    listener.output(text)
                watch.look_at(trace.running)
        except APIError as error:
            if error.is_server_error() and not _names_the_dockerfile(str(error.explanation)):
                raise
            trace.error = str(error.explanation)
    if trace.error:
        instruction = trace.steps[-1].instruction if trace.steps else ""
        if watch.overfull:
            raise overfull(request, instruction, trace.log)
        raise fault(trace.error, instruction, trace.log, trace.said)
    return trace.result()


def _names_the_dockerfile(text: str) -> bool:
    """Old engines answer 500, not 400, to a Dockerfile they cannot read."""
    return "dockerfile" in text.lower()


def _classic_messages(engine: Engine, request: BuildRequest) -> Iterator[Json]:
    """Stream the builder's messages; the engine ends the build when this stream is closed early."""
    client = another(engine)
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
                    raise overdue(request)
                if line.strip():
                    yield json.loads(line)
    except SDK_ERRORS as error:
        if "timed out" in str(error).lower():
            raise overdue(request) from None
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
        "memory": request.limits.build_memory,
        "memswap": request.limits.build_memory,
        "extrahosts": f"{request.marker}:127.0.0.1",
        **cache,
    }


def _raise_for_status(answer: requests.Response) -> None:
    try:
        answer.raise_for_status()
    except requests.HTTPError as error:
        create_api_error_from_http_exception(error)
