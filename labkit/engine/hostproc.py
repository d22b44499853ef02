"""This host: its processes found, ended, run as root; its sockets tried."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from labkit.errors import EngineError
from labkit.words import say

if TYPE_CHECKING:
    from collections.abc import Iterator


def root(argv: list[str]) -> list[str]:
    """Return the command that runs ``argv`` as root.

    Raises:
        EngineError: this user is not root, and there is no sudo.
    """
    if os.geteuid() == 0:
        return argv
    if shutil.which("sudo") is None:
        raise EngineError(
            say("Setting up an engine needs root, and there is no sudo on this machine."),
            fix=say("run the same command as root, or ask whoever keeps this machine to install Docker"),
        )
    return ["sudo", "--", *argv]


def root_path() -> str:
    """Return PATH with the folders of the system's programs, which a plain user's PATH lacks."""
    parts = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(dict.fromkeys([*parts, "/usr/local/sbin", "/usr/sbin", "/sbin"]))


def processes() -> Iterator[tuple[int, list[str]]]:
    """Yield each process's id and its arguments. source: proc(5), /proc/pid/cmdline."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            yield int(folder.name), (folder / "cmdline").read_text(errors="replace").split("\0")


CGROUPS = Path("/sys/fs/cgroup")
MOST_PROCESSES = 8192  # and threads, of all the engine's containers and builds together
# Run by a Python of its own, so that the program's parent is gone and nobody has to wait for it.
SPAWN = "import subprocess as s, sys; print(s.Popen(sys.argv[1:], stdin=s.DEVNULL, stdout=2, start_new_session=1).pid)"


def spawn(argv: list[str], log: Path) -> int:
    """Start a program that belongs to no terminal and to no parent; return its process id.

    Args:
        argv: the program and its arguments.
        log: the file that all it says is added to.
    """
    with log.open("ab") as out:
        started = subprocess.run(
            [sys.executable, "-I", "-c", SPAWN, *argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=out,
            cwd="/",
            check=True,
        )
    return int(started.stdout)


@contextlib.contextmanager
def _held(pid: int) -> Iterator[int | None]:
    """Give a handle of a process, which turns readable when it ends; None where it has ended already."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        yield None
        return
    try:
        yield handle
    finally:
        os.close(handle)


def ended(pid: int, seconds: float) -> bool:
    """Wait so long for a process to end, and say whether it has.

    Not by its command line: while the kernel loads a program, that reads as empty, as if there were no process.
    """
    with _held(pid) as handle:
        return handle is None or bool(select.select([handle], [], [], seconds)[0])


def end_process(pid: int, patience: float) -> None:
    """Ask a process to end; after ``patience`` seconds, make it."""
    with _held(pid) as handle:
        if handle is None:
            return
        for number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, 5.0)):
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, number)
            if select.select([handle], [], [], seconds)[0]:
                return


def prepare_cgroups(group: str) -> None:
    """Mount the control groups where nothing has, as on a machine without systemd, and bound all of one group's.

    The engine bounds the processes of a container, but not those of a build: a fork bomb in one would take all that the
    machine has.

    Args:
        group: the group's name, below the root.
    """
    mounts = Path("/proc/mounts").read_text(encoding="utf-8")
    if not any(line.split()[2].startswith("cgroup") for line in mounts.splitlines()) and shutil.which("cgroupfs-mount"):
        subprocess.run(["cgroupfs-mount"], check=False, timeout=30)
    first = CGROUPS / "pids"  # version 1 has a tree for each kind of limit, version 2 one for all
    folder = (first if first.is_dir() else CGROUPS) / group
    with contextlib.suppress(OSError):  # a machine that has it otherwise: then each build has the memory's limit only
        folder.mkdir(exist_ok=True)
        (folder / "pids.max").write_text(f"{MOST_PROCESSES}\n", encoding="utf-8")


def knock(url: str, seconds: float) -> None:
    """Raise the system's own OSError where a unix socket does not let us in; other addresses are not tried.

    The SDK's error says less, and it leaves its socket open.
    """
    if url.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as knocking:
            knocking.settimeout(seconds)
            knocking.connect(url.removeprefix("unix://"))
