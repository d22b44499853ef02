"""What an engine says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class About:
    """What an engine says of itself.

    Attributes:
        name: "Docker Engine" or "Podman".
        version: such as "20.10.24".
        api: the API version spoken, such as "1.41".
        os: "linux" wherever containers are Linux's, also for Docker Desktop.
        arch: such as "amd64".
        storage_driver: such as "overlay2".
        cgroup: "1" or "2".
        source: where the lab found it, such as "DOCKER_HOST".
        rootless: True where the daemon does not run as root.
        cpus: how many it has; 1 where it does not say.
        memory: bytes that it has; 0 where it does not say.
    """

    name: str
    version: str
    api: str
    os: str
    arch: str
    storage_driver: str
    cgroup: str
    source: str
    rootless: bool
    cpus: int = 1
    memory: int = 0

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def name_of(version: Mapping[str, Any]) -> str:
    """Tell "Podman" from "Docker Engine" by an engine's answer to SystemVersion."""
    parts = " ".join(part.get("Name", "") for part in version.get("Components") or [])
    return "Podman" if "Podman" in parts else "Docker Engine"


def describe(version: Mapping[str, Any], info: Mapping[str, Any], source: str) -> About:
    """Read an engine's two answers.

    Args:
        version: source: Engine API 1.41, SystemVersion.
        info: source: Engine API 1.41, SystemInfo.
        source: where the engine was found, in words.
    """
    return About(
        name=name_of(version),
        version=version["Version"],
        api=version["ApiVersion"],
        os=version["Os"],
        arch=version["Arch"],
        storage_driver=info.get("Driver", "unknown"),
        cgroup=info.get("CgroupVersion", "1"),
        source=source,
        rootless=any("name=rootless" in option for option in info.get("SecurityOptions") or []),
        cpus=info.get("NCPU") or 1,
        memory=info.get("MemTotal") or 0,
    )
