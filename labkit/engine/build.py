"""Building an image with the classic builder or with BuildKit, seen as one: steps, each reused or made anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.engine.buildkit import build as with_buildkit
from labkit.engine.buildtypes import LostParent
from labkit.engine.classic import build as with_classic
from labkit.errors import EngineError
from labkit.progress import Heard, silent
from labkit.words import say

if TYPE_CHECKING:
    from labkit.engine.buildtypes import Build, Builder, BuildRequest, OnImage
    from labkit.engine.client import Engine
    from labkit.progress import Listener


def build(
    engine: Engine,
    request: BuildRequest,
    builder: Builder = "classic",
    *,
    listener: Listener | None = None,
    on_image: OnImage = lambda *_: None,
) -> Build:
    """Build an image.

    Args:
        engine: the engine.
        request: what to build.
        builder: "classic" or "buildkit".
        listener: hears what it says.
        on_image: see `OnImage`.

    Raises:
        BuildFailed: the Dockerfile is at fault.
        EngineError: the engine is.
        StepTimeout: it took longer than ``request.seconds``.
    """
    listener = listener or Heard(silent)
    if builder == "buildkit":
        return with_buildkit(engine, request, listener)
    for last in (False, True):
        try:
            made = with_classic(engine, request, listener, on_image)
        except LostParent as error:
            if last:
                raise EngineError(
                    say("The engine lost a part of its build cache while building: {error}", error=error),
                    fix=say("check again; where it stays, run `labkit clean`"),
                ) from None
        else:
            # Only where anything may be reused can a second build bring the stages together.
            if last or not made.torn or request.no_cache or request.cache_from is not None:
                return made
    raise AssertionError
