"""An npm cache made from the packages of lock files, so that `npm ci` works in an image with the network off.

npm asks its cache for two things by address: a package's description ("packument") and its tarball. A cache that a
real npm filled knows them by the address of that machine's registry; this one is written for an address that cannot
exist, from the tarballs alone, and is the same wherever it is made.

source: cacache v5's layout (content-v2, index-v5) and make-fetch-happen's keys, as in npm 10
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from typing import TYPE_CHECKING, Any

from labkit.images.layer import MOMENT, Layer
from labkit.images.pins import integrity_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from labkit.images.pins import Pin

REGISTRY = "http://npm.labkit.invalid/"  # .invalid is never a host: RFC 2606
FOLDER = "opt/npm-cache"
NPMRC = "".join(
    f"{line}\n"
    for line in (
        f"registry={REGISTRY}",
        f"cache=/{FOLDER}",
        "offline=true",
        "audit=false",
        "fund=false",
        "logs-max=0",
        "update-notifier=false",
    )
)
# What npm's resolver reads of a package's own package.json.
MANIFEST = (
    *("name", "version", "bin", "engines", "os", "cpu", "libc", "scripts", "bundleDependencies", "deprecated"),
    *("dependencies", "devDependencies", "optionalDependencies", "peerDependencies", "peerDependenciesMeta"),
)
# The cache hands out an answer only to the same Accept header: npm's short form of a packument, and the full one.
SHORT = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*"
ACCEPTS = (SHORT, "application/json")
HEADERS = {"cache-control": "public, immutable, max-age=31557600", "date": "Tue, 14 Nov 2023 22:13:20 GMT"}


def npm_cache(packages: Iterable[Pin], tarball: Callable[[Pin], bytes]) -> Layer:
    """Lay out an npm cache and the npmrc that names it.

    Args:
        packages: which packages it shall hold.
        tarball: returns a package's bytes.
    """
    layer = Layer()
    for folder in ("", "/_cacache", "/_cacache/content-v2", "/_cacache/index-v5", "/_cacache/tmp"):
        layer.folder(FOLDER + folder, 0o777)
    described: dict[str, dict[str, dict[str, Any]]] = {}
    for package in packages:
        content = tarball(package)
        address = f"{REGISTRY}{package.name}/-/{package.name.rpartition('/')[2]}-{package.version}.tgz"
        integrity = integrity_of(package.digest)
        _put(layer, content_path(package.digest), content)
        _index(layer, address, [_entry(address, integrity, len(content), "application/octet-stream", None)])
        manifest = _manifest(content) | {"dist": {"integrity": integrity, "tarball": address}}
        described.setdefault(package.name, {})[package.version] = manifest
    for name, versions in sorted(described.items()):
        _packument(layer, name, versions)
    _open_folders(layer)
    layer.file("usr/local/etc/npmrc", NPMRC)
    return layer


def _packument(layer: Layer, name: str, versions: dict[str, dict[str, Any]]) -> None:
    newest = max(versions, key=_order)
    body = {"name": name, "dist-tags": {"latest": newest}, "versions": versions}
    content = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
    digest = f"sha512-{hashlib.sha512(content).hexdigest()}"
    address = REGISTRY + name.replace("/", "%2f")
    entries = [_entry(address, integrity_of(digest), len(content), "application/json", accept) for accept in ACCEPTS]
    _put(layer, content_path(digest), content)
    _index(layer, address, entries)


def _manifest(tgz: bytes) -> dict[str, Any]:
    """Return what npm must know of a package, from the package.json at the top of its tarball."""
    with tarfile.open(fileobj=io.BytesIO(tgz), mode="r:gz") as archive:
        for member in archive:
            top, _, rest = member.name.removeprefix("./").partition("/")
            if top and rest == "package.json" and (stream := archive.extractfile(member)):
                package = json.load(stream)
                manifest = {key: package[key] for key in MANIFEST if key in package}
                scripts = package.get("scripts") or {}
                manifest["hasInstallScript"] = any(f"{when}install" in scripts for when in ("", "pre", "post"))
                return manifest
    raise ValueError("an npm package without package.json")


def _order(version: str) -> tuple[int, list[int]]:
    """Return a key that sorts versions, releases above pre-releases."""
    release, dash, _ = version.partition("-")
    return (0 if dash else 1, [int(part) for part in release.split(".")])


def content_path(digest: str) -> str:
    """Return where cacache keeps content of this digest, below ``_cacache``."""
    algorithm, _, value = digest.partition("-")
    return f"content-v2/{algorithm}/{value[:2]}/{value[2:4]}/{value[4:]}"


def index_path(address: str) -> str:
    """Return where cacache keeps what it knows of an address, below ``_cacache``."""
    value = hashlib.sha256(_key(address).encode()).hexdigest()
    return f"index-v5/{value[:2]}/{value[2:4]}/{value[4:]}"


def _key(address: str) -> str:
    return f"make-fetch-happen:request-cache:{address}"


def _entry(address: str, integrity: str, size: int, kind: str, accept: str | None) -> str:
    moment = MOMENT * 1000  # milliseconds
    entry = {
        "key": _key(address),
        "integrity": integrity,
        "time": moment,
        "size": size,
        "metadata": {
            "time": moment,
            "url": address,
            "reqHeaders": {"accept": accept} if accept else {},
            "resHeaders": HEADERS | {"content-type": kind},
            "options": {"compress": True},
        },
    }
    return json.dumps(entry, separators=(",", ":"))


def _index(layer: Layer, address: str, entries: Iterable[str]) -> None:
    """Write one file of the index: a line for each entry, with the line's own checksum before it."""
    lines = [f"\n{hashlib.sha1(entry.encode()).hexdigest()}\t{entry}" for entry in entries]  # noqa: S324  cacache's form
    _put(layer, index_path(address), "".join(lines).encode())


def _put(layer: Layer, path: str, content: bytes) -> None:
    layer.file(f"{FOLDER}/_cacache/{path}", content, 0o666)


def _open_folders(layer: Layer) -> None:
    """Let every user write: npm rewrites an entry of its index when it finds it, also as a user that is not root."""
    for path, entry in list(layer.entries.items()):
        if path.startswith(f"{FOLDER}/") and not entry.data and entry.mode == 0o755:  # noqa: PLR2004
            layer.folder(path, 0o777)
