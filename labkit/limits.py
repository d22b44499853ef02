"""What a container of the lab may use, and what of root's powers it has."""

from __future__ import annotations

from dataclasses import dataclass

# What the lessons need of root's powers: to install files, to become another user, to signal, to use port 80.
CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "NET_BIND_SERVICE", "SETGID", "SETUID")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one container may use.

    Attributes:
        memory: bytes; swap adds nothing.
        cpus: cores.
        pids: processes and threads.
        log: bytes of its logs that the engine keeps.
        build_memory: bytes for one step of a build.
        build_pids: processes and threads of one step of a build.
        build_written: bytes that one step of a build may write.
    """

    memory: int = 512 << 20
    cpus: float = 1.0
    pids: int = 256
    log: int = 1 << 20
    build_memory: int = 2 << 30
    build_pids: int = 1024
    build_written: int = 4 << 30
