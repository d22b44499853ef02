"""Connections of Docker's SDK to an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import docker

if TYPE_CHECKING:
    from labkit.engine.client import Engine

LOCAL = "http+docker://"  # what the SDK makes of the address of a socket


def without_proxy(api: Any) -> Any:  # noqa: ANN401  the SDK is untyped
    """Look for no proxy where none can be: on a socket, half the time of a small call goes into looking."""
    api.trust_env = not api.base_url.startswith(LOCAL)
    return api


def another(engine: Engine) -> Any:  # noqa: ANN401
    """Open one more connection to an engine, for another thread or to be hung up on; who opens it closes it."""
    return without_proxy(docker.APIClient(**engine.options, version=engine.api.api_version))
