"""A small Alpine-like image: BusyBox, musl, and the files that both expect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.images.layer import Layer
from labkit.images.pins import pin
from labkit.images.recipes.base import PATH, Part, Recipe, text
from labkit.images.unpack import deb_member, tgz_file

if TYPE_CHECKING:
    from labkit.images.store import Store

FOLDERS = (
    *("dev", "proc", "sys", "run", "home", "media", "mnt", "opt", "srv", "etc/profile.d", "usr/lib", "usr/share"),
    *("usr/local/bin", "usr/local/lib", "var/cache", "var/lib", "var/log", "var/spool/cron"),
)
MUSL = "lib/ld-musl-x86_64.so.1"
LDD = '#!/bin/sh\nexec /lib/ld-musl-x86_64.so.1 --list "$@"\n'


def alpine_part() -> Part:
    """Return the layer that all the small images stand on."""
    return Part("BusyBox and musl", (pin("busybox-static"), pin("musl")), _make)


def alpine() -> Recipe:
    """Return the recipe of alpine:3.20."""
    return Recipe("alpine:3.20", (alpine_part(),), {"Env": [PATH], "Cmd": ["/bin/sh"]})


def users(layer: Layer, passwd: str = "", group: str = "") -> None:
    """Put the tables of users and groups, with further lines where a recipe needs them."""
    passwd, group = text("alpine/passwd") + passwd, text("alpine/group") + group
    names = [line.partition(":")[0] for line in passwd.splitlines()]
    layer.file("etc/passwd", passwd)
    layer.file("etc/group", group)
    shadow = "".join(f"{name}:{'*' if name == 'root' else '!'}::0:::::\n" for name in names)
    layer.file("etc/shadow", shadow, 0o640, gid=42)


def _make(store: Store) -> Layer:
    layer = Layer()
    for path in FOLDERS:
        layer.folder(path)
    for path, mode in (("tmp", 0o1777), ("var/tmp", 0o1777), ("root", 0o700)):
        layer.folder(path, mode)
    layer.link("var/run", "/run")
    _busybox(layer, tgz_file(store.file(pin("busybox-static")), "package/bin/busybox"))
    with deb_member(store.file(pin("musl")).read_bytes(), "data") as archive:
        library = archive.extractfile("./usr/lib/x86_64-linux-musl/libc.so")
        layer.file(MUSL, library.read() if library else b"", 0o755)
    layer.link("lib/libc.musl-x86_64.so.1", "ld-musl-x86_64.so.1")
    layer.file("usr/bin/ldd", LDD, 0o755)
    users(layer)
    _settings(layer)
    return layer


def _busybox(layer: Layer, program: bytes) -> None:
    layer.file("bin/busybox", program, 0o755)
    for applet in [*text("alpine/applets").split(), "sbin/nologin"]:
        layer.link(applet, "/bin/busybox")


def _settings(layer: Layer) -> None:
    layer.file("etc/os-release", text("alpine/os-release"))
    layer.file("etc/alpine-release", "3.20.3\n")
    layer.file("etc/profile", text("alpine/profile"))
    layer.file("etc/hosts", "127.0.0.1\tlocalhost\n::1\tlocalhost\n")
    layer.file("etc/hostname", "localhost\n")
    layer.file("etc/nsswitch.conf", "hosts: files dns\n")
    layer.file("etc/shells", "/bin/sh\n/bin/ash\n")
    layer.file("sbin/apk", text("alpine/apk"), 0o755)
