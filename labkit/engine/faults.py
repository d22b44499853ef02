"""From the SDK's exceptions to the lab's errors (to be widened by the engine part)."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import docker
import requests

from labkit.errors import DiskFull, EngineDied, EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator


def no_space(message: str) -> bool:
    """True where an engine's words say that its disk is full."""
    return "no space left on device" in message.lower()


def translate(error: Exception, *, doing: str) -> EngineError:
    """Say what an SDK exception means for a person."""
    text = str(getattr(error, "explanation", None) or error)
    if no_space(text):
        return DiskFull(f"The engine has no room left on its disk ({doing}).", fix="free some room with `labkit clean`")
    if isinstance(error, requests.exceptions.ConnectionError | OSError):
        return EngineDied(f"The engine stopped answering while {doing}.", fix="see `labkit engine status`")
    return EngineError(f"The engine refused {doing}: {text}", fix="see `labkit doctor`")


@contextmanager
def faults(doing: str) -> Iterator[None]:
    """Translate what goes wrong inside."""
    try:
        yield
    except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
        raise translate(error, doing=doing) from error
