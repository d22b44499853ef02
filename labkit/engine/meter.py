"""What containers use of processor and memory, read again and again (ContainerStats, one sample at a time)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from labkit.engine.faults import faults
from labkit.errors import EngineError
from labkit.words import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from labkit.engine.client import Engine

Json = dict[str, Any]
IDLE_PAGES = ("inactive_file", "total_inactive_file")  # control groups version 2 and 1


@dataclass(frozen=True, slots=True)
class Usage:
    """A container at one moment.

    Attributes:
        name: its name.
        state: ``running``, ``exited``, ``created``, ``paused`` and so on.
        image: what it was started from, as the engine names it.
        ports: published ones, such as ``8070→3000``.
        cpu: percent of one core since the reading before; None where there was none, or it does not run.
        memory: bytes, without what the kernel keeps only since nobody else wants it; None where it does not run.
        limit: bytes that it may use.
        id: its id.
        status: its state in the engine's words, such as ``Up 2 minutes`` or ``Exited (0) 5 seconds ago``.
    """

    name: str
    state: str
    image: str
    ports: tuple[str, ...] = ()
    cpu: float | None = None
    memory: int | None = None
    limit: int = 0
    id: str = ""
    status: str = ""


class Meter:
    """Reads the use of an engine's containers.

    Args:
        engine: where they are.
        name: only those whose name holds this.
    """

    def __init__(self, engine: Engine, name: str = "") -> None:
        self._engine, self._name = engine, name
        self._before: dict[str, Json] = {}

    def read(self) -> list[Usage]:
        """Read once, all containers by name. Raises EngineError."""
        found = []
        now: dict[str, Json] = {}
        for each in self._engine.containers():
            name = min(each["Names"], key=len).lstrip("/")
            if self._name in name:
                sample = self._sample(each["Id"]) if each["State"] == "running" else {}
                now[each["Id"]] = sample
                found.append(_usage(name, each, sample, self._before.get(each["Id"], {})))
        self._before = now
        return sorted(found, key=lambda usage: usage.name)

    def _sample(self, container: str) -> Json:
        with suppress(EngineError), faults(say("measuring a container")):
            # `one-shot`: at once, without the second that the engine waits for a sample to compare with.
            return cast("Json", self._engine.api.stats(container, stream=False, one_shot=True))
        return {}  # it has just ended, or was removed


def _usage(name: str, listed: Mapping[str, Any], sample: Json, before: Json) -> Usage:
    ports = {f"{port['PublicPort']}→{port['PrivatePort']}" for port in listed["Ports"] or [] if "PublicPort" in port}
    usage = Usage(
        name,
        listed["State"],
        listed["Image"],
        tuple(sorted(ports)),
        id=listed["Id"],
        status=listed.get("Status") or listed["State"],
    )
    memory = sample.get("memory_stats", {})
    if "usage" not in memory:
        return usage
    idle = next((memory["stats"][key] for key in IDLE_PAGES if key in memory.get("stats", {})), 0)
    used = max(0, memory["usage"] - idle)
    return replace(usage, cpu=_cpu(sample, before), memory=used, limit=memory.get("limit", 0))


def _cpu(sample: Json, before: Json) -> float | None:
    """Percent of one core, as `docker stats` counts (source: docker/cli, calculateCPUPercentUnix)."""
    new, old = sample.get("cpu_stats", {}), before.get("cpu_stats", {})
    if "system_cpu_usage" not in new or "system_cpu_usage" not in old:
        return None
    machine = new["system_cpu_usage"] - old["system_cpu_usage"]
    own = new["cpu_usage"]["total_usage"] - old["cpu_usage"]["total_usage"]
    if machine <= 0 or own < 0:
        return None
    cores = new.get("online_cpus") or len(new["cpu_usage"].get("percpu_usage") or [1])
    return float(100 * cores * own / machine)
