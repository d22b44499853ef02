"""Connections of Docker's SDK to an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import docker

if TYPE_CHECKING:
    from collections.abc import Mapping

LOCAL = "http+docker://"  # what the SDK makes of the address of a socket


def without_proxy(api: Any) -> Any:  # noqa: ANN401  the SDK is untyped
    """Look for no proxy where none can be: on a socket, half the time of a small call goes into looking."""
    api.trust_env = not api.base_url.startswith(LOCAL)
    return api


def connection(options: Mapping[str, Any], version: str) -> Any:  # noqa: ANN401
    """Open a connection of its own, for another thread or to be hung up on; who opens it closes it.

    Args:
        options: of the SDK's client, such as ``base_url``.
        version: of the API.
    """
    return without_proxy(docker.APIClient(**options, version=version))
