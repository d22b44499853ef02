from __future__ import annotations

import uuid

import pytest

BASE = "node:20-alpine"


@pytest.fixture
def bystanders(engine):
    """Things like the lab's that are not the lab's."""
    name = f"bystander-{uuid.uuid4().hex[:8]}"
    container = engine.create(BASE, ["sleep", "600"], name=name, labels={"labkit.like": "1"}, network_mode="none")
    engine.start(container)
    engine.tag(BASE, f"{name}:1")
    network = engine.create_network(name, {"labkit.like": "1"})
    engine.client.volumes.create(name)
    yield {"container": container, "image": f"{name}:1", "network": name, "volume": name}
    engine.remove(container)
    engine.remove_image(f"{name}:1", noprune=True)
    engine.remove_network(network)
    engine.remove_volume(name)
