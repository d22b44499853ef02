"""What an engine holds, before and after."""

from __future__ import annotations

import time

SWEPT_WITHIN = 10  # seconds after the next command


def all_there(engine, things):
    return (
        engine.inspect(things["container"])["State"]["Running"]
        and engine.image(things["image"]) is not None
        and any(n["Name"] == things["network"] for n in engine.api.networks())
        and any(v["Name"] == things["volume"] for v in engine.api.volumes()["Volumes"])
    )


def everything(engine):
    """Ids of all that an engine holds."""
    return (
        {c["Id"] for c in engine.containers()}
        | {i["Id"] for i in engine.images(intermediate=True)}
        | {n["Id"] for n in engine.api.networks()}
        | {v["Name"] for v in engine.api.volumes()["Volumes"] or []}
    )


def assert_becomes(true, seconds=SWEPT_WITHIN):
    """Fail unless it becomes true in time: the engine ends a cancelled step by itself, a moment later."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)
