"""`python -m labkit.engine start|stop HOME RUN BRIDGE GROUP`: what `Private` runs through sudo."""

from __future__ import annotations

import sys
from pathlib import Path

from labkit.engine.private import Private
from labkit.errors import LabError
from labkit.progress import shown


def main(verb: str, home: str, run: str, bridge: str, group: str) -> None:
    """Start or stop one private engine."""
    engine = Private(Path(home), Path(run), bridge, group)
    if verb == "stop":
        engine.stop()
        return
    with shown() as progress:
        engine.start(progress)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except LabError as error:
        sys.exit(str(error))
