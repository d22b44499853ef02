"""What the engine remembers of a container's past."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from labkit.engine.faults import faults
from labkit.words import say

if TYPE_CHECKING:
    from labkit.engine.client import Engine


def ran_out_of_memory(engine: Engine, container: str) -> bool:
    """Whether the kernel ended a process of a container for its use of memory.

    ``State.OOMKilled`` alone is not enough: the kernel's word and the end of the process reach the engine on two
    ways, and where the end comes first, the state says no although the event was seen.

    Args:
        engine: where the container is.
        container: its id.

    source: Engine API 1.41, SystemEvents; of the past, the engine has the last 256 events.
    """
    state = engine.inspect(container)["State"]
    if state["OOMKilled"]:
        return True
    wanted = {"container": [container], "event": ["oom"]}
    with faults(say("reading the engine's events")):
        # Since it was last started; until the next second, for what is on its way just now.
        seen = engine.api.events(since=state["StartedAt"], until=int(time.time()) + 1, filters=wanted)
        return any(True for _ in seen)
