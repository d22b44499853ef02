"""Many jobs in processes of their own: none is lost, none is done twice, whatever happens to a process."""

from __future__ import annotations

import threading

import pytest
from pool_tools import do, job

from labkit.errors import EngineDied
from labkit.grading import made
from labkit.grading.pool import Pool
from labkit.result import Outcome


def work(jobs, *, workers=2, quiet=lambda: None, stop=None):
    found = []
    with Pool(workers, quiet) as pool:
        pool.work(iter(jobs), found.append, stop or threading.Event(), do=do)
    return {int(record.key.submission_hash): record.report for record in found}, len(found)


def test_each_job_is_done_once():
    found, count = work([job(number) for number in range(10)])
    assert sorted(found) == list(range(10))
    assert count == 10


def test_a_process_that_dies_takes_only_its_own_job_with_it():
    found, count = work([job(0), job(1, "die"), job(2), job(3)])
    outcomes = [str(found[number].outcome) for number in range(4)]
    assert outcomes == ["pass", "error", "pass", "pass"]
    assert count == 4
    assert "died" in found[1].findings[0].why


def test_a_bug_of_ours_is_no_failure_of_a_learner():
    found, _ = work([job(0, "bug"), job(1)])
    assert found[0].outcome is Outcome.ERROR
    assert found[0].open_points > 0
    assert "TypeError: not so" in found[0].findings[0].why
    assert found[1].passed


def test_where_the_engine_is_lost_no_other_job_is_begun():
    begun = []

    def jobs():
        for number in range(100):
            begun.append(number)
            yield job(number, "engine" if number == 1 else "")

    found = []
    with Pool(2, lambda: None) as pool, pytest.raises(EngineDied):
        pool.work(jobs(), found.append, threading.Event(), do=do)
    assert 1 not in {int(record.key.submission_hash) for record in found}
    assert len(begun) <= len(found) + 2


def test_when_told_to_stop_it_finishes_what_is_under_way():
    stop, found = threading.Event(), []

    def done(record):
        found.append(record)
        stop.set()

    with Pool(2, lambda: None) as pool:
        pool.work((job(number) for number in range(100)), done, stop, do=do)
    assert 1 <= len(found) <= 3


def test_it_does_fewer_at_once_where_that_is_wished():
    found = []
    with Pool(4, lambda: None) as pool:
        running = []

        def jobs():
            for number in range(6):
                running.append(len(pool._running))  # noqa: SLF001  what it is about
                yield job(number)

        pool.work(jobs(), found.append, threading.Event(), do=do, most=2)
    assert len(found) == 6
    assert max(running) == 1  # those beside the one that is taken just then


def test_nothing_is_removed_while_a_job_is_under_way(monkeypatch):
    monkeypatch.setattr(made, "MOST", 100)
    states = []
    found = []
    with Pool(2, lambda: states.append((len(pool._running), len(found)))) as pool:  # noqa: SLF001  what it is about
        pool.work((job(number, "60") for number in range(6)), found.append, threading.Event(), do=do)
    assert len(found) == 6
    assert {running for running, _ in states} == {0}
    assert 2 <= len(states) <= 3
