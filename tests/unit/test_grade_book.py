"""What is written into the book of a grading stands, and comes back as it was."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from pool_tools import job, record

from labkit.grading.book import Book
from labkit.grading.regrade import differences, keep
from labkit.result import Outcome
from labkit.workspace import SourceFile


@pytest.fixture
def book(tmp_path):
    with Book(tmp_path / "new" / "grading.sqlite") as opened:
        yield opened


def test_a_result_comes_back_as_it_was(book):
    one = record(job(1))
    book.put(one)
    assert book.get(one.key) == one
    assert book.get(job(2).key) is None
    assert list(book.records()) == [one]


def test_files_come_back_as_they_were(book):
    files = {"Dockerfile": SourceFile(bytes(range(256)), executable=True), "src/ä.js": SourceFile(b"")}
    book.keep(job(1).key, files)
    assert book.files(job(1).key) == files


@pytest.mark.parametrize("outcome", Outcome)
def test_an_error_is_no_result(book, outcome):
    book.put(record(job(1), outcome))
    assert book.has(job(1).key) is (outcome is not Outcome.ERROR)


def test_a_later_result_takes_the_place_of_an_error(book):
    book.put(record(job(1), Outcome.ERROR))
    book.put(record(job(1)))
    assert [each.report.outcome for each in book.records()] == [Outcome.PASS]


def test_what_is_written_survives_kill_9(tmp_path):
    script = (
        "import os, signal, sys; sys.path.insert(0, sys.argv[2])\n"
        "from pathlib import Path; from pool_tools import job, record; from labkit.grading.book import Book\n"
        "book = Book(Path(sys.argv[1])); book.put(record(job(1))); os.kill(os.getpid(), signal.SIGKILL)"
    )
    path = tmp_path / "grading.sqlite"
    ended = subprocess.run([sys.executable, "-c", script, path, Path(__file__).parent], check=False)
    assert ended.returncode == -signal.SIGKILL
    with Book(path) as book:
        assert book.has(job(1).key)


def test_two_gradings_compared():
    same, other = record(job(1)), record(job(1), Outcome.FAIL)
    assert differences(same, record(job(1))) == []
    assert differences(same, other) == ["C: pass before, fail now. seen"]


def test_what_differs_is_kept_with_its_evidence(tmp_path):
    path = keep(tmp_path / "regraded", record(job(1)), record(job(1), Outcome.FAIL))
    kept = json.loads(path.read_text())
    outcomes = [kept[which]["report"]["findings"][0]["outcome"] for which in ("before", "now")]
    assert outcomes == ["pass", "fail"]
