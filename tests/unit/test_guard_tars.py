from __future__ import annotations

import gzip
import io
import tarfile
from itertools import count

import pytest
from fake_guard import seat
from tar_tools import FORMATS, MOST, entries, info, tar, through

from labkit.guard.context import Context
from labkit.guard.dockerfile import Dockerfile, cleaned
from labkit.guard.refusal import Malformed, Refused
from labkit.guard.tars import Gunzip, Plain

LONG = "/".join(["a" * 60] * 5)
ODD = [
    (info("plain", b"x" * 1000, mode=0o4755, uid=1000, mtime=12345), b"x" * 1000),
    (info("empty"), b""),
    (info("folder/", kind=tarfile.DIRTYPE, mode=0o1777), b""),
    (info("folder/soft", kind=tarfile.SYMTYPE, linkname="../plain"), b""),
    (info("hard", kind=tarfile.LNKTYPE, linkname="plain"), b""),
    (info("block", b"y" * 512), b"y" * 512),
]
LONG_ONES = [
    (info(f"{LONG}/é", b"z"), b"z"),
    (info("far", kind=tarfile.SYMTYPE, linkname=f"{LONG}/é"), b""),
]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("step", [0, 1, 511, 513])
def test_what_is_in_a_tar_stays(format, step):  # noqa: A002
    given = ODD + (LONG_ONES if format != tarfile.USTAR_FORMAT else [])
    data = tar(*given, format=format)
    assert entries(through(Plain(MOST), data, step)) == entries(data)


def test_times_and_attributes_of_pax_stay():
    more = {"mtime": "12345.987654321", "SCHILY.xattr.user.note": "a\nb"}
    with tarfile.open(fileobj=io.BytesIO(through(Plain(MOST), tar((info("a", pax_headers=more), b""))))) as made:
        (found,) = made
    assert found.pax_headers == more


def test_what_comes_after_the_end_is_left_out():
    data = tar(("a", b"x"))
    assert entries(through(Plain(MOST), data + tar(("b", b"y")))) == entries(data)


def test_a_header_for_all_entries_is_left_out():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT, pax_headers={"path": "evil"}) as made:
        made.addfile(info("a", b"x"), io.BytesIO(b"x"))
    assert [each[0] for each in entries(through(Plain(MOST), out.getvalue()))] == ["a"]


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.CONTTYPE, b"Z"])
def test_a_device_is_refused(kind):
    with pytest.raises(Refused, match="'dev/x' in a tar"):
        through(Plain(MOST), tar((info("dev/x", kind=kind), b"")))


def block(name=b"a", size=b"00000000000\0", kind=b"0", magic=b"ustar\x0000"):
    """A header, written by hand."""
    made = bytearray(512)
    for at, value in ((0, name), (100, b"0000644\0"), (124, size), (136, b"0" * 11), (156, kind), (257, magic)):
        made[at : at + len(value)] = value
    made[148:156] = b" " * 8
    made[148:156] = b"%06o\0 " % sum(made)
    return bytes(made)


def pax(**records):
    content = b""
    for key, value in records.items():
        rest = f" {key.replace('_', '.')}={value}\n".encode()
        length = next(n for n in count(len(rest)) if n == len(rest) + len(str(n)))
        content += str(length).encode() + rest
    return block(b"pax", b"%011o\0" % len(content), b"x") + content.ljust(512, b"\0")


@pytest.mark.parametrize(
    "data",
    [
        block(size=b"\xff" * 12),  # negative: it would never come to its end
        block(size=b"\xff" * 10 + b"\xfe\x00"),
        block(size=b"-7\0"),
        block(kind=b"2", size=b"00000000001\0"),
        block(kind=b"5", size=b"00000000001\0"),
        block(kind=b"x", size=b"77777777777\0"),
        block(kind=b"L", size=b"77777777777\0"),
        block(kind=b"S"),
        pax(GNU_sparse="1") + block(),
        pax(size="-1") + block(),
        pax(size="٣") + block(),
        pax(path="a\0b") + block(),
        block(b"x", b"00000000003\0", b"x") + b"5 a\n".ljust(512, b"\0") + block(),
        b"\1" * 512,
        b"PK\3\4" + bytes(508),
        block()[:-1] + b"\1",
    ],
)
def test_what_cannot_be_read_in_one_way_only_is_refused(data):
    with pytest.raises(Refused):
        through(Plain(MOST), data + bytes(1024))


def test_a_size_is_read_once_and_written_as_it_was_read():
    there = through(Plain(MOST), block(size=b"\0" + b"00000001000") + block(b"b") + bytes(1024))
    assert [each[0] for each in entries(there)] == ["a", "b"]


@pytest.mark.parametrize("keep", [1, 511, 512, 700, 1536])
def test_one_that_is_cut_off_is_refused(keep):
    data = tar((info("a", b"x" * 600, pax_headers={"comment": "1", "path": "b"}), b"x" * 600))
    with pytest.raises(Malformed, match="cut off"):
        through(Plain(MOST), data[:keep])


@pytest.mark.parametrize("step", [0, 1, 511])
@pytest.mark.parametrize(("size", "keep"), [(600, 600), (600, 601), (600, 1024), (512, 512), (1, 1), (0, 0)])
def test_an_end_that_is_not_filled_up_is_filled_up(size, keep, step):
    data = tar(("a", b"y"), ("b", b"x" * size))
    assert entries(through(Plain(MOST), data[: 1024 + 512 + keep], step)) == entries(data)
    made = through(Edited(MOST), data[: 1024 + 512 + keep], step)
    assert [each[-1] for each in entries(made)] == [b"Y", b"X" * size]


class Edited(Plain):
    """A tar whose contents are held and changed."""

    def edit(self, name, info):  # noqa: ARG002  as in the class above
        return bytes.upper


@pytest.mark.parametrize("step", [0, 1])
@pytest.mark.parametrize("magic", [b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd"])
@pytest.mark.parametrize("rest", [b"", bytes(2000)])
def test_a_compressed_one_is_refused(magic, rest, step):
    with pytest.raises(Refused, match="compressed"):
        through(Plain(MOST), magic + rest, step)


def test_one_that_is_too_large_is_refused():
    with pytest.raises(Refused, match="larger") as found:
        through(Plain(2000), tar(("a", b"x" * 2000)), 512)
    assert found.value.status == 413


@pytest.mark.parametrize("first", ["x", "x/y"])
def test_nothing_lies_below_a_link(first):
    data = tar((info("x", kind=tarfile.SYMTYPE, linkname="."), b""), (f"{first}/z", b""))
    with pytest.raises(Refused, match="below a link"):
        through(Plain(MOST), data)


class TestGunzip:
    @pytest.mark.parametrize("step", [0, 1, 7])
    def test_goes_on_uncompressed(self, step):
        data = tar(*ODD)
        assert through(Gunzip(Plain(MOST)), gzip.compress(data), step) == through(Plain(MOST), data)

    @pytest.mark.parametrize("step", [0, 1])
    def test_what_is_not_compressed_stays_so(self, step):
        data = tar(*ODD)
        assert through(Gunzip(Plain(MOST)), data, step) == through(Plain(MOST), data)

    def test_a_bomb_meets_the_limit(self):
        bomb = gzip.compress(tar(("a", bytes(1 << 26))))
        assert len(bomb) < 1 << 17
        with pytest.raises(Refused, match="larger"):
            through(Gunzip(Plain(1 << 20)), bomb)

    @pytest.mark.parametrize("data", [gzip.compress(tar(*ODD))[:-9], b"\x1f\x8b\x08" + b"\xff" * 99, b"\x1f"])
    def test_a_broken_one_is_refused(self, data):
        with pytest.raises(Malformed):
            through(Gunzip(Plain(MOST)), data)

    def test_one_in_another_is_refused(self):
        with pytest.raises(Refused, match="compressed"):
            through(Gunzip(Plain(MOST)), gzip.compress(gzip.compress(tar(*ODD))))


class TestContext:
    GOOD, EVIL = b"FROM alpine:3.20\n", b"FROM nobodys\n"

    def context(self, *given, path="Dockerfile", step=0):
        it = seat()
        return through(Context(it, path, Dockerfile(it, {})), tar(*given), step)

    @pytest.mark.parametrize("step", [0, 1])
    @pytest.mark.parametrize("name", ["Dockerfile", "./Dockerfile", "/Dockerfile", "dockerfile", "x/../Dockerfile"])
    def test_the_dockerfile_is_looked_at(self, name, step):
        assert entries(self.context((name, self.GOOD), step=step))[0][-1].startswith(b"FROM alpine:3.20")
        with pytest.raises(Refused, match="'nobodys'"):
            self.context(("Dockerfile", self.GOOD), (name, self.EVIL))

    def test_of_another_name(self):
        there = self.context(("Dockerfile", self.EVIL), ("sub/My", self.GOOD), path=cleaned("./sub//My"))
        assert entries(there)[0][-1] == self.EVIL

    @pytest.mark.parametrize("path", ["Dockerfile", "sub/My"])
    def test_it_must_be_there(self, path):
        with pytest.raises(Malformed, match=f"Cannot locate specified Dockerfile: {path}"):
            self.context(("other", b""), path=path)

    @pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE])
    def test_it_is_a_plain_file(self, kind):
        with pytest.raises(Refused, match="plain file"):
            self.context((info("Dockerfile", kind=kind, linkname="other"), b""))

    def test_the_folder_above_it_is_no_link(self):
        link = info("sub", kind=tarfile.SYMTYPE, linkname="other")
        with pytest.raises(Refused, match="'sub'"):
            self.context(("sub/My", self.GOOD), (link, b""), ("other/My", self.EVIL), path="sub/My")

    def test_a_long_name_that_hides_it_is_the_name(self):
        with pytest.raises(Refused, match="'nobodys'"):
            self.context(
                ("Dockerfile", self.GOOD), (info("x", self.EVIL, pax_headers={"path": "Dockerfile"}), self.EVIL)
            )
