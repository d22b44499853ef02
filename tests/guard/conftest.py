"""Fixtures: a guard in front of the engine, for all tests of a process or for one."""

from __future__ import annotations

import pytest
from live_guard import end, live
from world import build_world, end_world


@pytest.fixture(scope="session")
def guard(engine):
    """One guard for all tests of a process; who kills it takes `own_guard`."""
    it = live(engine.url)
    yield it
    end(it)


@pytest.fixture
def own_guard(engine):
    """A guard for one test alone, which may kill and start it."""
    it = live(engine.url)
    yield it
    if it.process.poll() is not None:
        it.start()
    end(it)


@pytest.fixture
def me(guard):
    return guard.seats[0]


@pytest.fixture
def other(guard):
    return guard.seats[1]


@pytest.fixture(scope="session")
def world(guard, engine):
    """What an attacker must not touch; the first seat is the attacker."""
    it = build_world(guard, engine.client)
    yield it
    end_world(it)


@pytest.fixture(autouse=True)
def may_change(request):
    """A test that may leave something of the attacker's ends the row of those that may not."""
    if "guard" in request.fixturenames and "unchanged" not in request.fixturenames:
        request.getfixturevalue("guard").seen = None


@pytest.fixture
def unchanged(guard, world):
    """Everybody else's things, and what is the attacker's, are the same afterwards."""
    before = guard.seen or (world.now(), world.of_attacker())  # in a row, what the test before found at its end
    yield world
    guard.seen = world.now(), world.of_attacker()
    assert guard.seen == before
