"""Put Debian's Docker Engine on a machine that has none."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from labkit.engine.hostproc import root, root_path
from labkit.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labkit.progress import Progress

NEEDED = ("docker.io", "iproute2", "iptables")
# Separate packages only in newer releases (the client, BuildKit's plugin), or only wanted without systemd.
WHERE_KNOWN = ("docker-cli", "docker-buildx", "cgroupfs-mount")
NO_SERVICES = Path("/usr/sbin/policy-rc.d")  # source: Debian's invoke-rc.d(8); 101 means "do not start it"
QUIET = ["env", "DEBIAN_FRONTEND=noninteractive"]


def missing() -> bool:
    """True where there is no `dockerd`."""
    return shutil.which("dockerd", path=root_path()) is None


def possible() -> bool:
    """True where this machine's package manager is apt."""
    return shutil.which("apt-get") is not None


def install(log: Path, progress: Progress) -> None:
    """Install Debian's docker.io, through sudo where this user is not root.

    Args:
        log: gets what apt says.
        progress: told of the steps.

    Raises:
        EngineError: this machine has no apt, or apt fails.
    """
    if not possible():
        raise EngineError(
            "This machine's package manager is not apt, so the lab cannot install Docker here.",
            fix="install Docker as its documentation says for your system, then run `./lab` again",
        )
    log.parent.mkdir(parents=True, exist_ok=True)
    what = "install docker.io"
    with log.open("wb") as out, _services_off():
        progress(what, 0, 3)
        _apt(["apt-get", "update", "-q"], out.fileno(), log, must=False)  # offline, the lists may be fresh enough
        progress(what, 1, 3)
        packages = [*NEEDED, *(name for name in WHERE_KNOWN if _known(name))]
        _apt(["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages], out.fileno(), log)
        progress(what, 3, 3)


def _apt(argv: list[str], out: int, log: Path, *, must: bool = True) -> None:
    done = subprocess.run(root([*QUIET, *argv]), stdout=out, stderr=out, check=False)
    if done.returncode and must:
        raise EngineError(
            f"`{' '.join(argv[:2])}` failed with exit code {done.returncode}.",
            fix=f"read the end of {log}; then install docker.io yourself: sudo apt-get install docker.io",
        )


def _known(package: str) -> bool:
    return subprocess.run(["apt-cache", "show", package], capture_output=True, check=False).returncode == 0


@contextlib.contextmanager
def _services_off() -> Iterator[None]:
    """Keep the package from starting a second engine of its own, now; a rule that is there already stays."""
    if NO_SERVICES.exists():
        yield
        return
    script = "#!/bin/sh\nexit 101\n"
    subprocess.run(root(["tee", str(NO_SERVICES)]), input=script, text=True, stdout=subprocess.DEVNULL, check=True)
    subprocess.run(root(["chmod", "755", str(NO_SERVICES)]), check=True)
    try:
        yield
    finally:
        subprocess.run(root(["rm", "-f", str(NO_SERVICES)]), check=True)
