from __future__ import annotations

import os
import shutil
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest
from submission_tools import course, fill, intake, only, roster, zipped

from labkit.grading import folders
from labkit.grading.submission import IntakeError
from labkit.grading.take import MOST_FILES, Wanted
from labkit.grading.trees import Kind
from labkit.workspace import FILE_LIMIT, SourceFile


@pytest.fixture
def exercises(tmp_path):
    return course(tmp_path / "exercises")


@pytest.fixture
def handed_in(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


class TestWhereFilesAre:
    @pytest.mark.parametrize(
        "place", ["06-x/", "x/", "work/06-x/", "exercises/06-x/", "top/06-x/", "top/x/", "top/work/06-x/"]
    )
    @pytest.mark.parametrize("number", [1, 2])
    @pytest.mark.parametrize("packed", [False, True])
    def test_in_a_folder_of_their_own(self, handed_in, exercises, place, number, packed):
        files = {f"{place}Dockerfile": "FROM mine", ".DS_Store": "", "__MACOSX/._top": ""}
        if packed:
            zipped(handed_in / "ada.zip", files)
        else:
            fill(handed_in / "ada", files)
        found = intake(handed_in, exercises[:number])
        assert found[0].files == {"Dockerfile": SourceFile(b"FROM mine")}
        assert [(each.learner, each.exercise, each.fault) for each in found] == [
            ("ada", exercise.slug, "") for exercise in exercises[:number]
        ]

    @pytest.mark.parametrize("place", ["", "top/"])
    @pytest.mark.parametrize("packed", [False, True])
    def test_at_the_top_where_one_exercise_is_graded(self, handed_in, exercises, place, packed):
        if packed:
            zipped(handed_in / "ada.zip", {f"{place}Dockerfile": "FROM mine"})
        else:
            fill(handed_in / "ada", {f"{place}Dockerfile": "FROM mine"})
        assert list(only(handed_in, exercises[:1]).files) == ["Dockerfile"]
        assert [each.files for each in intake(handed_in, exercises)] == [{}, {}]

    def test_in_the_first_of_several_places(self, handed_in, exercises):
        fill(handed_in / "ada", {"06-x/Dockerfile": "1", "x/Dockerfile": "2", "work/06-x/src/x.js": "3"})
        assert only(handed_in, exercises[:1]).files == {"Dockerfile": SourceFile(b"1")}

    def test_an_empty_place_is_passed_by(self, handed_in, exercises):
        fill(handed_in / "ada", {"06-x/other": "1", "x/Dockerfile": "2"})
        assert only(handed_in, exercises[:1]).files == {"Dockerfile": SourceFile(b"2")}

    def test_two_top_folders_are_none(self, handed_in, exercises):
        fill(handed_in / "ada", {"a/06-x/Dockerfile": "1", "b/06-x/Dockerfile": "2"})
        assert only(handed_in, exercises[:1]).files == {}

    def test_a_zip_file_alone_in_a_folder_is_the_submission(self, handed_in, exercises):
        (handed_in / "Ada 123_file_").mkdir()
        zipped(handed_in / "Ada 123_file_" / "mine.zip", {"Dockerfile": "1"})
        found = only(handed_in, exercises[:1])
        assert (found.learner, found.source, list(found.files)) == ("Ada 123_file_", "Ada 123_file_", ["Dockerfile"])


class TestWhatIsTaken:
    def test_nothing_but_what_the_exercise_names(self, handed_in, exercises):
        fill(handed_in / "ada", {"06-x/Dockerfile": "1", "06-x/src/x.js": "2", "06-x/package.json": "{}"})
        assert set(only(handed_in, exercises[:1]).files) == {"Dockerfile", "src/x.js"}

    def test_notes_on_the_rest(self, handed_in, exercises):
        same, changed = "the course's own\n", "changed"
        files = {"src/x.js": "2", "package.json": changed, "same.txt": same, "more/a": "", "b": "", ".DS_Store": ""}
        fill(handed_in / "ada", {f"06-x/{name}": text for name, text in files.items()})
        assert only(handed_in, exercises[:1]).notes == (
            "Dockerfile was not handed in: the starter's is taken.",
            "b is in it, but the exercise does not take it.",
            "more/ is in it, but the exercise does not take it.",
            "package.json is in it, but the exercise does not take it.",
        )

    def test_a_file_that_the_starter_lacks_is_missed_otherwise(self, handed_in, exercises):
        fill(handed_in / "ada", {"06-x/Dockerfile": "1"})
        assert only(handed_in, exercises[:1]).notes == ("src/x.js was not handed in.",)

    def test_many_that_do_not_count_are_counted(self, handed_in, exercises):
        fill(handed_in / "ada", {"06-x/Dockerfile": "", "06-x/src/x.js": "", **{f"06-x/{n}": "" for n in range(9)}})
        notes = only(handed_in, exercises[:1]).notes
        assert (len(notes), notes[-1]) == (6, "4 more are in it that the exercise does not take.")

    def test_bytes_and_modes_as_they_are(self, handed_in, exercises):
        fill(handed_in / "ada", {"06-x/Dockerfile": b"\xff\r\n\0", "06-x/src/x.js": "2"})
        (handed_in / "ada" / "06-x" / "src" / "x.js").chmod(0o755)
        zipped(
            handed_in / "ben.zip", {"06-x/Dockerfile": b"\xff\r\n\0", "06-x/src/x.js": "2"}, {"06-x/src/x.js": 0o755}
        )
        for each in intake(handed_in, exercises[:1]):
            assert each.files == {
                "Dockerfile": SourceFile(b"\xff\r\n\0"),
                "src/x.js": SourceFile(b"2", executable=True),
            }

    def test_when_is_the_newest_of_the_files_that_were_taken(self, handed_in, exercises):
        fill(handed_in / "ada", {"06-x/Dockerfile": "1", "06-x/src/x.js": "2", "06-x/later": "3"})
        for name, seconds in (("Dockerfile", 1000), ("src/x.js", 2000), ("later", 3000)):
            os.utime(handed_in / "ada" / "06-x" / name, (seconds, seconds))
        assert only(handed_in, exercises[:1]).submitted == datetime.fromtimestamp(2000, tz=UTC)

    def test_when_is_the_time_of_the_zip_file(self, handed_in, exercises):
        zipped(handed_in / "ada.zip", {"06-x/Dockerfile": "1"})
        os.utime(handed_in / "ada.zip", (1000, 1000))
        first, second = intake(handed_in, exercises)
        assert (first.submitted, second.submitted) == (datetime.fromtimestamp(1000, tz=UTC), None)

    def test_a_file_of_exactly_the_limit(self, handed_in, exercises):
        zipped(handed_in / "ada.zip", {"Dockerfile": b"x" * FILE_LIMIT})
        fill(handed_in / "ben", {"Dockerfile": b"x" * FILE_LIMIT})
        assert [len(each.files["Dockerfile"].data) for each in intake(handed_in, exercises[:1])] == [FILE_LIMIT] * 2

    def test_an_exercise_may_not_take_what_it_likes(self, exercises):
        many = exercises[0].model_copy(update={"files": [f"{n}" for n in range(MOST_FILES + 1)]})
        with pytest.raises(IntakeError, match=f"takes {MOST_FILES + 1} files"):
            Wanted.of(many)


def outside(path):
    secret = path.parents[2] / "secret"
    secret.write_text("s")
    return secret


def listens(path):
    """A socket, bound by its short name: addresses have 108 bytes at most."""
    with socket.socket(socket.AF_UNIX) as here:
        before = os.open(".", os.O_RDONLY)
        os.chdir(path.parent)
        here.bind(path.name)
        os.chdir(before)
        os.close(before)


def open_files():
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def sparse(path):
    path.touch()
    os.truncate(path, 1 << 40)


HOSTILE = [
    (lambda path: path.symlink_to(outside(path)), "Dockerfile is a link, and links are not followed"),
    (lambda path: path.symlink_to("nowhere"), "Dockerfile is a link"),
    (lambda path: path.symlink_to("package.json"), "Dockerfile is a link"),
    (lambda path: path.mkdir(), "Dockerfile is a folder, where a file is wanted"),
    (os.mkfifo, "Dockerfile is not a plain file"),
    (listens, "Dockerfile is not a plain file"),
    (lambda path: path.write_bytes(b"x" * (FILE_LIMIT + 1)), "Dockerfile is larger than 1 MiB"),
    (sparse, "Dockerfile is larger than 1 MiB"),
]


class TestWhatIsNotRead:
    @pytest.mark.parametrize(("make", "says"), HOSTILE)
    @pytest.mark.parametrize("place", ["", "06-x/"])
    def test_in_place_of_a_file(self, handed_in, exercises, make, says, place):
        fill(handed_in / "ada", {f"{place}package.json": "{}", f"{place}src/x.js": "fine"})
        make(handed_in / "ada" / place / "Dockerfile")
        found = only(handed_in, exercises[:1])
        assert says in found.fault
        assert (found.files, found.notes, found.source) == ({}, (), "ada")

    @pytest.mark.parametrize("link", ["06-x", "work", "work/06-x", "top", "06-x/src"])
    def test_a_link_on_the_way(self, handed_in, exercises, link):
        fill(handed_in.parent / "else", {"06-x/Dockerfile": "s", "Dockerfile": "s", "src/x.js": "s", "x.js": "s"})
        path = handed_in / "ada" / link
        path.parent.mkdir(parents=True)
        path.symlink_to(handed_in.parent / "else")
        found = only(handed_in, exercises[:1])
        assert found.fault.startswith(f"{link} is a link")
        assert found.files == {}

    def test_a_link_beside_the_way_is_nobodys_harm(self, handed_in, exercises):
        fill(handed_in / "ada", {"Dockerfile": "fine"})
        (handed_in / "ada" / "work").symlink_to("/")
        found = only(handed_in, exercises[:1])
        assert (found.fault, list(found.files)) == ("", ["Dockerfile"])

    @pytest.mark.parametrize("name", ["ada", "ada.zip"])
    def test_a_link_to_a_submission(self, handed_in, exercises, name):
        zipped(handed_in.parent / "real.zip", {"Dockerfile": "s"})
        (handed_in / name).symlink_to(handed_in.parent / "real.zip")
        found = only(handed_in, exercises[:1])
        assert (found.learner, found.fault.split(":")[0]) == ("ada", f"{name} is a link, and links are not followed")

    def test_a_folder_that_becomes_a_link_while_it_is_read(self, handed_in, exercises):
        fill(handed_in / "ada", {"Dockerfile": "fine"})
        fill(handed_in / "ben", {"Dockerfile": "fine"})
        found = intake.lazily(handed_in, exercises[:1])
        assert next(found).fault == ""
        shutil.move(handed_in / "ben", handed_in.parent / "ben")
        (handed_in / "ben").symlink_to(handed_in.parent / "ben")
        assert "ben is a link" in next(found).fault

    @pytest.mark.parametrize(
        ("seen", "make"),
        [
            (Kind.FILE, lambda path: path.symlink_to(outside(path))),
            (Kind.FILE, os.mkfifo),
            (Kind.FILE, lambda path: path.mkdir()),
            (Kind.FOLDER, lambda path: path.symlink_to(path.parent)),
        ],
    )
    def test_what_is_exchanged_after_it_was_seen(self, handed_in, exercises, monkeypatch, seen, make):
        """As if it had been a file or folder a moment ago: what is opened is looked at again."""
        fill(handed_in / "ada", {"src/x.js": "1"})
        name = "Dockerfile" if seen is Kind.FILE else "06-x"
        make(handed_in / "ada" / name)
        real = folders._kind_at  # noqa: SLF001  no other way to be in time
        monkeypatch.setattr(folders, "_kind_at", lambda top, path: seen if path[-1] == name else real(top, path))
        found = only(handed_in, exercises[:1])
        assert name in found.fault
        assert found.files == {}

    def test_one_that_is_gone(self, handed_in, exercises):
        fill(handed_in / "ada", {"Dockerfile": "1"})
        fill(handed_in / "ben", {"Dockerfile": "1"})
        found = intake.lazily(handed_in, exercises[:1])
        next(found)
        shutil.rmtree(handed_in / "ben")
        assert next(found).fault

    def test_archives_that_are_not_zip_files(self, handed_in, exercises):
        (handed_in / "ada.tar.gz").write_bytes(b"\x1f\x8b")
        found = only(handed_in, exercises[:1])
        assert (found.learner, found.fault) == (
            "ada",
            "ada.tar.gz is no archive that is opened: hand in a folder or a zip file.",
        )

    def test_what_has_the_same_fault_for_each_exercise(self, handed_in, exercises):
        (handed_in / "ada.zip").write_bytes(b"no zip")
        assert [each.fault for each in intake(handed_in, exercises)] == [
            "ada.zip is damaged or is no zip file: pack it anew."
        ] * 2

    def test_one_fault_does_not_touch_the_others(self, handed_in, exercises):
        fill(handed_in / "ada", {"06-x/Dockerfile": "1", "07-y/other": "1"})
        (handed_in / "ada" / "07-y" / "Dockerfile").symlink_to("other")
        (handed_in / "ben.zip").write_bytes(b"no zip")
        fill(handed_in / "eve", {"07-y/Dockerfile": "1"})
        assert [(bool(each.files), bool(each.fault)) for each in intake(handed_in, exercises)] == [
            *[(True, False), (False, True)],
            *[(False, True), (False, True)],
            *[(False, False), (True, False)],
        ]

    def test_no_descriptor_is_left_open(self, handed_in, exercises):
        for n in range(20):
            fill(handed_in / f"a{n}", {"06-x/Dockerfile": "1"})
            zipped(handed_in / f"b{n}.zip", {"06-x/Dockerfile": "1"})
            (handed_in / f"c{n}.zip").write_bytes(b"no zip")
            os.mkfifo(fill(handed_in / f"d{n}", {"06-x/src/x.js": "1"}) / "06-x" / "Dockerfile")
        before = open_files()
        assert len(intake(handed_in, exercises)) == 160
        assert open_files() == before


class TestWhoIsWho:
    def test_in_the_order_of_names_and_lazily(self, handed_in, exercises):
        for name in ("zoe", "ada", "ben"):
            fill(handed_in / name, {"06-x/Dockerfile": name})
        found = intake.lazily(handed_in, exercises)
        assert [(next(found).learner, next(found).learner) for _ in range(2)] == [("ada", "ada"), ("ben", "ben")]
        (handed_in / "zoe" / "06-x" / "Dockerfile").write_text("read only now")
        assert next(found).files["Dockerfile"].data == b"read only now"

    @pytest.mark.parametrize(
        ("name", "learner"),
        [
            (b"a\nb", "a\nb"),
            ("\N{RIGHT-TO-LEFT OVERRIDE}ada".encode(), "\N{RIGHT-TO-LEFT OVERRIDE}ada"),
            (b"a\xffb", "a\N{REPLACEMENT CHARACTER}b"),
            (b"-rf", "-rf"),
            (b"$(id) `id` <b>", "$(id) `id` <b>"),
            ("Zoe\N{COMBINING DIAERESIS}".encode(), "Zoë"),
        ],
    )
    @pytest.mark.parametrize("packed", [False, True])
    def test_names_of_any_bytes(self, handed_in, exercises, name, learner, packed):
        path = os.path.join(os.fsencode(handed_in), name)  # noqa: PTH118  pathlib takes no bytes
        if packed:
            zipped(handed_in / "plain", {"Dockerfile": "1"})
            os.rename(handed_in / "plain", path + b".zip")  # noqa: PTH104
        else:
            os.mkdir(path)  # noqa: PTH102
            (handed_in.parent / "file").write_text("1")
            os.rename(handed_in.parent / "file", path + b"/Dockerfile")  # noqa: PTH104
        found = only(handed_in, exercises[:1])
        assert (found.learner, found.name, list(found.files)) == (learner, learner, ["Dockerfile"])
        found.learner.encode()

    def test_two_sources_of_one_learner(self, handed_in, exercises):
        fill(handed_in / "ada", {"Dockerfile": "1"})
        zipped(handed_in / "ada.zip", {"Dockerfile": "2"})
        with pytest.raises(
            IntakeError, match=r"'ada' has two submissions: ('ada' and 'ada.zip'|'ada.zip' and 'ada')\."
        ):
            intake.lazily(handed_in, exercises)

    def test_the_roster_says_who_handed_in_nothing_and_who_is_a_stranger(self, handed_in, exercises):
        fill(handed_in / "ada", {"06-x/Dockerfile": "1", "06-x/src/x.js": "1"})
        zipped(handed_in / "x_17.zip", {"06-x/Dockerfile": "1", "06-x/src/x.js": "1"})
        fill(handed_in / "mallory", {"06-x/Dockerfile": "1", "06-x/src/x.js": "1"})
        who = roster(
            handed_in,
            "learner,name,submitted,source\nben,Ben B.,2026-01-02T03:04:05Z,x_17\nada,,,\neve,Eve,2026-01-01,\n",
        )
        found = intake(handed_in, exercises[:1], who)
        assert [(each.learner, each.name, each.source, len(each.files)) for each in found] == [
            ("ada", "ada", "ada", 2),
            ("ben", "Ben B.", "x_17.zip", 2),
            ("eve", "Eve", "", 0),
            ("mallory", "mallory", "mallory", 2),
        ]
        assert [each.notes for each in found] == [(), (), (), ("mallory is not on the roster.",)]
        assert found[1].submitted == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        assert (found[2].submitted, found[2].fault) == (None, "")

    def test_a_source_and_a_learner_that_are_the_same_on_the_roster(self, handed_in, exercises):
        fill(handed_in / "ada", {"Dockerfile": "1"})
        fill(handed_in / "x_17", {"Dockerfile": "2"})
        with pytest.raises(IntakeError, match="'ada' has two submissions"):
            intake.lazily(handed_in, exercises, roster(handed_in, "learner,source\nada,x_17\n"))


class TestNothingToRead:
    def test_not_there(self, tmp_path, exercises):
        with pytest.raises(IntakeError, match="is not there"):
            intake.lazily(tmp_path / "nowhere", exercises)

    @pytest.mark.parametrize("names", [[], [".DS_Store", "__MACOSX/x", "list.txt"]])
    def test_empty(self, handed_in, exercises, names):
        fill(handed_in, dict.fromkeys(names, ""))
        with pytest.raises(IntakeError, match="holds no submissions"):
            intake.lazily(handed_in, exercises)

    @pytest.mark.parametrize("make", [lambda path: path.write_text("x"), os.mkfifo])
    def test_neither_folder_nor_table(self, tmp_path, exercises, make):
        make(tmp_path / "class.txt")
        with pytest.raises(IntakeError, match="is neither a folder nor a CSV file"):
            intake.lazily(tmp_path / "class.txt", exercises)
