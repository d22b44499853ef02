"""The guard at this user's place: found where it runs, started where it does not, and the docker command sent to it.

<runtime>/docker.sock    what DOCKER_HOST names; beside it a lock, which the guard holds until it has ended
<runtime>/lease          held open by whoever needs the guard; it ends when nobody does
<state>/guard-<engine>.db    who owns what; stays
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import re
import signal
import socket
import sqlite3
import stat
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
from filelock import FileLock, Timeout

from labkit.engine.hostproc import spawn
from labkit.errors import EngineError
from labkit.seat import engine_key, seat, state, turns
from labkit.words import say

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from labkit.engine import Engine
    from labkit.guard.inside import Inside

UP_SECONDS = 30.0
LOOPBACK = "127.0.0.1"
GUARDED = ("unix", "tcp", "http", "https")  # how the guard reaches an engine
# What would send the docker command elsewhere, or speak TLS to the guard's socket.
OTHER_WAYS = ("DOCKER_CONTEXT", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH")


def name() -> str:
    """The seat's name as the guard takes it: small letters and digits."""
    mine = seat()
    return mine if re.fullmatch(r"[a-z0-9]{1,32}", mine) else "s" + hashlib.sha256(mine.encode()).hexdigest()[:10]


def runtime(engine: Engine) -> Path:
    """The folder for the guard's sockets, for this user alone.

    Raises:
        EngineError: somebody else has made a folder of its name.
    """
    base = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    here = base / f"labkit-{os.getuid()}"
    here.mkdir(mode=0o700, exist_ok=True)
    found = here.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise EngineError(
            say("The folder {here} is not this user's alone.", here=here),
            why=say("Who can write there could take the place of the lab's guard."),
            fix=say("remove it, or set XDG_RUNTIME_DIR to a folder of your own: rm -r {here}", here=here),
        )
    # Short, since a socket's path may have about a hundred bytes.
    folder = here / hashlib.sha256(f"{name()}/{state().absolute()}/{engine_key(engine)}".encode()).hexdigest()[:12]
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _book(engine: Engine) -> Path:
    state().mkdir(parents=True, exist_ok=True)
    return state() / f"guard-{engine_key(engine)}.db"


def newest_book() -> Path | None:
    """The ledger that was last written, or None where there is none."""
    return max(state().glob("guard-*.db"), key=lambda path: path.stat().st_mtime, default=None)


class Station:
    """This user's guard in front of one engine; it runs at least as long as this is open.

    Args:
        engine: what the guard stands before.

    Raises:
        EngineError: the guard does not start, or cannot reach such an engine.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine, self._folder = engine, runtime(engine)
        if engine.url.partition("://")[0] not in GUARDED or not hasattr(socket, "AF_UNIX"):
            raise EngineError(
                say("The lab's guard cannot stand before the engine at {url}.", url=engine.url),
                why=say(
                    "It speaks over sockets and TCP; exercises work all the same, but `docker` here is not guarded."
                ),
                fix=say("name an engine with a unix:// or tcp:// address in DOCKER_HOST"),
            )
        with FileLock(self._folder / "start"):
            self._lease = held(self._folder) or _start(engine, self._folder)

    @property
    def host(self) -> str:
        """What DOCKER_HOST is to be."""
        return f"unix://{self._folder / 'docker.sock'}"

    def settle_in(self, env: MutableMapping[str, str]) -> None:
        """Send the docker command and the SDK of whoever has this environment to the guard, and the lab past it."""
        env["DOCKER_HOST"] = self.host
        env["DOCKER_BUILDKIT"] = "0"
        env["LABKIT_ENGINE"] = self._engine.url
        env["LABKIT_CERT_PATH"] = str(self._engine.certificates or "")
        for key in OTHER_WAYS:
            env.pop(key, None)

    def close(self) -> None:
        """Let go of the guard; where nobody else needs it, it stops what its seat runs, and ends."""
        self._lease.close()


def until_ended(engine: Engine, seconds: float = UP_SECONDS) -> bool:
    """Wait until no guard of this user's stands before an engine; one that nobody needs stops what runs, first.

    Args:
        engine: which one.
        seconds: how long to wait.

    Returns:
        Whether none does; False where somebody else still needs it.
    """
    try:
        with FileLock(runtime(engine) / "docker.sock.lock", timeout=seconds):
            return True
    except Timeout:
        return False


def held(folder: Path) -> socket.socket | None:
    """Ask the guard whose sockets are in a folder to stay; None where there is none, or it is just ending."""
    lease = socket.socket(socket.AF_UNIX)
    lease.settimeout(UP_SECONDS)
    with contextlib.suppress(OSError):
        lease.connect(str(folder / "lease"))
        if lease.recv(1):
            return lease
    lease.close()
    return None


def _start(engine: Engine, folder: Path) -> socket.socket:
    """Start this user's guard, with its sockets in a folder; it ends when nobody holds its lease, which this returns.

    Raises:
        EngineError: it does not start.
    """
    from labkit.images import COURSE_IMAGES  # noqa: PLC0415  slow to import, and only needed here

    log = _log()
    argv = [sys.executable, "-m", "labkit.guard", "serve", "--seat", name(), "--stop-at-end"]
    argv += ["--engine", engine.url, "--ledger", str(_book(engine)), "--turns", str(turns(engine))]
    argv += ["--socket", str(folder / "docker.sock"), "--while", str(folder / "lease")]
    argv += ["--certificates", str(engine.certificates)] if engine.certificates else []
    argv += [word for image in COURSE_IMAGES for word in ("--image", image)]
    process = spawn(argv, log)  # it may outlive this process: another one may need it then
    end = time.monotonic() + UP_SECONDS
    with contextlib.suppress(ProcessLookupError):
        while time.monotonic() < end:
            if lease := held(folder):
                return lease
            os.kill(process, 0)  # ended already?
            time.sleep(0.02)
        os.kill(process, signal.SIGKILL)
    tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:]
    raise EngineError(say("The lab's guard did not start."), why="\n".join(tail), fix=say("read {log}", log=log))


def _log() -> Path:
    log = Path(platformdirs.user_log_path("labkit")) / "guard.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    return log


def clear(engine: Engine) -> None:
    """Remove from an engine all that this user's docker commands made there through the guard.

    Raises:
        EngineError: not all of it could be removed.
    """
    if _book(engine).exists():
        clear_seat(engine, name(), _book(engine))


def clear_seat(engine: Engine, who: str, book: Path) -> list[str]:
    """Remove from an engine all that one seat made there.

    Returns:
        The ids of its images that others build on by now, so that they must stay.

    Raises:
        EngineError: not all of it could be removed.
    """
    from labkit.guard.leave import Left  # noqa: PLC0415  slow to import, and only needed here
    from labkit.guard.leave import clear as everything  # noqa: PLC0415
    from labkit.guard.turns import Turn  # noqa: PLC0415
    from labkit.guard.upstream import EngineGone  # noqa: PLC0415

    guard = guard_inside(engine, who, book)
    try:
        left: Left = guard.carry_out(everything, Turn.REMOVE)
    except EngineGone:
        left = Left([say("The Docker Engine at {url} does not answer.", url=engine.url)])
    finally:
        guard.close()
    if left.faults:
        raise EngineError(
            say("Not all that you made with docker could be removed."),
            why="\n".join(left.faults),
            fix=say("try it again"),
        )
    return left.shared


def guard_inside(engine: Engine, who: str, book: Path, socket: Path | None = None, publish: str = LOOPBACK) -> Inside:
    """Make a guard for one seat in a thread of this process.

    Args:
        engine: what it stands before.
        who: the seat's name.
        book: its ledger.
        socket: where it serves; without, it only carries out plans.
        publish: the address of this machine that published ports answer on.

    Raises:
        EngineError: it cannot serve there.
    """
    from labkit.guard.inside import Inside  # noqa: PLC0415  slow to import, and only needed here
    from labkit.images import COURSE_IMAGES  # noqa: PLC0415

    logger = logging.getLogger("labkit.guard")
    if not logger.handlers:  # where the guard's own faults are said to be
        logger.addHandler(logging.FileHandler(_log(), delay=True))
        logger.propagate = False
    try:
        return Inside(
            engine.url,
            who,
            certificates=engine.certificates,
            book=book,
            images=COURSE_IMAGES,
            socket=socket,
            publish=publish,
            turns=None if socket else turns(engine),  # what is graded waits for nobody else's commands
        )
    except (OSError, sqlite3.Error) as error:
        raise EngineError(
            say("The lab's guard did not start."), why=str(error), fix=say("see whether the disk is full")
        ) from error
