"""What the workbench is built from, and what the server tells it of the course."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from labkit import course
from labkit.history import History, own_history
from labkit.overview import notebook_title, overview
from labkit.result import Finding, Outcome, Report
from labkit.workbench.standing import standing
from labkit.workbench.words import words

ROOT = Path(__file__).parents[2]
HERE = ROOT / "labkit" / "workbench"
BUILT = HERE / "labextension"


def did(slug, outcome):
    exercise = course.exercise(slug)
    findings = tuple(Finding(outcome, "seen", points=spec.points, check=spec.use) for spec in exercise.checks)
    key = exercise.slug, course.exercise_hash(exercise)
    own_history().checked(key, f"inputs of {slug}", Report(exercise.slug, exercise.title, findings, "0"))


@pytest.fixture(autouse=True)
def own_data(tmp_path, monkeypatch):
    monkeypatch.setenv("LABKIT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("LABKIT_WORK", str(tmp_path / "work"))


def test_at_first_one_begins_at_the_beginning():
    now = overview()
    assert now.passed == 0
    assert now.following.exercise.slug == "00-first-check"


def test_one_goes_on_where_one_was_last():
    did("00-first-check", Outcome.PASS)
    did("06-layer-order", Outcome.FAIL)
    now = overview()
    assert now.passed == 1
    assert now.following.exercise.slug == "06-layer-order"
    did("06-layer-order", Outcome.PASS)
    assert overview().following.exercise.slug == "01-same-everywhere"


def test_with_all_passed_there_is_nothing_next():
    for exercise in course.exercises():
        did(exercise.slug, Outcome.PASS)
    assert overview().following is None
    told = standing(ROOT)
    assert (told["next"], told["passed"], told["points"]) == ("", told["count"], told["most"])


def test_what_the_browser_is_told(tmp_path):
    did("06-layer-order", Outcome.FAIL)
    folder = tmp_path / "work" / "06-layer-order"
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM node:20-alpine\n")
    told = standing(tmp_path)
    json.dumps(told)
    (notebook,) = [each for each in told["notebooks"] if each["title"] == "The order of layers"]
    assert notebook["path"] == "", "the course is not below this server's folder"
    (exercise,) = notebook["exercises"]
    assert exercise["status"] == "not yet"
    assert exercise["attempts"] == 1
    assert exercise["files"] == ["work/06-layer-order/Dockerfile"]
    paths = [each["path"] for each in standing(ROOT)["notebooks"]]
    assert paths == sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "notebooks").glob("*.ipynb"))


def test_titles_of_notebooks(tmp_path):
    assert notebook_title(ROOT / "notebooks" / "06_layer_order.ipynb") == "The order of layers"
    (tmp_path / "a.ipynb").write_text("no notebook")
    assert notebook_title(tmp_path / "a.ipynb") == "a"
    assert notebook_title(tmp_path / "b.ipynb") == "b"


def test_notes_of_many_are_those_of_each():
    did("06-layer-order", Outcome.FAIL)
    keys = [(each.slug, course.exercise_hash(each)) for each in course.exercises()]
    kept = History()
    assert kept.notes(keys) == [kept.note(key) for key in keys]


def test_the_browser_knows_the_same_words():
    source = (HERE / "src" / "api.ts").read_text(encoding="utf-8")
    keys = re.search(r"type Key =\n(.*?);", source, re.DOTALL)[1] + re.search(r"type Status = (.*);", source)[1]
    assert set(re.findall(r'"([\w ]+)"', keys)) == words().keys()


def test_it_was_built_from_this_source():
    sources = [f"{folder}/{path.name}" for folder in ("src", "style") for path in sorted((HERE / folder).iterdir())]
    digest = hashlib.sha256()
    for name in [*sources, "../ui/src/dom.ts", "build.mjs", "package.json", "package-lock.json"]:
        digest.update(f"{name}\0".encode() + (HERE / name).read_bytes() + b"\0")
    assert (BUILT / "source").read_text() == f"{digest.hexdigest()}\n", "run `npm ci && npm run build` in its folder"


def test_what_is_built_names_no_host_and_no_folder_of_its_builder():
    assert '"resolved"' not in (HERE / "package-lock.json").read_text(encoding="utf-8")
    for path in BUILT.rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            hosts = set(re.findall(r"https?://[\w.:-]+", text)) - {"http://www.w3.org", "http://localhost:"}
            assert not hosts, path
            assert str(ROOT) not in text, path


def test_jupyterlab_is_told_where_it_is():
    load = json.loads((BUILT / "package.json").read_text())["jupyterlab"]["_build"]["load"]
    assert (BUILT / load).is_file()
    assert sum(path.stat().st_size for path in (BUILT / "static").iterdir()) < 60_000
