"""ubuntu:22.04: a small Debian from pinned packages, unpacked without running any of their scripts.

What the scripts of these packages would do is little and known: the tables of users and groups, a few default files,
the links of update-alternatives. It is done here, so that no root and no Debian tool is needed.
"""

from __future__ import annotations

import gzip
import hashlib
import posixpath
from typing import TYPE_CHECKING

from labkit.images.layer import Layer
from labkit.images.pins import group
from labkit.images.recipes.base import PATH, Part, Recipe, text
from labkit.images.unpack import deb_member

if TYPE_CHECKING:
    import tarfile

    from labkit.images.pins import Pin
    from labkit.images.store import Store

MERGED = ("bin", "sbin", "lib", "lib64")  # links into usr, as on every Debian and Ubuntu since 2021
LEFT_OUT = ("usr/share/doc/", "usr/share/man/", "usr/share/locale/", "usr/share/info/", "usr/share/lintian/")
INFO = "var/lib/dpkg/info"
# What the packages' scripts would make: alternatives, and copies of templates.
ALTERNATIVES = {"awk": "/usr/bin/mawk", "nawk": "/usr/bin/mawk", "which": "/usr/bin/which.debianutils"}
TEMPLATES = {
    "usr/share/base-files/nsswitch.conf": "etc/nsswitch.conf",
    "usr/share/base-files/profile": "etc/profile",
    "usr/share/base-files/dot.bashrc": "root/.bashrc",
    "usr/share/base-files/dot.profile": "root/.profile",
    "usr/share/base-passwd/passwd.master": "etc/passwd",
    "usr/share/base-passwd/group.master": "etc/group",
    "usr/share/pam/common-account": "etc/pam.d/common-account",
    "usr/share/pam/common-auth": "etc/pam.d/common-auth",
    "usr/share/pam/common-password": "etc/pam.d/common-password",
    "usr/share/pam/common-session": "etc/pam.d/common-session",
}
FOLDERS = (
    *("var/lib/dpkg/updates", "var/lib/dpkg/triggers"),
    *("var/lib/apt/lists/partial", "var/cache/apt/archives/partial"),
)
OFFER = "opt/apt"
SOURCES = f"deb [trusted=yes] file:/{OFFER} ./\n"
RELEASE = "Origin: labkit\nSuite: labkit\nDate: Tue, 14 Nov 2023 22:13:20 UTC\nSHA256:\n"
APT_SETTINGS = 'APT::Sandbox::User "root";\nAcquire::Languages "none";\n'


def ubuntu() -> Recipe:
    """Return the recipe of ubuntu:22.04."""
    base, offered = group("ubuntu"), group("ubuntu-offered")
    parts = (
        Part("a small Debian", base, lambda store: _base(store, base)),
        Part("packages for apt-get install, offline", offered, lambda store: _offer(store, offered)),
    )
    return Recipe("ubuntu:22.04", parts, {"Env": [PATH], "Cmd": ["/bin/bash"]})


def _base(store: Store, packages: tuple[Pin, ...]) -> Layer:
    layer = Layer()
    for name in MERGED:
        layer.folder(f"usr/{name}")
        layer.link(name, f"usr/{name}")
    status = [unpack_package(layer, store.file(package).read_bytes()) for package in packages]
    layer.file("var/lib/dpkg/status", "".join(status))
    layer.file(f"{INFO}/format", "1\n")
    layer.file("var/lib/dpkg/available", "")
    for path in FOLDERS:
        layer.folder(path)
    _configure(layer)
    return layer


def unpack_package(layer: Layer, deb: bytes) -> str:
    """Put a package's files into the layer, and what dpkg keeps of it.

    Args:
        layer: takes the files.
        deb: the package's bytes.

    Returns:
        The package's block in dpkg's status file.

    source: deb(5), and dpkg's own layout of /var/lib/dpkg
    """
    with deb_member(deb, "control") as archive:
        control = {posixpath.basename(one.name): _content(archive, one) for one in archive if one.isfile()}
    fields = control.pop("control").decode().strip()
    own = dict(line.split(": ", 1) for line in fields.splitlines() if ": " in line and not line.startswith(" "))
    name = own["Package"] + (f":{own['Architecture']}" if own.get("Multi-Arch") == "same" else "")
    with deb_member(deb, "data") as archive:
        listed = [_put(layer, archive, member) for member in archive]
    for kind, content in control.items():
        layer.file(f"{INFO}/{name}.{kind}", content, 0o755 if content.startswith(b"#!") else 0o644)
    layer.file(f"{INFO}/{name}.list", "".join(f"{path}\n" for path in listed))
    return f"{_with_state(fields, control.get('conffiles', b'').decode(), layer)}\n\n"


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = archive.extractfile(member)
    return stream.read() if stream else b""


def _put(layer: Layer, archive: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    """Put one member of a package's data and return its path as dpkg lists it."""
    own = posixpath.normpath(member.name).lstrip("/")
    path = merged(own)
    if own == "." or own in MERGED or path.startswith(LEFT_OUT):
        return "/." if own == "." else f"/{own}"
    if member.isdir():
        layer.folder(path, member.mode, member.uid, member.gid)
    elif member.issym():
        layer.link(path, member.linkname)
    elif member.islnk():  # a second name of a file in the same package
        layer.link(path, f"/{merged(posixpath.normpath(member.linkname))}")
    elif member.isfile():
        layer.file(path, _content(archive, member), member.mode, member.uid, member.gid)
    return f"/{own}"


def merged(path: str) -> str:
    """Return where a path without a leading slash lies when /bin, /sbin and /lib are links into /usr."""
    return f"usr/{path}" if path.partition("/")[0] in MERGED else path


def _with_state(fields: str, conffiles: str, layer: Layer) -> str:
    """Return a control block with the two fields that dpkg adds for an installed package."""
    first, _, rest = fields.partition("\n")
    lines = [first, "Status: install ok installed", rest]
    sums = []
    for path in conffiles.split():
        entry = layer.entries.get(merged(path.lstrip("/")))
        if entry:
            sums.append(f" {path} {hashlib.md5(entry.data).hexdigest()}")  # noqa: S324  dpkg's own choice
    return "\n".join([*lines, *(["Conffiles:", *sums] if sums else [])])


def _configure(layer: Layer) -> None:
    """Do what the packages' scripts would do."""
    for template, place in TEMPLATES.items():
        if template in layer.entries:
            layer.file(place, layer.entries[template].data)
    passwd = layer.entries["etc/passwd"].data.decode() + "_apt:x:100:65534::/nonexistent:/usr/sbin/nologin\n"
    passwd = passwd.replace("root:*:", "root:x:", 1).replace(":*:", ":x:")
    groups = layer.entries["etc/group"].data.decode().replace(":*:", ":x:")
    names = [line.partition(":")[0] for line in passwd.splitlines()]
    layer.file("etc/passwd", passwd)
    layer.file("etc/group", groups)
    layer.file("etc/shadow", "".join(f"{name}:*:19675:0:99999:7:::\n" for name in names), 0o640, 0, 42)
    layer.file("etc/gshadow", "".join(f"{line.partition(':')[0]}:*::\n" for line in groups.splitlines()), 0o640, 0, 42)
    for command, target in ALTERNATIVES.items():
        layer.link(f"etc/alternatives/{command}", target)
        layer.link(f"usr/bin/{command}", f"/etc/alternatives/{command}")
    layer.file("usr/lib/os-release", text("ubuntu/os-release"))
    layer.file("etc/hostname", "localhost\n")
    layer.file("etc/apt/sources.list", SOURCES)
    layer.file("etc/apt/apt.conf.d/90labkit", APT_SETTINGS)


def _offer(store: Store, packages: tuple[Pin, ...]) -> Layer:
    """Lay out a flat apt repository.

    source: Debian's RepositoryFormat, "Flat Repository Format"
    """
    layer, blocks = Layer(), []
    for package in packages:
        content, name = store.file(package).read_bytes(), posixpath.basename(package.path)
        with deb_member(content, "control") as archive:
            member = next(one for one in archive if posixpath.basename(one.name) == "control")
            fields = _content(archive, member).decode().strip()
        sha256 = package.digest.removeprefix("sha256-")
        blocks.append(f"{fields}\nFilename: ./{name}\nSize: {len(content)}\nSHA256: {sha256}\n")
        layer.file(f"{OFFER}/{name}", content)
    index = "\n".join(blocks).encode()
    files = {"Packages": index, "Packages.gz": gzip.compress(index, mtime=0)}
    sums = "".join(f" {hashlib.sha256(data).hexdigest()} {len(data)} {name}\n" for name, data in files.items())
    layer.file(f"{OFFER}/Release", f"{RELEASE}{sums}")
    for name, data in files.items():
        layer.file(f"{OFFER}/{name}", data)
    return layer
