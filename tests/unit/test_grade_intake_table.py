from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest
from submission_tools import course, fill, intake, roster, zipped

from labkit.grading.submission import IntakeError


@pytest.fixture
def exercises(tmp_path):
    return course(tmp_path / "exercises")


@pytest.fixture
def table(tmp_path):
    folder = tmp_path / "in"
    fill(folder / "sub" / "a b", {"06-x/Dockerfile": "6", "07-y/Dockerfile": "7"})
    zipped(folder / "b.zip", {"Dockerfile": "B"})
    os.utime(folder / "b.zip", (1000, 1000))

    def made(text):
        (folder / "class.csv").write_text(text)
        return folder / "class.csv"

    return made


def test_folders_and_zip_files(table, exercises):
    path = table("learner,path,name\nada,sub/a b,Ada L.\nben,./b.zip,\n")
    found = intake(path, exercises[:1])
    assert [(each.learner, each.name, each.source, each.files["Dockerfile"].data) for each in found] == [
        ("ada", "Ada L.", "sub/a b", b"6"),
        ("ben", "ben", "b.zip", b"B"),
    ]


def test_a_row_for_one_exercise(table, exercises):
    path = table("Learner; Exercise ;path\nada;x;sub/a b\nada;07-y;b.zip\nben;y;b.zip\n\neve;other;sub\n")
    found = {(each.learner, each.exercise): [f.data for f in each.files.values()] for each in intake(path, exercises)}
    assert found == {
        ("ada", "06-x"): [b"6"],
        ("ada", "07-y"): [b"B"],  # at its top, since the row says which exercise it is
        ("ben", "06-x"): [],
        ("ben", "07-y"): [b"B"],
    }


def test_times_of_the_list_the_roster_and_the_files(table, exercises):
    path = table("learner,path,submitted\nada,sub/a b,2026-01-01T00:00:00+01:00\nben,b.zip,\neve,b.zip,\n")
    who = roster(path.parent, "learner,submitted\nada,2020-01-01T00:00:00Z\nben,2020-01-01T00:00:00Z\neve,\n")
    assert [each.submitted for each in intake(path, exercises[:1], who)] == [
        datetime(2025, 12, 31, 23, tzinfo=UTC),
        datetime(2020, 1, 1, tzinfo=UTC),
        datetime.fromtimestamp(1000, tz=UTC),
    ]


def test_a_time_without_a_zone_is_the_time_here(table, exercises):
    (found,) = intake(table("learner,path,submitted\nada,b.zip,2026-01-01T12:00:00\n"), exercises[:1])
    assert found.submitted == datetime(2026, 1, 1, 12).astimezone()
    assert found.submitted.utcoffset() is not None


def test_what_spreadsheets_write(table, exercises):
    path = table("")
    path.write_bytes('\ufefflearner;path\r\n"Zoë";b.zip\r\n'.encode())
    assert [each.learner for each in intake(path, exercises[:1])] == ["Zoë"]


def test_a_link_on_the_way_is_not_followed(table, exercises):
    path = table("learner,path\nada,link/a b\nben,one.zip\n")
    (path.parent / "link").symlink_to("sub")
    (path.parent / "one.zip").symlink_to("b.zip")
    assert [each.fault.split(",")[0] for each in intake(path, exercises[:1])] == ["link is a link", "one.zip is a link"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no column 'learner'"),
        ("learner\nada\n", "has no column 'path'"),
        ("learner,path,path\nada,b.zip,b.zip\n", "has the column 'path' twice"),
        ("learner,path\n", "lists no submissions"),
        ("learner,path,exercise\nada,b.zip,other\n", "lists no submissions"),
        ("learner,path\nada,b.zip\n,b.zip\n", "class.csv, line 3: there is no learner"),
        ("learner,path\nada,\n", "line 2: '' is no path below"),
        ("learner,path\nada,/etc\n", "line 2: '/etc' is no path below"),
        ("learner,path\nada,../in/b.zip\n", "is no path below"),
        ("learner,path\nada,C:/b.zip\n", "is no path below"),
        ("learner,path\nada,sub\\a b\n", "is no path below"),
        ("learner,path\nada,b\0.zip\n", "is no path below"),
        ("learner,path\nada,.\n", "is no path below"),
        ("learner,path\nada,none.zip\n", "line 2: there is no 'none.zip' beside it"),
        (f"learner,path\nada,{'x' * 300}\n", "cannot be opened"),
        ("learner,path,submitted\nada,b.zip,yesterday\n", "line 2: 'yesterday' is no time"),
        ("learner,path\nada,b.zip\nada,sub\n", "'ada' has two submissions: 'b.zip' and 'sub'"),
        ("learner,path,exercise\nada,b.zip,x\nada,sub,06-x\n", "'ada' has two submissions"),
        ('learner,path\nada,"b.zip\n', "is no CSV file"),
        (f"learner,path\n{'a' * 200_000},b.zip\n", "is no CSV file"),
    ],
)
def test_lists_that_are_wrong(table, exercises, text, says):
    with pytest.raises(IntakeError, match=says.replace("\\", "\\\\")):
        intake.lazily(table(text), exercises)


def test_a_list_in_another_encoding(table, exercises):
    path = table("")
    path.write_bytes("learner,path\nZoë,b.zip\n".encode("latin-1"))
    with pytest.raises(IntakeError, match="is not UTF-8"):
        intake.lazily(path, exercises)
