"""Put Debian's Docker Engine, or another of its packages, on a machine that has none."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from labkit.engine.hostproc import root, root_path
from labkit.errors import EngineError
from labkit.words import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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
    """Install Debian's docker.io; see `install_packages`."""
    if not possible():
        raise EngineError(
            say("This machine's package manager is not apt, so the lab cannot install Docker here."),
            fix=say("install Docker as its documentation says for your system, then run `./lab` again"),
        )
    with _services_off():
        install_packages(NEEDED, log, progress, where_known=WHERE_KNOWN)


def install_packages(
    packages: Sequence[str], log: Path, progress: Progress, *, where_known: Sequence[str] = ()
) -> None:
    """Install Debian's packages, through sudo where this user is not root.

    Args:
        packages: their names.
        log: gets what apt says.
        progress: told of the steps.
        where_known: more of them, that not every release has.

    Raises:
        EngineError: apt fails.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    what = say("install {packages}", packages=packages[0])
    with log.open("wb") as out:
        progress(what, 0, 3)
        _apt(["apt-get", "update", "-q"], out.fileno())  # offline, the lists may be fresh enough
        progress(what, 1, 3)
        names = [*packages, *(name for name in where_known if _known(name))]
        if code := _apt(["apt-get", "install", "-q", "-y", "--no-install-recommends", *names], out.fileno()):
            raise EngineError(
                say("`apt-get install` failed with exit code {code}.", code=code),
                fix=say(
                    "read the end of {log}; then install it yourself: sudo apt-get install {packages}",
                    log=log,
                    packages=packages[0],
                ),
            )
        progress(what, 3, 3)


def _apt(argv: list[str], out: int) -> int:
    return subprocess.run(root([*QUIET, *argv]), stdout=out, stderr=out, check=False).returncode


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
