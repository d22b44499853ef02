"""The engine: found, started, described, asked. The only package that imports `docker`."""

from labkit.engine.about import About
from labkit.engine.build import build
from labkit.engine.buildtypes import LOST_PARENT, Build, Builder, BuildFailed, BuildRequest, BuildStep
from labkit.engine.client import Engine
from labkit.engine.events import ran_out_of_memory
from labkit.engine.find import at, connect
from labkit.engine.meter import Meter, Usage
from labkit.engine.words import KILLED

__all__ = [
    "KILLED",
    "LOST_PARENT",
    "About",
    "Build",
    "BuildFailed",
    "BuildRequest",
    "BuildStep",
    "Builder",
    "Engine",
    "Meter",
    "Usage",
    "at",
    "build",
    "connect",
    "ran_out_of_memory",
]
