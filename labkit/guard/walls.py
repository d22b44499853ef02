"""Why a field is refused, for those that a person may really ask for. Any other unknown one gets a plain sentence."""

from __future__ import annotations

from labkit.guard.refusal import Malformed, Refused

_HOST = "It would reach the machine under the containers, and everyone else on it."
_OTHERS = "It would reach into what is not this container's own."
_LIMITS = "The lab sets these limits, so that one container cannot starve the others."

# field: (what a person typed, why it is dangerous, what to do instead)
WALLS: dict[str, tuple[str, str, str]] = {
    "Privileged": (
        "--privileged",
        "It takes every wall between the container and the machine away.",
        "Nothing in the course needs it: run the container without.",
    ),
    "Devices": ("--device", "A device, such as a disk, is the machine's own.", "Use a volume for data."),
    "DeviceCgroupRules": ("--device-cgroup-rule", "A device, such as a disk, is the machine's own.", ""),
    "DeviceRequests": ("--gpus", "The machine's devices are for all.", ""),
    "VolumesFrom": ("--volumes-from", _OTHERS, "Name the volume in both containers: -v data:/data."),
    "Links": ("--link", "It is an old way that Docker no longer develops.", "Put both on one network: --network NAME."),
    "Sysctls": ("--sysctl", "It changes settings of the kernel.", ""),
    "StorageOpt": ("--storage-opt", "", ""),
    "VolumeDriver": ("--volume-driver", "A driver runs as a program of the machine.", "Use the default driver."),
    "MaskedPaths": ("systempaths=unconfined", "It shows the kernel's own files to the container.", ""),
    "ReadonlyPaths": ("systempaths=unconfined", "It shows the kernel's own files to the container.", ""),
    "UsernsMode": ("--userns", _HOST, "Leave it out: the container has what the engine gives."),
    "UTSMode": ("--uts", _HOST, "Set the container's own name with --hostname."),
    "GroupAdd": ("--group-add", "A group's number may mean something on the machine.", ""),
    "Cgroup": ("--cgroup", _LIMITS, ""),
    "CgroupParent": ("--cgroup-parent", _LIMITS, "Leave it out; -m, --cpus and --pids-limit do work."),
    "Isolation": ("--isolation", "It exists on Windows only.", ""),
    "Annotations": ("--annotation", "It can set what the lab sets.", ""),
    "OomKillDisable": ("--oom-kill-disable", _LIMITS, ""),
    "OomScoreAdj": ("--oom-score-adj", _LIMITS, ""),
    "CpuPeriod": ("--cpu-period", _LIMITS, "Use --cpus."),
    "CpuQuota": ("--cpu-quota", _LIMITS, "Use --cpus."),
    "CpuRealtimePeriod": ("--cpu-rt-period", _LIMITS, "Use --cpus."),
    "CpuRealtimeRuntime": ("--cpu-rt-runtime", _LIMITS, "Use --cpus."),
    "CpuShares": ("--cpu-shares", _LIMITS, "Use --cpus."),
    "CpusetCpus": ("--cpuset-cpus", _LIMITS, "Use --cpus."),
    "CpusetMems": ("--cpuset-mems", _LIMITS, "Use --cpus."),
    "KernelMemory": ("--kernel-memory", _LIMITS, "Use -m."),
    "KernelMemoryTCP": ("--kernel-memory", _LIMITS, "Use -m."),
    "BlkioWeight": ("--blkio-weight", _LIMITS, ""),
    "BlkioWeightDevice": ("--blkio-weight-device", _LIMITS, ""),
    "BlkioDeviceReadBps": ("--device-read-bps", _LIMITS, ""),
    "BlkioDeviceWriteBps": ("--device-write-bps", _LIMITS, ""),
    "BlkioDeviceReadIOps": ("--device-read-iops", _LIMITS, ""),
    "BlkioDeviceWriteIOps": ("--device-write-iops", _LIMITS, ""),
    "DriverOpts": ("A driver's options", "They can name places of the machine.", "Leave them out."),
    "DriverConfig": ("A volume driver", "A driver runs as a program of the machine.", "Use the default driver."),
    "MacAddress": ("--mac-address", "Two with the same address disturb each other.", "Leave it out."),
    "ConfigFrom": ("--config-from", _OTHERS, ""),
    "ConfigOnly": ("--config-only", _OTHERS, ""),
    "Ingress": ("--ingress", "It belongs to a swarm.", ""),
    "Scope": ("--scope", "It belongs to a swarm.", ""),
}


# Each a function: an exception that is kept and raised again would keep every stack that it ever went through.
def bind() -> Refused:
    """Refuse a folder of the machine as a mount."""
    return Refused(
        "The lab does not allow a folder of the machine as a mount.",
        why="Whoever can mount a folder can read and change every file of the machine.",
        instead="Put files into the image with COPY, copy them with `docker cp`, or use a named volume: -v data:/path.",
    )


def host_network() -> Refused:
    """Refuse the machine's own network."""
    return Refused(
        "The lab does not allow --network host.",
        why="The container would be on the machine's own network, with its services and ports.",
        instead="Publish the port that you need: -p 8080:80.",
    )


def not_here() -> Refused:
    """Refuse a request that no rule is for."""
    return Refused(
        "The lab's guard does not know this request.",
        why="What it does not know, it does not let through.",
        instead="If a lesson needs it, please report it.",
    )


def namespace(flag: str) -> Refused:
    """Refuse another one's namespace."""
    return Refused(f"The lab does not allow {flag}.", why=_HOST, instead="Leave it out: the container has its own.")


def wall(field: str) -> Refused:
    """Refuse a field of a request.

    Args:
        field: its name in the API.
    """
    if field not in WALLS:
        return Malformed(f"The lab's guard does not know the field {field[:60]!r}, so it does not pass it on.")
    flag, why, instead = WALLS[field]
    return Refused(f"The lab does not allow {flag}.", why=why, instead=instead)
