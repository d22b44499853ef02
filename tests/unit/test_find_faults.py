"""What the SDK raises, as a person reads it."""

from __future__ import annotations

import errno

import docker
import pytest
import requests
import urllib3

from labkit.engine.faults import causes, faults, translate
from labkit.errors import DiskFull, EngineDied, EngineError, EngineForbidden, StepTimeout


def _lost(code: int) -> requests.exceptions.ConnectionError:
    """As requests raises it: the system's error inside urllib3's, inside its own."""
    return requests.exceptions.ConnectionError(
        urllib3.exceptions.ProtocolError("Connection aborted.", OSError(code, ""))
    )


TABLE = [
    (docker.errors.APIError("x", explanation="write /a: no space left on device"), DiskFull, "labkit clean"),
    (docker.errors.APIError("mkdir: Disk quota exceeded"), DiskFull, "labkit clean"),
    (_lost(errno.ECONNREFUSED), EngineDied, "start it again"),
    (_lost(errno.ENOENT), EngineDied, "start it again"),
    (_lost(errno.EPIPE), EngineDied, "start it again"),
    (_lost(errno.EACCES), EngineForbidden, "usermod"),
    (_lost(errno.ENOSPC), DiskFull, "labkit clean"),
    (requests.exceptions.ReadTimeout("read timed out"), EngineDied, "start it again"),
    (urllib3.exceptions.ProtocolError("IncompleteRead"), EngineDied, "start it again"),
    (ConnectionResetError(errno.ECONNRESET, "reset"), EngineDied, "start it again"),
    (docker.errors.APIError("Conflict: name in use"), EngineError, "labkit doctor"),
]


@pytest.mark.parametrize(("raised", "kind", "advice"), TABLE, ids=lambda value: getattr(value, "__name__", None))
def test_translation(raised, kind, advice):
    with pytest.raises(EngineError) as caught, faults("listing images"):
        raise raised
    assert type(caught.value) is kind
    assert "listing images" in caught.value.what
    assert advice in caught.value.fix
    assert caught.value.__cause__ is raised


def test_what_is_not_the_engines_passes():
    for other in (FileNotFoundError("a"), ValueError("b"), StepTimeout("c", fix="d")):
        with pytest.raises(type(other)) as caught, faults("listing images"):
            raise other
        assert caught.value is other


def test_a_lab_error_stays_itself():
    error = StepTimeout("c", fix="d")
    assert translate(error, doing="waiting") is error


def test_only_what_an_error_wraps_counts_as_its_cause():
    """An error that merely happened while another was handled is not caused by it."""
    error = docker.errors.APIError("Conflict")
    error.__context__ = PermissionError(errno.EACCES, "unrelated")
    assert list(causes(error)) == [error]


def test_causes_of_a_loop_end():
    first, second = ValueError(), ValueError()
    first.__cause__, second.__cause__ = second, first
    assert list(causes(first)) == [first, second]
