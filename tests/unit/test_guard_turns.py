"""Builds go together, a removal of images goes alone, and does not wait for ever."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from filelock import AsyncReadWriteLock, ReadWriteLock, Timeout

from labkit.guard import turns
from labkit.guard.turns import Turn, taken


@pytest.fixture
def path(tmp_path):
    return tmp_path / "turns.db"


def is_taken(path):
    """Whether somebody else, such as a run of the lab's, would have to leave images where they are."""
    try:
        with ReadWriteLock(path, is_singleton=False).write_lock(blocking=False):
            return False
    except Timeout:
        return True


def in_turn(path, check):
    async def run():
        lock = AsyncReadWriteLock(path)
        try:
            await check(lock)
        finally:
            await lock.close()

    asyncio.run(run())


def test_while_somebody_builds_nothing_is_removed(path):
    async def check(lock):
        async with taken(Turn.BUILD, lock):
            assert is_taken(path)
        assert not is_taken(path)

    in_turn(path, check)


def test_builds_go_together(path):
    async def check(lock):
        both = asyncio.Barrier(2)

        async def build():
            async with taken(Turn.BUILD, lock):
                await both.wait()

        async with asyncio.timeout(10):
            await asyncio.gather(build(), build())

    in_turn(path, check)


def test_a_build_waits_for_a_removal(path):
    async def check(lock):
        order = []

        async def build():
            async with taken(Turn.BUILD, lock):
                order.append("build")

        async with taken(Turn.REMOVE, lock):
            waiting = asyncio.create_task(build())
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(waiting), 0.1)
            order.append("removed")
        await waiting
        assert order == ["removed", "build"]

    in_turn(path, check)


def test_a_removal_does_not_wait_for_ever(path, monkeypatch):
    monkeypatch.setattr(turns, "PATIENCE", 0.05)

    async def check(lock):
        async def remove():
            async with taken(Turn.REMOVE, lock):
                pass

        async with taken(Turn.BUILD, lock), asyncio.timeout(10):
            await asyncio.create_task(remove())
            assert is_taken(path)

    in_turn(path, check)


@pytest.mark.parametrize("turn", Turn)
def test_what_does_no_harm_waits_for_nobody(path, turn):
    async def check(lock):
        async with taken(Turn.REMOVE, lock), asyncio.timeout(10):
            await asyncio.create_task(enter(Turn.ANY, lock))
            await asyncio.create_task(enter(turn, None))

    async def enter(turn, lock):
        async with taken(turn, lock):
            pass

    in_turn(path, check)
