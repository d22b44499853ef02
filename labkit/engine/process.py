"""Running the `docker` command as a program: never a shell, always with a limit in time."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from functools import cache
from typing import TYPE_CHECKING

from labkit.errors import EngineError
from labkit.words import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

BUILDKIT_INSIDE = 18, 9  # from this client version on BuildKit is inside the client …
BUILDX_NEEDED = 23  # … and from this one on it is a plugin, buildx


class Terminated(Exception):  # noqa: N818
    """A program ended with an error, or was ended because its time was up."""

    def __init__(self, code: int, *, overdue: bool) -> None:
        super().__init__(f"exit code {code}")
        self.code, self.overdue = code, overdue


def run_lines(argv: Sequence[str], *, env: Mapping[str, str], stdin: bytes, seconds: float) -> Iterator[str]:
    """Run a program and yield the lines that it prints, standard error among them.

    Raises:
        Terminated: it ended with another code than 0, or was killed after ``seconds``.
    """
    with subprocess.Popen(
        [*_bound(), *argv], env=dict(env), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        overdue = threading.Event()

        def end() -> None:
            overdue.set()
            process.kill()

        timer = threading.Timer(seconds, end)
        writer = threading.Thread(target=_write, args=(process, stdin), daemon=True)
        timer.start()
        writer.start()
        try:
            if process.stdout is not None:
                for line in process.stdout:
                    yield line.decode(errors="replace").rstrip("\r\n")
            code = process.wait()
        except BaseException:
            process.kill()
            raise
        finally:
            timer.cancel()
    if code or overdue.is_set():
        raise Terminated(code, overdue=overdue.is_set())


@cache
def _bound() -> tuple[str, ...]:
    """Begin a command that ends when we do, also by kill -9: a build that nobody waits for would go on for hours.

    source: prctl(2), PR_SET_PDEATHSIG; util-linux, setpriv
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return ()
    argv = (setpriv, "--pdeathsig", "KILL")
    works = subprocess.run([*argv, "true"], capture_output=True, timeout=20, check=False).returncode == 0
    return argv if works else ()


def _write(process: subprocess.Popen[bytes], data: bytes) -> None:
    if process.stdin is None:
        return
    try:
        process.stdin.write(data)
        process.stdin.close()
    except BrokenPipeError:  # the program has ended already; its exit code says why
        return


@cache
def docker_with_buildkit() -> tuple[str, ...]:
    """Return the first `docker` command on PATH that can drive BuildKit.

    Raises:
        EngineError: there is none.
    """
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        path = shutil.which("docker", path=folder)
        if path and _drives_buildkit(path):
            return (path,)
    raise EngineError(
        say("This build needs BuildKit, and no `docker` command here can drive it."),
        why=say("From version 23 on, the command needs the buildx plugin for that."),
        fix=say("install docker-buildx, or leave out what only BuildKit understands (such as RUN --mount)"),
    )


def _drives_buildkit(path: str) -> bool:
    words = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20, check=False).stdout
    version = re.search(r"(\d+)\.(\d+)", words)
    if not version or (int(version[1]), int(version[2])) < BUILDKIT_INSIDE:
        return False
    if int(version[1]) < BUILDX_NEEDED:
        return True
    answer = subprocess.run([path, "buildx", "version"], capture_output=True, timeout=20, check=False)
    return answer.returncode == 0


def have_buildkit_command() -> bool:
    """True where a `docker` command here can drive BuildKit."""
    try:
        return bool(docker_with_buildkit())
    except EngineError:
        return False
