"""Builds and removals of images take turns.

The classic builder looks a step up in its cache, and only then builds on what it found: who removes that image in
between makes the build fail, and one whose answer has begun cannot be done again. So images stay while somebody builds.
"""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager, suppress
from enum import Enum
from typing import TYPE_CHECKING

from filelock import AsyncReadWriteLock, Timeout

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

PATIENCE = 5.0  # s that a removal waits; a build that goes on for longer has long looked into the cache


class Turn(Enum):
    """What a request may do to the cache that others build with."""

    ANY = "any"  # nothing
    BUILD = "build"
    REMOVE = "remove"


def opened(path: Path | None) -> AsyncReadWriteLock | None:
    """Give the lock in a file, or None where nobody is to wait."""
    return AsyncReadWriteLock(path) if path else None


@asynccontextmanager
async def taken(turn: Turn, lock: AsyncReadWriteLock | None) -> AsyncIterator[None]:
    """Wait until it is one's turn, and keep it: builds go together, a removal goes alone.

    Args:
        turn: of what kind.
        lock: what all have in common who build on an engine as this user, from `opened`.
    """
    async with AsyncExitStack() as held:
        if lock and turn is Turn.BUILD:
            await held.enter_async_context(lock.read_lock())
        elif lock and turn is Turn.REMOVE:
            with suppress(Timeout):
                await held.enter_async_context(lock.write_lock(PATIENCE))
        yield
