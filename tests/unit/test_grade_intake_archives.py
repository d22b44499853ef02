from __future__ import annotations

import io
import stat
import struct
import tracemalloc
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from submission_tools import course, intake, only, zipped

from labkit.grading.archives import MOST_AT_ONCE
from labkit.workspace import FILE_LIMIT, SourceFile

GOOD = {"06-x/Dockerfile": b"FROM mine\n" * 50, "06-x/src/x.js": b"1"}
CENTRAL, LOCAL, END = b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06"


@pytest.fixture
def exercises(tmp_path):
    return course(tmp_path / "exercises")[:1]


@pytest.fixture
def ada(tmp_path):
    (tmp_path / "in").mkdir()
    return tmp_path / "in" / "ada.zip"


def check(ada, exercises):
    """What is said of it; nothing is written beside it or above it."""
    top = ada.parents[1]
    before = sorted(top.rglob("*"))
    found = only(ada.parent, exercises)
    assert sorted(top.rglob("*")) == before
    assert not (found.files and found.fault)
    return found


def with_member(path, name, *, data=b"x", mode=0o644 | stat.S_IFREG, raw=None):
    """A good archive with one more member; ``raw`` replaces the bytes of its name, of the same length."""
    zipped(path, GOOD)
    with zipfile.ZipFile(path, "a") as archive:
        info = zipfile.ZipInfo("n" * len(raw) if raw else "plain")
        if not raw:
            info.filename = name
        info.create_system, info.external_attr = 3, mode << 16
        archive.writestr(info, data)
    if raw:
        path.write_bytes(path.read_bytes().replace(b"n" * len(raw), raw))
    return path


class TestPaths:
    @pytest.mark.parametrize(
        "name",
        ["/etc/passwd", "../up", "06-x/../../up", "a/..", "..", "C:/x", "c:x", "a\\b", "..\\up", "\\\\host\\x", "a//b"],
    )
    @pytest.mark.parametrize("directory", ["", "/"])
    def test_tricks_anywhere_spoil_the_archive(self, ada, exercises, name, directory):
        found = check(with_member(ada, name + directory), exercises)
        assert found.fault == (
            "ada.zip holds a path that leads out of it or that systems read differently: pack it anew."
        )

    @pytest.mark.parametrize("name", ["__MACOSX/../../up", "/.DS_Store", "__MACOSX/a\\b"])
    def test_junk_is_no_cover_for_tricks(self, ada, exercises, name):
        assert "leads out of it" in check(with_member(ada, name), exercises).fault

    def test_nul_ends_no_name(self, ada, exercises):
        found = check(with_member(ada, "", raw=b"06-x/src/x.js\0.txt"), exercises)
        assert "leads out of it" in found.fault

    @pytest.mark.parametrize("flags", [0, 0x800])
    def test_names_that_are_not_utf8(self, ada, exercises, flags):
        ada = with_member(ada, "", raw=b"06-x/\xff\xfe.txt")
        if flags:
            data = bytearray(ada.read_bytes())
            at = data.rindex(CENTRAL)
            struct.pack_into("<H", data, at + 8, flags)
            ada.write_bytes(data)
        assert check(ada, exercises).fault in {
            "ada.zip holds a name that is not UTF-8: use plain letters in names of files.",
            "ada.zip is damaged or is no zip file: pack it anew.",
        }

    def test_names_that_are_utf8_and_do_not_say_so(self, ada, exercises):
        found = check(with_member(ada, "", raw="06-x/ü.txt".encode()), exercises)
        assert (found.fault, len(found.files)) == ("", 2)

    def test_deep_and_long_names(self, ada, exercises):
        for name in ("a/" * 65 + "b", "a" * 1025):
            assert "leads out of it" in check(with_member(ada, name), exercises).fault

    def test_a_dot_is_no_trick(self, ada, exercises):
        zipped(ada, {"./": b"", "./06-x/Dockerfile": b"1"})
        assert check(ada, exercises).files == {"Dockerfile": SourceFile(b"1")}

    @pytest.mark.parametrize("name", ["__MACOSX/06-x/._Dockerfile", "06-x/.DS_Store", ".DS_Store"])
    def test_junk_may_stand_twice_and_be_anything(self, ada, exercises, name):
        ada = with_member(ada, name, mode=stat.S_IFLNK | 0o777)
        found = check(ada, exercises)
        assert (found.fault, len(found.files), found.notes) == ("", 2, ())

    @pytest.mark.filterwarnings("ignore:Duplicate name")
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
    @given(
        st.lists(st.sampled_from(["..", ".", "", "a", "06-x", "Dockerfile", "src", "C:", "\\", "\0", "ü"]), min_size=1)
    )
    def test_no_path_takes_a_files_place(self, ada, exercises, parts):
        """Only the file that stands there by name is ever taken, whatever else is in the archive."""
        name = "/".join(parts)
        ada.unlink(missing_ok=True)
        with_member(ada, name, data=b"wrong")
        found = only(ada.parent, exercises)
        plain = [part for part in parts if part != "."]
        if plain not in (["06-x", "Dockerfile"], ["06-x", "src", "x.js"]):
            assert b"wrong" not in {file.data for file in found.files.values()}
        assert found.fault or len(found.files) == 2
        if ".." in parts or "\\" in name or "\0" in name or "C:" in parts[:1]:
            assert found.fault


class TestMembers:
    @pytest.mark.parametrize("name", ["06-x/Dockerfile", "other", "06-x"])
    def test_links(self, ada, exercises, name):
        zipped(ada, {"07-y/a": b""})
        with zipfile.ZipFile(ada, "a") as archive:
            info = zipfile.ZipInfo(name)
            info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, "/etc/passwd")
        assert check(ada, exercises).fault.startswith(f"{name} is a link, and links are not followed")

    @pytest.mark.parametrize("kind", [stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK, stat.S_IFDIR])
    def test_devices(self, ada, exercises, kind):
        found = check(with_member(ada, "other", mode=kind | 0o644), exercises)
        assert found.fault.startswith("other is not a plain file")

    def test_a_folder_in_place_of_a_file(self, ada, exercises):
        zipped(ada, {"06-x/Dockerfile/x": b"1"})
        assert check(ada, exercises).fault.startswith("06-x/Dockerfile is a folder")

    @pytest.mark.filterwarnings("ignore:Duplicate name")
    @pytest.mark.parametrize("name", ["06-x/Dockerfile", "./06-x/Dockerfile", "06-x/./Dockerfile"])
    def test_a_name_twice(self, ada, exercises, name):
        assert "06-x/Dockerfile twice" in check(with_member(ada, name), exercises).fault

    @pytest.mark.parametrize(("first", "second"), [("a", "a/b"), ("a/b", "a"), ("a", "a/"), ("a/", "a")])
    def test_a_file_that_is_a_folder(self, ada, exercises, first, second):
        zipped(ada, {**GOOD, first: b"", second: b""})
        assert "has a twice" in check(ada, exercises).fault

    @pytest.mark.parametrize("flag", [0x1, 0x41, 0x2000])
    def test_encrypted(self, ada, exercises, flag):
        data = bytearray(zipped(ada, GOOD).read_bytes())
        struct.pack_into("<H", data, data.index(CENTRAL) + 8, flag)
        ada.write_bytes(data)
        assert check(ada, exercises).fault == "ada.zip is encrypted: pack it without a password."

    @pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    def test_methods_that_cannot_be_bounded(self, ada, exercises, method):
        with zipfile.ZipFile(ada, "w", method) as archive:
            archive.writestr("06-x/Dockerfile", b"\0" * FILE_LIMIT)
        assert "packed in a way that is not read" in check(ada, exercises).fault

    def test_an_archive_in_an_archive_is_not_opened(self, ada, exercises):
        inner = io.BytesIO()
        zipped(inner, GOOD)
        zipped(ada, {"ada.zip": inner.getvalue()})
        assert check(ada, exercises).fault == (
            "There is nothing but another archive in it, ada.zip: hand in the files."
        )


class TestSizes:
    def test_too_large(self, ada, exercises):
        zipped(ada, {"06-x/Dockerfile": b"x" * (FILE_LIMIT + 1)})
        assert check(ada, exercises).fault.startswith("06-x/Dockerfile is larger than 1 MiB")

    def test_large_ones_that_are_not_taken_are_not_read(self, ada, exercises):
        zipped(ada, {**GOOD, "06-x/more": b"x" * (FILE_LIMIT + 1)})
        assert len(check(ada, exercises).files) == 2

    @pytest.mark.parametrize("lie", [0, 1, 100, FILE_LIMIT, FILE_LIMIT - 1])
    def test_a_bomb_that_says_it_is_small(self, ada, exercises, lie):
        data = bytearray(zipped(ada, {"06-x/Dockerfile": bytes(64 << 20)}).read_bytes())
        assert len(data) < 1 << 17
        for header, offset in ((CENTRAL, 24), (LOCAL, 22)):
            struct.pack_into("<I", data, data.index(header) + offset, lie)
        ada.write_bytes(data)
        tracemalloc.start()
        found = check(ada, exercises)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert "is damaged where 06-x/Dockerfile is" in found.fault
        assert peak < 3 * MOST_AT_ONCE

    def test_a_size_that_is_larger_than_the_truth(self, ada, exercises):
        data = bytearray(zipped(ada, {"06-x/Dockerfile": b"FROM x" * 50}).read_bytes())
        for header, offset in ((CENTRAL, 24), (LOCAL, 22)):
            struct.pack_into("<I", data, data.index(header) + offset, 1000)
        ada.write_bytes(data)
        assert "another size than it has" in check(ada, exercises).fault

    def test_most_entries(self, ada, exercises, monkeypatch):
        monkeypatch.setattr("labkit.grading.archives.MOST_ENTRIES", 200)
        zipped(ada, {**GOOD, **{f"a/{n}": b"" for n in range(198)}})
        assert check(ada, exercises).fault == ""
        zipped(ada, {**GOOD, **{f"a/{n}": b"" for n in range(199)}})
        assert check(ada, exercises).fault.startswith("ada.zip has more than 200 entries: ")

    def test_a_list_of_endless_many_is_not_read(self, ada, exercises):
        entry = bytearray(CENTRAL) + bytes(42) + b"x"
        struct.pack_into("<H", entry, 28, 1)
        entries = bytes(entry) * (40 * MOST_AT_ONCE // len(entry))
        ada.write_bytes(entries + END + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(entries), 0, 0))
        tracemalloc.start()
        found = check(ada, exercises)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert found.fault == "ada.zip is damaged or is no zip file: pack it anew."
        assert peak < 4 * MOST_AT_ONCE

    def test_zip64_that_lies(self, ada, exercises):
        data = zipped(ada, GOOD).read_bytes()
        at = data.index(END)
        for size, offset in ((1 << 62, 0), (0, 1 << 62), (1 << 40, 1 << 40), ((1 << 64) - 1, (1 << 64) - 1)):
            record = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 2, 2, size, offset)
            locator = b"PK\x06\x07" + struct.pack("<IQI", 0, at, 1)
            end = END + struct.pack("<HHHHIIH", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
            ada.write_bytes(data[:at] + record + locator + end)
            assert check(ada, exercises).fault in {
                "ada.zip is damaged or is no zip file: pack it anew.",
                "ada.zip is empty: pack the files of the exercise.",
            }


class TestDamage:
    def test_every_cut(self, ada, exercises):
        data = zipped(ada, GOOD).read_bytes()
        for length in range(len(data)):
            ada.write_bytes(data[:length])
            assert "damaged" in only(ada.parent, exercises).fault, length

    def test_every_byte(self, ada, exercises):
        """Another byte anywhere: the files as they were, none, or a fault; never an exception or other content."""
        data = zipped(ada, GOOD).read_bytes()
        for at in range(len(data)):
            for change in (0xFF, 0x01, 0x80):
                spoiled = bytearray(data)
                spoiled[at] ^= change
                ada.write_bytes(spoiled)
                for name, file in only(ada.parent, exercises).files.items():
                    assert file.data == GOOD[f"06-x/{name}"], (at, change)

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
    @given(st.binary(max_size=200), st.integers(0, 400), st.sampled_from([CENTRAL, LOCAL, END, b"PK\x06\x06", b""]))
    def test_any_bytes(self, ada, exercises, noise, at, magic):
        data = zipped(ada, GOOD).read_bytes()
        ada.write_bytes(data[:at] + magic + noise + data[at:])
        for name, file in only(ada.parent, exercises).files.items():
            assert file.data == GOOD[f"06-x/{name}"]

    def test_an_honest_one_beside_it(self, ada, exercises):
        ada.write_bytes(b"PK")
        zipped(ada.parent / "ben.ZIP", GOOD)
        assert [(each.learner, len(each.files)) for each in intake(ada.parent, exercises)] == [("ada", 0), ("ben", 2)]
