"""Whether a container's main process can hear a signal at all."""

from __future__ import annotations

import re
import signal as signals
from typing import TYPE_CHECKING

from labkit.errors import EngineError

if TYPE_CHECKING:
    from labkit.engine.client import Engine

# Where a process waits for signals without a handler, as tini does, it is in this function of the kernel.
TAKES_THEM_IN_TURN = "sigtimedwait"
UNKNOWN = ("", "-", "?", "0")


def ignores(engine: Engine, container: str, name: str) -> bool:
    """Tell whether the main process ignores a signal, so that more time would change nothing.

    The kernel drops a signal for the first process of a container that has no handler for it (source:
    pid_namespaces(7)). Where that cannot be seen, the answer is no.

    Args:
        engine: the engine.
        container: its id; it runs.
        name: the signal's, such as ``SIGTERM``.
    """
    try:
        number = signals.Signals[f"SIG{name.removeprefix('SIG')}"]
        main = str(engine.inspect(container)["State"]["Pid"])
        (row,) = [each for each in engine.top(container, "pid,caught,blocked,wchan:32") if each["pid"] == main]
        heard = int(row["caught"], 16) | int(row["blocked"], 16)
    except (EngineError, KeyError, ValueError):  # such as a `ps` that knows no such columns
        return False
    waits = re.sub(r"\W.*", "", row["wchan"])
    return not heard & 1 << (number - 1) and waits not in UNKNOWN and TAKES_THEM_IN_TURN not in waits
