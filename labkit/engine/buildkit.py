"""BuildKit, asked through the `docker` command: it needs a gRPC session that only Docker's own client speaks."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from labkit.engine.buildtypes import Build, BuildStep, Tail, fault, overdue
from labkit.engine.process import Terminated, docker_with_buildkit, run_lines
from labkit.progress import CACHED
from labkit.words import say

if TYPE_CHECKING:
    from labkit.engine.buildtypes import BuildRequest
    from labkit.engine.client import Engine
    from labkit.progress import Listener

DEFAULT_REGISTRY = "docker.io/library/"  # BuildKit writes names out in full


class Trace:
    """Collects the lines of BuildKit's plain progress."""

    VERTEX = re.compile(r"#(\d+) \[(?:(?P<stage>[^\s\]]+) +)?(?P<number>\d+)/(?P<total>\d+)\] (?P<instruction>.*)")

    SAID = re.compile(r"\d+\.\d+ (.*)")  # after the seconds since the step began

    def __init__(self) -> None:
        self.steps: dict[str, BuildStep] = {}
        self._log = Tail()
        self.error = ""
        self.failed = ""
        self.said = ""
        self._stages: dict[str, int] = {}

    @property
    def log(self) -> str:
        """All that was said, or the end of it."""
        return str(self._log)

    def feed(self, line: str) -> tuple[str, int, int] | None:
        """Take one line; return (instruction, number, total) where a step begins."""
        self._log.add(f"{line}\n")
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
            self.said = "\n".join(said for said in self.log.splitlines() if said.startswith(f"{vertex} "))
        return None

    def output(self, line: str) -> str:
        """Give what a step said (``#7 0.31 added 71 packages``)."""
        vertex, _, rest = line.partition(" ")
        if vertex not in self.steps:
            return ""
        if rest == "CACHED":
            return CACHED
        return f"{said[1]}\n" if (said := self.SAID.match(rest)) else ""

    def result(self, image_id: str) -> Build:
        """The steps, stage by stage."""
        steps = sorted(self.steps.values(), key=lambda s: (self._stages[s.stage], s.number))
        return Build(image_id, tuple(steps), "buildkit", (), self.log)


def build(engine: Engine, request: BuildRequest, listener: Listener) -> Build:
    """Build an image; see `labkit.engine.build.build`."""
    command = docker_with_buildkit()
    trace = Trace()
    iid = request.scratch / "image-id"
    argv = [*command, "build", "--progress=plain", f"--iidfile={iid}", f"--file={request.dockerfile}"]
    argv += [f"--network={request.network}", "--no-cache"] if request.no_cache else [f"--network={request.network}"]
    argv += [f"--target={request.target}"] if request.target else []
    argv += [f"--build-arg={name}={value}" for name, value in (request.buildargs or {}).items()]
    argv += [f"--label={name}={value}" for name, value in request.labels.items()]
    env = {**os.environ, "DOCKER_HOST": engine.url, "DOCKER_BUILDKIT": "1"}
    try:
        for line in run_lines([*argv, "-"], env=env, stdin=request.context, seconds=request.seconds):
            if step := trace.feed(line):
                listener.step(*step)
            elif text := trace.output(line):
                listener.output(text)
    except Terminated as ended:
        if ended.overdue:
            raise overdue(request) from None
        lines = [line for line in trace.log.splitlines() if line.strip()]
        last = trace.error or (lines[-1] if lines else say("no reason given"))
        raise fault(last, trace.failed, trace.log, trace.said) from None
    return trace.result(iid.read_text().strip())
