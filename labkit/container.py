"""A container that runs in the sandbox, and what can be seen of it."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import requests
import tenacity

from labkit.engine.proc import listeners
from labkit.engine.signals import ignores
from labkit.errors import EngineError, SandboxError, StepTimeout
from labkit.words import say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from labkit.engine import Engine

INIT = re.compile(r"(\S*/)?runc init")  # the process that is about to become a container's own program
BEGINNING = 5.0  # s that it may take for that
ASK_FIRST, ASK_EVERY = 0.01, 0.1  # s between two questions: at first, and after some


@dataclass(frozen=True, slots=True)
class Process:
    """A process of a container.

    Attributes:
        uid: its user id, as the engine's host sees it unless it is mapped.
        command: its command line; where only the container itself could be asked, its name.
        pid: its number, as the engine's host counts; 1 where only the container itself could be asked.
    """

    uid: int
    command: str
    pid: int


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    text: str


@dataclass(frozen=True, slots=True)
class Stop:
    """How a container ended after its stop signal.

    Attributes:
        signal: the signal sent, such as "SIGTERM".
        seconds: until it had exited.
        exit_code: its exit code; None where it was still running when the time was up.
        logs: all that it had written by then.
        ignored: whether its main process was seen to ignore the signal.
    """

    signal: str
    seconds: float
    exit_code: int | None
    logs: str = ""
    ignored: bool = False


def by_start(processes: Iterable[Process], main: int) -> tuple[Process, ...]:
    """Sort a container's processes by their start.

    The kernel's numbers begin anew when they are used up, so a lower one than the main process's is younger.
    """
    return tuple(sorted(processes, key=lambda each: (each.pid < main, each.pid)))


class Container:
    """A started container.

    Args:
        engine: where it runs.
        id: its id.
    """

    def __init__(self, engine: Engine, id: str) -> None:  # noqa: A002  the API's own word
        self._engine, self.id = engine, id

    @property
    def running(self) -> bool:
        """Whether it runs now."""
        return bool(self._engine.inspect(self.id)["State"]["Running"])

    @property
    def exit_code(self) -> int | None:
        """Its exit code, or None while it runs."""
        state = self._engine.inspect(self.id)["State"]
        return None if state["Running"] else int(state["ExitCode"])

    @property
    def logs(self) -> str:
        """All that it wrote to its standard output and error."""
        return self._engine.logs(self.id)

    @property
    def last_words(self) -> str:
        """The line of its logs that says best why it ended: the last one that names an error, else the last, or ""."""
        lines = [line.strip() for line in self.logs.splitlines() if line.strip()]
        errors = [line for line in lines if re.match(r"(\w+: )*\w*Error\b", line)]
        return (errors or lines or [""])[-1]

    def address(self, port: int) -> tuple[str, int]:
        """The loopback address and port at which a published container port is reached.

        Raises:
            SandboxError: the port is not published, or the container has ended.
        """
        bound = self._engine.inspect(self.id)["NetworkSettings"]["Ports"].get(f"{port}/tcp")
        if not bound and self.exit_code is not None:  # the engine forgets the ports of a container that has ended
            raise self._ended()
        if not bound:
            raise SandboxError(
                say("Port {port} of the container is not published.", port=port), fix=say("see whether it still runs")
            )
        return bound[0]["HostIp"], int(bound[0]["HostPort"])

    def get(self, port: int, path: str = "/", seconds: float = 20) -> Answer:
        """Ask a published port over HTTP, again and again until it answers.

        Args:
            port: the container's port.
            path: what to ask for.
            seconds: how long to go on asking.

        Raises:
            SandboxError: the container ended before it answered.
            StepTimeout: nothing answered in time.
        """
        host, number = self.address(port)

        def ask() -> Answer:
            answer = requests.get(f"http://{host}:{number}{path}", timeout=5)
            return Answer(answer.status_code, answer.text)

        asking = tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda e: isinstance(e, requests.RequestException) and self.running),
            wait=tenacity.wait_exponential(multiplier=ASK_FIRST, max=ASK_EVERY),
            stop=tenacity.stop_after_delay(seconds),
            reraise=True,
        )
        try:
            return asking(ask)
        except requests.RequestException:
            raise self._no_answer(port, seconds) from None

    def comes_up(self, port: int, seconds: float) -> None:
        """Wait until a published port answers, or something in it listens elsewhere, or the time is over.

        Args:
            port: the container's port.
            seconds: how long to wait at most.

        Raises:
            SandboxError: the container ended.
        """
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            with suppress(StepTimeout):
                self.get(port, "/", min(left, 1))
                return
            if self._places():
                return

    def settles(self, seconds: float) -> bool:
        """Wait until something in it listens, it has ended, or the time is over; return whether it runs."""
        end = time.monotonic() + seconds
        while self.running and not self._places() and time.monotonic() < end:
            time.sleep(ASK_EVERY)
        return self.running

    def says(self, text: str, seconds: float) -> None:
        """Wait until it has written something.

        Args:
            text: what.
            seconds: how long to wait.

        Raises:
            SandboxError: the container ended before.
            StepTimeout: it did not write it in time.
        """
        end = time.monotonic() + seconds
        while text not in self.logs:
            if self.exit_code is not None and text not in self.logs:
                raise self._ended()
            if time.monotonic() > end:
                given = {"text": text, "seconds": seconds, "words": self._words}
                what = say("The container did not write {text!r} within {seconds:g} seconds; {words}", **given)
                raise StepTimeout(what, fix=say("see what its main process does"))
            time.sleep(ASK_EVERY)

    def _no_answer(self, port: int, seconds: float) -> SandboxError | StepTimeout:
        if self.exit_code is not None:
            return self._ended()
        given = {"port": port, "seconds": seconds, "inside": self._who_listens()}
        what = say("Nothing answered on port {port} within {seconds:g} seconds.{inside}", **given)
        return StepTimeout(what, fix=say("see which port and address the app listens on"))

    def _who_listens(self) -> str:
        places = self._places()
        if places is None:
            return ""
        if not places:
            return say(" Inside, nothing listens on any port.")
        return say(" Inside, the app listens on {places}.", places=", ".join(places))

    def _places(self) -> list[str] | None:
        """Where it listens, or None where it cannot tell: no reason to say anything else than that nothing answered."""
        try:
            return self.listening()
        except (EngineError, SandboxError):
            return None

    @property
    def end(self) -> str:
        """How it ended, in one sentence."""
        return say("The container ended with exit code {code}; {words}", code=self.exit_code, words=self._words)

    @property
    def _words(self) -> str:
        words = self.last_words
        return say("its last words: {words}", words=words) if words else say("it wrote nothing")

    def _ended(self) -> SandboxError:
        return SandboxError(self.end, fix=say("read its logs"))

    def listening(self) -> list[str]:
        """Addresses and TCP ports that something in it listens on, such as ``127.0.0.1:3000``.

        Raises:
            SandboxError: the image has no ``cat`` to read that with.
            EngineError: the container has ended.
        """
        _, tables = self._engine.exec(self.id, ["cat", "/proc/net/tcp", "/proc/net/tcp6"])
        if "local_address" not in tables:
            raise SandboxError(
                say("The container cannot be asked where it listens."), fix=say("look at the app's own code")
            )
        return listeners(tables)

    def processes(self) -> tuple[Process, ...]:
        """Its processes in the order in which they were started, the main one first.

        The engine lists them with its host's `ps`; where that is missing, or user ids are mapped, the container's
        own /proc is asked for the main process.
        """
        if not self._engine.about.rootless:
            try:
                rows, end = self._engine.top(self.id), time.monotonic() + BEGINNING
                while any(INIT.fullmatch(row["args"]) for row in rows) and time.monotonic() < end:
                    time.sleep(ASK_FIRST)
                    rows = self._engine.top(self.id)
                found = [Process(int(row["uid"]), row["args"], int(row["pid"])) for row in rows]
                return by_start(found, int(self._engine.inspect(self.id)["State"]["Pid"]))
            except (EngineError, ValueError):
                pass
        code, status = self._engine.exec(self.id, ["cat", "/proc/1/status"])
        uid = re.search(r"^Uid:\s+(\d+)", status, re.MULTILINE)
        name = re.search(r"^Name:\s+(.*)", status, re.MULTILINE)
        if code or not uid:
            raise SandboxError(say("The container's processes cannot be listed."), fix=say("see whether it still runs"))
        return (Process(int(uid[1]), name[1] if name else "?", 1),)

    def exec(self, *argv: str) -> tuple[int, str]:
        """Run a program in it; return its exit code and output."""
        return self._engine.exec(self.id, argv)

    def wait(self, seconds: float) -> int:
        """Wait until it has exited and return its exit code, or raise StepTimeout."""
        return self._engine.wait(self.id, seconds)

    def stop(self, seconds: float) -> Stop:
        """Send its stop signal as `docker stop` does, wait, and leave it running where it does not obey."""
        signal = self._engine.inspect(self.id)["Config"].get("StopSignal") or "SIGTERM"
        began, code, ignored = time.monotonic(), None, False
        self._engine.kill(self.id, signal)
        try:
            code = self.wait(seconds)
        except StepTimeout as late:
            if ignored := ignores(self._engine, self.id, signal):
                late.excuse()
        return Stop(signal, time.monotonic() - began, code, self.logs, ignored)

    def remove(self) -> None:
        """Remove it, running or not."""
        self._engine.remove(self.id)
