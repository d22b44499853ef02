"""The lab's own engine: a `dockerd` with its own data, socket, bridge and addresses, where no other engine answers.

It runs as root, as every `dockerd` that is not rootless; for another user it is started through sudo, and its socket
belongs to that user's group. It needs no systemd.
"""

from __future__ import annotations

import contextlib
import grp
import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from filelock import FileLock

from labkit.engine import hostnet, hostproc
from labkit.engine.faults import no_space
from labkit.errors import DiskFull, EngineDied, EngineError
from labkit.progress import silent
from labkit.words import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labkit.progress import Progress

START_SECONDS = 60.0  # a first start on a slow disk takes some seconds
STOP_SECONDS = 20.0  # containers get 5 of them, see --shutdown-timeout
POLL = 0.1
GARBAGE = "GOGC=400"  # dockerd starts itself anew several times for each container; so it does that quicker


@dataclass(frozen=True, slots=True)
class Status:
    """How the private engine is.

    Attributes:
        state: "running" (answers), "starting" (its process is there, but does not answer), "died" (it left its
            bridge or socket behind) or "stopped".
        pid: the daemon's process id, or None.
    """

    state: Literal["running", "starting", "died", "stopped"]
    pid: int | None


@dataclass(frozen=True, slots=True)
class Private:
    """A private engine, running or not.

    Args:
        home: what lasts: images and containers in ``data``, and the log.
        run: what goes with the daemon: socket, pid file, state. Its path must be short, for the socket's sake.
        bridge: name of its bridge, at most 15 characters; also of its control group.
        group: the group that may use the socket, or "" for the group of whoever starts it.
    """

    home: Path
    run: Path
    bridge: str
    group: str = ""

    @classmethod
    def default(cls) -> Private:
        """The private engine of the user who runs this. Each user has one; root's is the plain one."""
        user = os.getuid()
        tail = f"-{user}" if user else ""
        return cls(Path(f"/var/lib/labkit{tail}"), Path(f"/run/labkit{tail}"), f"labkit{user}"[:15])

    @property
    def socket(self) -> Path:
        """The engine's socket."""
        return self.run / "docker.sock"

    @property
    def url(self) -> str:
        """The engine's address, as for DOCKER_HOST."""
        return f"unix://{self.socket}"

    @property
    def log(self) -> Path:
        """What the daemon says."""
        return self.home / "dockerd.log"

    @property
    def _pidfile(self) -> Path:
        return self.run / "dockerd.pid"

    @property
    def _state(self) -> Path:
        return self.run / "network.json"

    # -- looking -----------------------------------------------------------------------------------------------

    def status(self) -> Status:
        """Say how the engine is; needs no root."""
        pid = self.pid()
        if pid is None:
            return Status("died" if self._state.exists() else "stopped", None)
        return Status("running" if self.answers() else "starting", pid)

    def pid(self) -> int | None:
        """Return the daemon's process id: found by its command line, so that a stale pid file cannot mislead."""
        mark = f"--pidfile={self._pidfile}"
        return next((pid for pid, argv in hostproc.processes() if mark in argv), None)

    def answers(self) -> bool:
        """True where the engine answers a ping."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(10)
            asking.connect(str(self.socket))
            asking.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            return b" 200 " in asking.recv(100)  # source: Engine API, SystemPing
        return False

    # -- starting ----------------------------------------------------------------------------------------------

    def start(self, progress: Progress = silent) -> bool:
        """Start the engine.

        Args:
            progress: told the seconds that it takes.

        Returns:
            False where it ran already.

        Raises:
            EngineDied: the daemon ended while starting.
            DiskFull: because its disk is full.
            EngineError: the host does not allow it.
        """
        if self.answers():
            return False
        if os.geteuid():
            self._as_root("start")
            return True
        self._require_dockerd()
        with self._alone_at_it():
            if (pid := self.pid()) and self._wait(pid, progress):  # half started by somebody who went away
                return False
            self._remove_leftovers()
            if self._wait(self._launch(), progress):
                return True
            error = self._failed_start()
            self._end()
            raise error

    def _launch(self) -> int:
        (self.run / "exec").mkdir(parents=True, exist_ok=True)
        (self.home / "data").mkdir(parents=True, exist_ok=True)
        hostproc.prepare_cgroups(self.bridge)
        net = hostnet.set_up(self.bridge)
        net.save(self._state)
        # An empty file of its own: the machine's /etc/docker/daemon.json may say what contradicts these options.
        config = self.run / "daemon.json"
        config.write_text("{}\n", encoding="utf-8")
        argv = ["env", GARBAGE, "dockerd", f"--config-file={config}", *self._options(net)]
        return hostproc.spawn(argv, self.log)

    def _options(self, net: hostnet.HostNet) -> list[str]:
        group = self.group or grp.getgrgid(os.getgid()).gr_name
        return [
            f"--host={self.url}",
            f"--data-root={self.home / 'data'}",
            f"--exec-root={self.run / 'exec'}",
            f"--pidfile={self._pidfile}",
            f"--group={group}",
            f"--bridge={net.bridge}",
            f"--default-address-pool=base={net.pool},size=24",
            f"--iptables={str(net.chains).lower()}",
            "--shutdown-timeout=5",
            # names of its own, for where the machine's containerd serves several engines
            f"--containerd-namespace={self.bridge}",
            f"--containerd-plugins-namespace={self.bridge}-plugins",
            f"--cgroup-parent=/{self.bridge}",
            "--exec-opt=native.cgroupdriver=cgroupfs",  # works with and without systemd
        ]

    def _wait(self, pid: int, progress: Progress) -> bool:
        """Wait until the engine answers; False where it ended, or took too long."""
        begin, what = time.monotonic(), say("start the lab's own engine")
        while (passed := time.monotonic() - begin) < START_SECONDS:
            if self.answers():
                progress(what, START_SECONDS, START_SECONDS)
                return True
            progress(what, passed, START_SECONDS)
            if hostproc.ended(pid, POLL):
                return False
        return False

    def _failed_start(self) -> EngineError:
        tail = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:]
        said = next((line for line in reversed(tail) if "failed to start" in line or "level=fatal" in line), "")
        if any(no_space(line) for line in tail):
            return DiskFull(
                say("The lab's own engine cannot start: there is no room left at {home}.", home=self.home),
                fix=say("free some room on that disk, then start again"),
            )
        return EngineDied(
            say("The lab's own engine ended while starting. {said}", said=said).strip(),
            fix=say("read the end of its log, {log}; `labkit doctor` says what this machine lacks", log=self.log),
        )

    # -- stopping ----------------------------------------------------------------------------------------------

    def stop(self) -> bool:
        """End this daemon, its containers, and what it left on the host; images and volumes stay.

        Returns:
            False where there was nothing to end.
        """
        if self.status().state == "stopped":
            return False
        if os.geteuid():
            self._as_root("stop")
            return True
        with self._alone_at_it():
            self._end()
        return True

    def _end(self) -> None:
        if pid := self.pid():
            hostproc.end_process(pid, STOP_SECONDS)
        self._remove_leftovers()

    def _remove_leftovers(self) -> None:
        """Remove what a daemon leaves that was killed, and what every daemon leaves."""
        for pid in self._helpers():
            hostproc.end_process(pid, 2)
        for mount in reversed(self._mounts()):
            subprocess.run(["umount", "--lazy", mount], capture_output=True, timeout=30, check=False)
        if net := hostnet.HostNet.load(self._state):
            mark = f"--pidfile={self._pidfile}"
            others = [
                argv
                for _, argv in hostproc.processes()
                if argv and Path(argv[0]).name == "dockerd" and mark not in argv
            ]
            hostnet.tear_down(net, alone=not others)
        if not self._mounts():
            shutil.rmtree(self.run, ignore_errors=True)

    def _helpers(self) -> list[int]:
        """Find the engine's containers, by their control group, and its containerd and shims, by their sockets."""
        mark, group = f"{self.run / 'exec'}/", f":/{self.bridge}/"
        found = []
        for pid, argv in hostproc.processes():
            with contextlib.suppress(OSError):
                grouped = group in Path(f"/proc/{pid}/cgroup").read_text(encoding="utf-8")
                if grouped or any(mark in word for word in argv):
                    found.append(pid)
        return found

    def _mounts(self) -> list[str]:
        lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
        roots = self.run, self.home / "data"  # the second one itself too: a daemon that fails leaves it mounted
        points = (Path(line.split()[4]) for line in lines)
        return [str(point) for point in points if any(point.is_relative_to(root) for root in roots)]

    # -- being root --------------------------------------------------------------------------------------------

    def _as_root(self, verb: str) -> None:
        """Do the same through sudo."""
        group = self.group or grp.getgrgid(os.getgid()).gr_name
        argv = [sys.executable, "-m", "labkit.engine", verb, str(self.home), str(self.run), self.bridge, group]
        done = subprocess.run(hostproc.root(argv), check=False)
        if done.returncode:
            raise EngineError(
                say("The lab's own engine could not be stopped as root.")
                if verb == "stop"
                else say("The lab's own engine could not be started as root."),
                fix=say("see what is said above, and the end of {log}", log=self.log),
            )

    def _require_dockerd(self) -> None:
        if shutil.which("dockerd", path=hostproc.root_path()) is None:
            raise EngineError(
                say("There is no `dockerd` on this machine."),
                fix=say("run `labkit engine start`, which offers to install it, or: sudo apt-get install docker.io"),
            )

    @contextlib.contextmanager
    def _alone_at_it(self) -> Iterator[None]:
        """Keep two commands from starting or stopping the engine at once."""
        self.home.mkdir(parents=True, exist_ok=True)
        os.environ["PATH"] = hostproc.root_path()
        with FileLock(self.home / "engine.lock", timeout=START_SECONDS + STOP_SECONDS):
            yield
