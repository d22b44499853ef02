"""Debian packages, made here in small, are read and unpacked as dpkg would."""

import gzip
import io
import lzma
import shutil
import struct
import subprocess
import tarfile
from pathlib import Path

import pytest

from labkit.images.layer import Layer
from labkit.images.recipes.ubuntu import merged, unpack_package
from labkit.images.unpack import deb_member, stripped

CONTROL = "Package: hello\nVersion: 1.0\nArchitecture: amd64\nMulti-Arch: same\nDescription: says hello\n to you\n"


def tar(files):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            if isinstance(content, tuple):
                info.type, info.linkname = content
            else:
                info.size, info.mode = len(content), 0o755
            archive.addfile(info, io.BytesIO(content) if isinstance(content, bytes) else None)
    return stream.getvalue()


def member(name, data):
    return f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\n".encode() + data + b"\n" * (len(data) % 2)


def deb(data, control=None, compress=lzma.compress, suffix=".xz"):
    control = {"./control": CONTROL.encode()} | (control or {})
    parts = [("debian-binary", b"2.0\n"), (f"control.tar{suffix}", compress(tar(control)))]
    return b"!<arch>\n" + b"".join(member(*part) for part in [*parts, (f"data.tar{suffix}", compress(tar(data)))])


@pytest.mark.parametrize(("compress", "suffix"), [(lzma.compress, ".xz"), (gzip.compress, ".gz"), (bytes, "")])
def test_reads_either_archive(compress, suffix):
    package = deb({"./usr/bin/hello": b"#!/bin/sh\n"}, compress=compress, suffix=suffix)
    with deb_member(package, "data") as archive:
        assert archive.getnames() == ["./usr/bin/hello"]
    with deb_member(package, "control") as archive:
        assert archive.extractfile("./control").read().decode() == CONTROL


def test_refuses_what_is_no_package():
    with pytest.raises(ValueError, match="not a Debian package"):
        deb_member(b"PK\3\4", "data")
    with pytest.raises(ValueError, match="no other archive"):
        deb_member(deb({}), "other")
    with pytest.raises(ValueError, match="newer packages"):
        deb_member(deb({}, suffix=".zst"), "data")


def test_unpacks_into_usr_and_tells_dpkg():
    layer = Layer()
    data = {
        "./bin/hello": b"program",
        "./bin/again": (tarfile.LNKTYPE, "./bin/hello"),
        "./lib/libhello.so.1": (tarfile.SYMTYPE, "libhello.so.1.0"),
        "./etc/hello.conf": b"greeting=hi\n",
        "./usr/share/doc/hello/copyright": b"free",
    }
    control = {"./conffiles": b"/etc/hello.conf\n", "./postinst": b"#!/bin/sh\nexit 0\n"}
    status = unpack_package(layer, deb(data, control))
    entries = layer.entries
    assert entries["usr/bin/hello"].data == b"program"
    assert entries["usr/bin/again"].data == b"/usr/bin/hello"
    assert entries["usr/lib/libhello.so.1"].data == b"libhello.so.1.0"
    assert "bin" not in entries
    assert not [path for path in entries if path.startswith("usr/share/doc/")]
    assert entries["var/lib/dpkg/info/hello:amd64.postinst"].mode == 0o755
    assert "/bin/hello\n" in entries["var/lib/dpkg/info/hello:amd64.list"].data.decode()
    assert status.startswith("Package: hello\nStatus: install ok installed\nVersion: 1.0\n")
    assert status.endswith("Conffiles:\n /etc/hello.conf 196bdbd60cbe13cc013f592941f52f52\n\n")


@pytest.mark.parametrize(
    ("path", "place"),
    [("bin/sh", "usr/bin/sh"), ("lib64/ld.so", "usr/lib64/ld.so"), ("etc/passwd", "etc/passwd"), ("libx/a", "libx/a")],
)
def test_merged(path, place):
    assert merged(path) == place


def test_a_stripped_program_still_runs_and_is_no_larger(tmp_path):
    program = Path(shutil.which("true")).read_bytes()
    with_hole = program + b"\0" * 4096  # what stands behind the segments, as symbols do
    small = stripped(with_hole)
    assert len(small) < len(with_hole)
    (tmp_path / "true").write_bytes(small)
    (tmp_path / "true").chmod(0o755)
    assert subprocess.run([tmp_path / "true"], check=False).returncode == 0


def test_cuts_a_hole_between_two_segments_and_keeps_their_bytes():
    def header(offset, address, size):
        return struct.pack("<IIQQQQQQ", 1, 4, offset, address, address, size, size, 0x1000)

    head = bytearray(b"\x7fELF\x02\x01".ljust(64, b"\0"))
    struct.pack_into("<Q", head, 32, 64)
    struct.pack_into("<HH", head, 54, 56, 2)
    program = bytes(head) + header(0, 0, 0x1000) + header(0x5010, 0x9010, 4)
    program = program.ljust(0x5010, b"\0") + b"data" + b"symbols"
    small = stripped(program)
    offset, address = struct.unpack_from("<QQ", small, 64 + 56 + 8)
    assert offset % 0x1000 == address % 0x1000
    assert small[offset : offset + 4] == b"data"
    assert len(small) == 0x1014


def test_strips_only_what_it_knows():
    with pytest.raises(ValueError, match="64-bit"):
        stripped(b"#!/bin/sh\n")
