"""From what the SDK raises to the lab's errors: the one place that reads an engine's complaints."""

from __future__ import annotations

import errno
import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING

import docker
import requests
import urllib3

from labkit.errors import DiskFull, EngineDied, EngineError, EngineForbidden, LabError
from labkit.words import say

if TYPE_CHECKING:
    from collections.abc import Iterator

# What the SDK lets through when the engine is not there, or goes away in the middle of an answer.
SDK_ERRORS = (
    docker.errors.DockerException,
    requests.exceptions.RequestException,
    urllib3.exceptions.HTTPError,
    ConnectionError,
)
LOST = (
    requests.exceptions.ConnectionError,
    requests.exceptions.Timeout,
    requests.exceptions.ChunkedEncodingError,
    urllib3.exceptions.HTTPError,
    ConnectionError,
    TimeoutError,
)
DISK_WORDS = ("no space left on device", "disk quota exceeded", "enospc")


def no_space(message: str) -> bool:
    """True where an engine's words say that its disk is full."""
    return any(words in message.lower() for words in DISK_WORDS)


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and all that it wraps, by ``raise … from`` or as an argument: requests does both."""
    waiting, seen = [error], set[int]()
    while waiting:
        here = waiting.pop(0)
        if id(here) in seen:
            continue
        seen.add(id(here))
        yield here
        waiting += [inner for inner in (here.__cause__, *here.args) if isinstance(inner, BaseException)]


def os_error(error: BaseException) -> int | None:
    """Return the errno of the operating system's error at the bottom of an exception, or None."""
    found = (inner for inner in causes(error) if isinstance(inner, OSError) and not isinstance(inner, ssl.SSLError))
    return next((inner.errno for inner in found if inner.errno), None)  # an SSLError's number is OpenSSL's, not errno


def translate(error: Exception, *, doing: str) -> LabError:
    """Say what an SDK exception means for a person.

    Args:
        error: what was raised by the SDK or below it; a LabError comes back as it is.
        doing: what the lab was about, such as "listing images".
    """
    if isinstance(error, LabError):
        return error
    text = str(getattr(error, "explanation", None) or error)
    code = os_error(error)
    if no_space(text) or code == errno.ENOSPC:
        return DiskFull(
            say("The engine has no room left on its disk (while {doing}).", doing=doing),
            why=say("An engine without room can neither build nor start anything."),
            fix=say(
                "run `labkit clean`, which removes what the lab left; `docker system df` shows what else takes room"
            ),
        )
    if code in (errno.EACCES, errno.EPERM):
        return EngineForbidden(
            say("This user may not use the engine's socket (while {doing}).", doing=doing),
            fix=say("run `sudo usermod -aG docker $USER`, log out and in again, then start anew"),
        )
    if any(isinstance(inner, LOST) for inner in causes(error)):
        return EngineDied(
            say("The engine stopped answering while {doing}.", doing=doing),
            why=say("Its daemon has ended or hangs; what was under way is lost, your files are not."),
            fix=say("start it again (`labkit engine start`, or `sudo systemctl start docker`), then repeat this step"),
        )
    return EngineError(
        say("The engine refused {doing}: {text}", doing=doing, text=text), fix=say("see `labkit doctor`")
    )


@contextmanager
def faults(doing: str) -> Iterator[None]:
    """Let what goes wrong inside leave as a LabError.

    Args:
        doing: what the lab is about, such as "listing images".
    """
    try:
        yield
    except SDK_ERRORS as error:
        raise translate(error, doing=doing) from error
