"""What a learner has done goes to another machine in one file, and nothing that is there already is lost."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from labkit import course
from labkit.attempt import Attempt
from labkit.cli import main
from labkit.errors import HistoryError
from labkit.history import History
from labkit.moving import bring, export
from labkit.prediction import Predictions, Question
from labkit.result import Finding, Outcome, Report
from labkit.workspace import SourceFile, Workspace

EXERCISE = course.exercise("first-check")
KEY = EXERCISE.slug, course.exercise_hash(EXERCISE)
QUESTION = Question("Which?", choices=("a", "b"))
FROM, OTHER = b"FROM alpine:3.20\n", b"FROM other\n"


class Machine:
    """One machine: what was done on it, and the learner's files."""

    def __init__(self, folder, monkeypatch):
        monkeypatch.setenv("LABKIT_WORK", str(folder / "work"))
        self.folder, self.history, self.workspace = folder, History(folder / "history.sqlite"), Workspace(course.root())

    def move(self, path):
        return bring(path, self.history, self.workspace, [EXERCISE])

    @property
    def dockerfile(self):
        return self.workspace.own(EXERCISE).get("Dockerfile", SourceFile(b"")).data


@pytest.fixture
def machines(tmp_path, monkeypatch):
    return Machine(tmp_path / "one", monkeypatch), Machine(tmp_path / "two", monkeypatch)


@pytest.fixture
def archive(machines, tmp_path):
    """Give the export of the first machine, where something was done."""
    one, _ = machines
    one.workspace.bring(EXERCISE, {"Dockerfile": SourceFile(FROM)})
    found = Finding(Outcome.PASS, "seen")
    one.history.checked(KEY, "x", Report(EXERCISE.slug, "t", (found,), evidence={"n": [1, None]}))
    one.history.hint_read(KEY, 2)
    Predictions(one.history).commit(QUESTION, "a")
    path = tmp_path / "mine.zip"
    assert export(path, one.history, one.workspace, [EXERCISE]) == 1
    return path


def test_all_of_it_arrives_and_twice_is_as_good_as_once(machines, archive):
    one, two = machines
    moved = two.move(archive)
    assert (moved.attempts, moved.files, moved.beside) == (1, (EXERCISE.slug,), ())
    assert two.history.attempts() == one.history.attempts()
    assert two.history.all_work() == one.history.all_work()
    assert Predictions(two.history).get(QUESTION).given == "a"
    assert two.dockerfile == FROM
    assert two.move(archive).attempts == 0
    assert two.history.all_work() == one.history.all_work()
    assert two.move(archive).beside == ()


def test_work_that_is_there_stays(machines, archive):
    _, two = machines
    two.workspace.bring(EXERCISE, {"Dockerfile": SourceFile(OTHER)})
    Predictions(two.history).commit(QUESTION, "b")
    moved = two.move(archive)
    assert two.dockerfile == OTHER
    assert (moved.beside[0] / "Dockerfile").read_bytes() == FROM
    assert Predictions(two.history).get(QUESTION).given == "b"


def test_a_starter_that_nobody_touched_makes_room(machines, archive):
    _, two = machines
    folder = two.workspace.start(EXERCISE)
    (folder / "notes.txt").write_text("mine")
    assert two.move(archive).beside == ()
    assert two.dockerfile == FROM
    kept = next((two.workspace.root / ".kept" / EXERCISE.slug).iterdir())
    assert (kept / "notes.txt").read_text() == "mine"


def test_of_two_states_the_later_one_counts(machines, archive):
    _, two = machines
    two.history.begun_anew(KEY)  # after the export
    two.move(archive)
    note = two.history.note(KEY)
    assert (note.status, note.hints, note.passed) == ("to do", 2, True)


def test_a_file_that_may_be_run_stays_so(machines, tmp_path):
    one, two = machines
    commands = course.exercise("run-and-publish")
    one.workspace.bring(commands, {"commands.sh": SourceFile(b"docker ps\n", executable=True)})
    export(tmp_path / "it.zip", one.history, one.workspace, [commands])
    bring(tmp_path / "it.zip", two.history, two.workspace, [commands])
    assert two.workspace.own(commands)["commands.sh"] == SourceFile(b"docker ps\n", executable=True)


def written(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


GOOD = json.dumps({"format": "labkit-history/1"})


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({}, "no item named 'history.json'"),
        ({"history.json": "["}, "not of this lab"),
        ({"history.json": json.dumps({"format": "labkit-history/2"})}, "not of this lab"),
        ({"history.json": json.dumps({"format": "labkit-history/1", "predictions": {"a": {"given": {}}}})}, "not of"),
        ({"history.json": GOOD, f"work/{EXERCISE.slug}/Dockerfile": b"x" * (1 << 21)}, "larger than 1 MiB"),
    ],
)
def test_what_is_no_export_changes_nothing(machines, tmp_path, members, said):
    _, two = machines
    with pytest.raises(HistoryError, match=said):
        two.move(written(tmp_path / "bad.zip", members))
    assert not two.workspace.root.exists()


def test_bytes_that_are_no_archive(machines, tmp_path):
    (tmp_path / "bad.zip").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(HistoryError, match="export it again"):
        machines[1].move(tmp_path / "bad.zip")


def test_only_files_of_exercises_are_taken(machines, tmp_path):
    _, two = machines
    names = ("../evil", f"work/{EXERCISE.slug}/../../evil", f"work/{EXERCISE.slug}/server.js", "/etc/evil")
    moved = two.move(written(tmp_path / "it.zip", {"history.json": GOOD, **dict.fromkeys(names, "x")}))
    assert (moved.files, list(Path(tmp_path).rglob("evil"))) == ((), [])
    assert not two.workspace.root.exists()


def run(*words):
    done = CliRunner().invoke(main, [*map(str, words)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_from_a_terminal(tmp_path, monkeypatch):
    """Progress, export, and import into a folder of another user."""
    attempt = Attempt(EXERCISE)
    attempt.save("Dockerfile", FROM.decode())
    found = Finding(Outcome.FAIL, "seen", points=1.0), Finding(Outcome.PASS, "seen", points=1.0)
    History().checked(KEY, "x", Report(EXERCISE.slug, "t", found))
    shown = run("progress").splitlines()
    assert "✗ not yet" in shown[1]
    assert "1/2" in shown[1]
    assert shown[-1] == f"Next: {EXERCISE.slug}, in notebooks/00_start_here.ipynb"
    assert "1 attempts" in run("export", tmp_path / "mine.zip")
    for name in ("WORK", "DATA"):
        monkeypatch.setenv(f"LABKIT_{name}", str(tmp_path / "elsewhere" / name))
    assert "1 attempts are new here; files of 1 exercises" in run("import", tmp_path / "mine.zip")
    assert Attempt(EXERCISE).files()["Dockerfile"] == FROM.decode()
    assert "0 of 18 exercises passed." in run("progress")
