"""What a learner has done is kept: through kill -9, two kernels at once, a moved checkout, an updated course."""

from __future__ import annotations

import multiprocessing
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from labkit import history
from labkit.errors import HistoryError
from labkit.history import History
from labkit.remembered import Note
from labkit.result import Finding, Outcome, Report

KEY, UPDATED = ("06-layer-order", "v1"), ("06-layer-order", "v2")


@pytest.fixture
def kept(tmp_path):
    return History(tmp_path / "history.sqlite")


@pytest.fixture
def clock(monkeypatch):
    """Give what moves the time on."""
    now = [1_000_000.0]
    monkeypatch.setattr(history.time, "time", lambda: now[0])

    def on(seconds):
        now[0] += seconds

    return on


def report(outcome=Outcome.PASS, **more):
    found = Finding(outcome, "Seen.", "Wanted.", "Why.", "image_builds", "It builds", 2.0)
    return Report("06-layer-order", "Order", (found,), "abc", "Docker Engine 20.10.24", {"steps": [{"id": 1}]}, **more)


def test_nothing_is_remembered_at_first(kept):
    assert kept.note(KEY) == Note()
    assert (kept.attempts(), kept.passed(), kept.predictions(), kept.known(KEY, "x")) == ([], set(), {}, None)


def test_a_check_is_kept_with_all_that_it_found(kept):
    kept.checked(KEY, "x", report(Outcome.FAIL))
    kept.checked(KEY, "y", report())
    assert [each.report for each in kept.attempts("06-layer-order")] == [report(Outcome.FAIL), report()]
    assert kept.attempts("07-run-and-publish") == []
    note = kept.note(KEY)
    assert (note.status, note.passed, note.attempts, note.changed, note.points) == ("done", True, 2, False, 2)
    assert kept.passed() == {"06-layer-order"}


def test_files_that_are_the_starters_still_are_no_attempt(kept):
    kept.checked(KEY, "x", report(Outcome.TODO))
    assert (kept.note(KEY).status, kept.attempts()) == ("to do", [])


def test_what_was_passed_stays_passed(kept):
    kept.checked(KEY, "x", report())
    kept.checked(KEY, "y", report(Outcome.FAIL))
    assert (kept.note(KEY).status, kept.note(KEY).passed) == ("not yet", True)


def test_attempts_are_bound_to_the_version_of_the_exercise(kept):
    kept.checked(KEY, "x", report())
    kept.hint_read(KEY, 2)
    assert kept.note(UPDATED) == Note(passed=True, changed=True)
    assert kept.known(UPDATED, "x") is None
    kept.checked(UPDATED, "x", report())
    assert not kept.note(UPDATED).changed
    assert (kept.note(KEY).hints, kept.note(KEY).attempts) == (2, 1)


def test_the_same_files_are_said_again(kept):
    before = datetime.now(UTC)
    kept.checked(KEY, "x", report(Outcome.FAIL))
    kept.checked(KEY, "y", report())
    again = kept.known(KEY, "x")
    assert again.findings == report(Outcome.FAIL).findings
    assert before <= again.since <= datetime.now(UTC)
    assert "These files were checked on " in again.since_note
    assert report().since_note == ""
    kept.checked(KEY, "x", again)
    assert kept.note(KEY).attempts == 2  # it was no new one
    assert kept.note(KEY).status == "not yet"


@pytest.mark.parametrize("found", [report(Outcome.ERROR), report(Outcome.FAIL, timed_out=True)])
def test_what_a_new_check_may_find_otherwise_is_not_said_again(kept, found):
    kept.checked(KEY, "x", found)
    assert kept.known(KEY, "x") is None


def test_reset_begins_anew_and_forgets_no_attempt(kept):
    kept.hint_read(KEY, 3)
    kept.checked(KEY, "x", report())
    kept.begun_anew(KEY)
    assert kept.note(KEY).hints == 0
    assert (kept.note(KEY).status, kept.note(KEY).passed, kept.note(KEY).attempts) == ("to do", True, 1)


def test_time_at_work_leaves_out_pauses(kept, clock):
    for pause in (0, 60, 200, 3600, 30):
        clock(pause)
        kept.worked(KEY)
    assert kept.note(KEY).seconds == 290
    clock(-500)  # the machine's clock was set
    kept.worked(KEY)
    assert kept.note(KEY).seconds == 290


def test_it_lies_in_the_users_data_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("LABKIT_DATA", str(tmp_path / "mine"))
    assert History().path == tmp_path / "mine" / "history.sqlite"
    monkeypatch.delenv("LABKIT_DATA")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    assert History().path == tmp_path / "share" / "labkit" / "history.sqlite"


def write(path, word, count):
    for number in range(count):
        History(path).predicted(f"{word} {number}", "{}")
        History(path).checked(KEY, f"{word} {number}", report())


def test_many_at_once(kept):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write, args=(kept.path, word, 15)) for word in "abcd"]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    assert [each.exitcode for each in writers] == [0] * 4
    assert (len(kept.predictions()), kept.note(KEY).attempts) == (60, 60)


def test_what_was_said_to_be_kept_survives_a_kill(kept):
    code = (
        "import sys, itertools\nfrom pathlib import Path\nfrom labkit.history import History\n"
        "for number in itertools.count():\n"
        "    History(Path(sys.argv[1])).predicted(f'{number}', '{}')\n    print(number, flush=True)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(kept.path)], stdout=subprocess.PIPE, text=True)
    said = 0
    while said < 20:
        said = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    rest, _ = process.communicate()
    said = max([said, *map(int, rest.split())])
    assert len(kept.predictions()) in (said + 1, said + 2)  # the last one may be kept and not be said yet


def broken(path):
    path.write_text("not a database, but long enough to be looked at as one" * 100)


def newer(path):
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()


@pytest.mark.parametrize(("make", "said"), [(broken, "not a database"), (newer, "newer version")])
def test_a_file_that_cannot_be_used_is_left_alone(kept, make, said):
    make(kept.path)
    before = kept.path.read_bytes()
    with pytest.raises(HistoryError, match=said) as raised:
        kept.note(KEY)
    assert "LABKIT_DATA" in raised.value.fix
    assert kept.path.read_bytes() == before


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(HistoryError, match="cannot be read or written"):
        History(tmp_path / "file" / "history.sqlite").passed()
