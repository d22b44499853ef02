"""Connections of Docker's SDK to an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import docker

if TYPE_CHECKING:
    from labkit.engine.client import Engine

LOCAL = "http+docker://"  # what the SDK makes of the address of a socket


def plain(api: Any) -> Any:  # noqa: ANN401  the SDK is untyped
    """Make a connection ask nothing of the environment where that can only do harm.

    On a socket there is no proxy, and half the time of a small call goes into looking for one. With an authority of
    the engine's own, REQUESTS_CA_BUNDLE would be believed instead (source: requests, merge_environment_settings).
    """
    own_authority = isinstance(api.verify, str)
    api.trust_env = not (own_authority or api.base_url.startswith(LOCAL))
    return api


def another(engine: Engine) -> Any:  # noqa: ANN401
    """Open one more connection to an engine, for another thread or to be hung up on; who opens it closes it."""
    return plain(docker.APIClient(**engine.options, version=engine.api.api_version))
