"""The engine: found, started, described, asked. The only package that imports `docker`."""

from labkit.engine.build import Build, Builder, BuildFailed, BuildRequest, BuildStep, build
from labkit.engine.client import About, Engine
from labkit.engine.find import connect

__all__ = ["About", "Build", "BuildFailed", "BuildRequest", "BuildStep", "Builder", "Engine", "build", "connect"]
