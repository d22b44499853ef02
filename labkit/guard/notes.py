"""What was refused, written down: in the log, and in the ledger for `labkit guard log`."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labkit.guard.ledger import Ledger
    from labkit.guard.refusal import Refused

NOT_FOUND = 404
log = logging.getLogger("labkit.guard")


def note(ledger: Ledger, seat: str, request: str, error: Refused) -> None:
    """Write a refusal down.

    Args:
        ledger: where.
        seat: whose request it was.
        request: its first line.
        error: why; a name that is not there, as often happens, is no refusal.
    """
    if error.status == NOT_FOUND and not error.why:
        return
    log.debug("%s refused: %s: %s", seat, request, error.what)  # the ledger keeps it; a log would grow without end
    ledger.refuse(time.time(), seat, request, str(error))
