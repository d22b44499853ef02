"""Find an engine (to be widened by the engine part)."""

from __future__ import annotations

import docker

from labkit.engine.client import Engine


def connect() -> Engine:
    """Connect to the engine that DOCKER_HOST or the default socket names."""
    client = docker.from_env()
    return Engine(
        client, client.api.base_url.replace("http+docker://localhost", "unix:///var/run/docker.sock"), "default"
    )
