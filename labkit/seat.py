"""Who is at work: the seat, the folder of what it remembers, and a name for its engine."""

from __future__ import annotations

import getpass
import hashlib
import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_state_path

if TYPE_CHECKING:
    from labkit.engine import Engine


def state() -> Path:
    """The folder for what must outlive a process: LABKIT_STATE, or the user's state folder."""
    return Path(os.environ.get("LABKIT_STATE") or user_state_path("labkit", appauthor=False))


def seat() -> str:
    """Whose things these are: LABKIT_SEAT, or a name that only this user with this state folder has."""
    if chosen := os.environ.get("LABKIT_SEAT"):
        return chosen
    me = f"{uuid.getnode()}/{getpass.getuser()}/{state().absolute()}"
    return "s" + hashlib.sha256(me.encode()).hexdigest()[:10]


def turns(engine: Engine) -> Path:
    """The lock file of all who build on an engine as this user, shared, and of who removes images there, alone."""
    state().mkdir(parents=True, exist_ok=True)
    return state() / f"turns-{engine_key(engine)}.db"


def engine_key(engine: Engine) -> str:
    """A name for an engine that stays the same: its address."""
    return hashlib.sha256(engine.url.encode()).hexdigest()[:12]
