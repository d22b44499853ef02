"""`labkit grade` as an instructor runs it: a class of known worth, stopped, killed, and run again."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import zipfile

import pytest
from corpus import cases

from labkit import course, ledger
from labkit.seat import seat

EXERCISE = "00-first-check"


@pytest.fixture
def folder(tmp_path):
    """Give each case of the exercise a learner, and one that handed in nothing; the last one as an archive."""
    place = tmp_path / "class"
    for number, case in enumerate(cases(course.exercise(EXERCISE))):
        (place / f"l{number}").mkdir(parents=True)
        shutil.copy(case.folder / "Dockerfile", place / f"l{number}")
    with zipfile.ZipFile(place / "zoe.zip", "w") as archive:
        archive.write(place / f"l{number}" / "Dockerfile", f"{EXERCISE}/Dockerfile")
    shutil.rmtree(place / f"l{number}")
    (place / "nobody").mkdir()
    return place


def worth():
    points = [f"{case.points:g}" for case in cases(course.exercise(EXERCISE))]
    names = [f"l{number}" for number in range(len(points) - 1)]
    return {**dict(zip([*names, "zoe"], points, strict=True)), "nobody": "0"}


def command(folder, *more):
    argv = [sys.executable, "-m", "labkit.cli", "grade", folder, "--exercises", EXERCISE, "-o", folder.parent / "out"]
    return [str(word) for word in (*argv, "--jobs", "2", *more)]


def points(folder):
    with (folder.parent / "out" / "gradebook.csv").open(newline="") as file:
        return {row["learner"]: row["total"] for row in csv.DictReader(file)}


def recorded(folder):
    book = folder.parent / "out" / "grading.sqlite"
    # To be read and written, though only read: what is open for reading alone may miss the last result after a kill -9.
    with sqlite3.connect(f"file:{book}?mode=rw", uri=True) as db:
        return db.execute("SELECT count(*) FROM results").fetchone()[0]


def until_recorded(folder, count, process):
    while process.poll() is None:
        try:
            if recorded(folder) >= count:
                return
        except sqlite3.OperationalError:  # there is no book yet
            pass
        time.sleep(0.1)
    pytest.fail("it ended before it could be disturbed")


def test_a_class_killed_and_stopped_and_gone_on(folder, engine):
    process = subprocess.Popen(command(folder), stderr=subprocess.DEVNULL)
    until_recorded(folder, 2, process)  # the solution's own is one of them
    process.kill()
    process.wait()
    left = recorded(folder)

    process = subprocess.Popen(command(folder), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    until_recorded(folder, left + 1, process)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "what was graded is kept" in said

    done = subprocess.run(command(folder), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert points(folder) == worth()
    label = f"{ledger.SEAT}={seat()}"
    assert (engine.containers(label), engine.networks(label)) == ([], [])

    # All of it is in the book now: the engine is not asked, another policy needs no other grading.
    nowhere = {**os.environ, "DOCKER_HOST": "unix:///nowhere"}
    late = ("--due", "2020-01-01T00:00+00:00", "--late-per-day", "50", "--late-at-most", "50", "--format", "csv-wide")
    done = subprocess.run(command(folder, *late), capture_output=True, text=True, check=False, env=nowhere)
    assert done.returncode == 0, done.stderr
    assert points(folder) == {learner: f"{float(each) / 2:g}" for learner, each in worth().items()}


def test_what_a_format_needs_is_said_at_once(folder):
    done = subprocess.run(command(folder, "--format", "classroom50"), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "needs to be told: classroom, assignment" in done.stderr
    assert not (folder.parent / "out" / "grading.sqlite").exists()
