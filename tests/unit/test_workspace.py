from __future__ import annotations

import pytest

from labkit import spec
from labkit.errors import WorkspaceError
from labkit.workspace import FILE_LIMIT, Snapshot, SourceFile, Workspace, overlay


@pytest.fixture
def course(tmp_path, monkeypatch):
    monkeypatch.delenv("LABKIT_ANSWERS", raising=False)
    monkeypatch.delenv("LABKIT_WORK", raising=False)
    folder = tmp_path / "exercises" / "06-x"
    (folder / "src").mkdir(parents=True)
    (folder / "README.md").write_text("# Task")
    (folder / "Dockerfile").write_text("FROM starter\n")
    (folder / "src" / "a.js").write_text("1")
    (folder / "baseline").mkdir()
    (folder / "baseline" / "Dockerfile").write_text("FROM baseline\n")
    (folder / "exercise.toml").write_text(
        'format_version=1\ntitle="T"\nsection="S"\nnotebook="n"\nminutes=1\nfiles=["Dockerfile", ".dockerignore"]\n'
        'hints=["h"]\n[[checks]]\nuse="c"\n'
    )
    answer = tmp_path / "solutions" / "06-x"
    answer.mkdir(parents=True)
    (answer / "Dockerfile").write_text("FROM solution\n")
    (answer / "WHY.md").write_text("because")
    return tmp_path


@pytest.fixture
def exercise(course):
    def c(evidence):
        """A check."""

    return spec.load(course / "exercises" / "06-x", {"c": c})


@pytest.fixture
def workspace(course):
    return Workspace(course)


def test_start_copies_the_starter_and_nothing_of_the_courses_own(workspace, exercise):
    folder = workspace.start(exercise)
    assert sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()) == [
        "Dockerfile",
        "src/a.js",
    ]


def test_made_files_are_in_the_folder_the_snapshot_and_the_solution(workspace, exercise):
    made = exercise.model_copy(update={"made": {".git/HEAD": spec.MadeFile(text="ab", size=3)}})
    assert (workspace.start(made) / ".git" / "HEAD").read_bytes() == b"aba"
    for snapshot in (workspace.snapshot(made), workspace.solution(made)):
        assert snapshot.text(".git/HEAD") == "aba"
    assert not workspace.snapshot(made).touched


def test_start_never_overwrites(workspace, exercise):
    (workspace.start(exercise) / "Dockerfile").write_text("mine")
    assert (workspace.start(exercise) / "Dockerfile").read_text() == "mine"


def test_untouched_then_touched(workspace, exercise):
    assert not workspace.snapshot(exercise).touched
    workspace.write(exercise, "Dockerfile", "FROM mine\n")
    snapshot = workspace.snapshot(exercise)
    assert snapshot.touched
    assert snapshot.text("Dockerfile") == "FROM mine\n"


def test_a_file_that_the_starter_lacks_counts(workspace, exercise):
    workspace.write(exercise, ".dockerignore", "x\n")
    assert workspace.snapshot(exercise).touched
    assert ".dockerignore" in workspace.snapshot(exercise).files


def test_a_deleted_file_is_deleted(workspace, exercise):
    (workspace.start(exercise) / "Dockerfile").unlink()
    assert "Dockerfile" not in workspace.snapshot(exercise).files


def test_other_files_are_the_courses_and_the_learner_is_told(workspace, exercise):
    (workspace.start(exercise) / "src" / "a.js").write_text("2")
    snapshot = workspace.snapshot(exercise)
    assert snapshot.text("src/a.js") == "1"
    assert snapshot.ignored == ("src/a.js",)
    assert not snapshot.touched


def test_solutions_are_taken_when_asked(workspace, exercise, monkeypatch):
    monkeypatch.setenv("LABKIT_ANSWERS", "solutions")
    snapshot = workspace.snapshot(exercise)
    assert (snapshot.text("Dockerfile"), "WHY.md" in snapshot.files, snapshot.touched) == (
        "FROM solution\n",
        False,
        True,
    )
    assert not workspace.folder(exercise).exists()


def test_reset_keeps_a_dated_copy_each_time(workspace, exercise):
    kept = set()
    for n in range(3):
        workspace.write(exercise, "Dockerfile", f"mine {n}")
        kept.add(workspace.reset(exercise))
        assert (workspace.folder(exercise) / "Dockerfile").read_text() == "FROM starter\n"
    assert sorted((k / "Dockerfile").read_text() for k in kept) == ["mine 0", "mine 1", "mine 2"]


def test_write_takes_only_the_exercises_files(workspace, exercise):
    with pytest.raises(WorkspaceError, match="not a file of this exercise"):
        workspace.write(exercise, "src/a.js", "2")


def outside(path):
    secret = path.parent / "secret"
    secret.write_text("s")
    return secret


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: path.symlink_to(outside(path)), "is a link"),
        (lambda path: path.symlink_to("nowhere"), "is a link"),
        (lambda path: path.mkdir(), "is not a file"),
        (lambda path: path.write_bytes(b"x" * (FILE_LIMIT + 1)), "larger than 1 MiB"),
    ],
)
def test_what_is_no_plain_file_is_refused(workspace, exercise, make, says):
    path = workspace.start(exercise) / "Dockerfile"
    path.unlink()
    make(path)
    with pytest.raises(WorkspaceError, match=says):
        workspace.snapshot(exercise)


def test_a_linked_folder_is_refused(exercise, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "Dockerfile").write_text("FROM x\n")
    linked = exercise.model_copy(update={"files": ["sub/Dockerfile"]})
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "sub").symlink_to(tmp_path / "real")
    with pytest.raises(WorkspaceError, match="is a link"):
        overlay(linked, tmp_path / "mine")


def test_digest_is_of_paths_modes_and_contents():
    one = Snapshot({"a": SourceFile(b"1"), "b": SourceFile(b"2")})
    same = Snapshot({"b": SourceFile(b"2"), "a": SourceFile(b"1")}, touched=False)
    assert one.digest == same.digest
    assert one.digest != one.edited("a", b"3").digest
    assert one.digest != Snapshot({"a": SourceFile(b"1", executable=True), "b": SourceFile(b"2")}).digest
    assert one.digest != Snapshot({"a": SourceFile(b"1")}).digest
