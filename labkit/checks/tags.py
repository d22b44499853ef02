"""Checks of names: which images a Dockerfile builds on. A built image does not know, so the text has to tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.checks.registry import check, failed, passed
from labkit.dockerfile import DIGEST
from labkit.words import say

if TYPE_CHECKING:
    from labkit.evidence import Evidence
    from labkit.result import Finding


@check("Each image that it builds on is named with a version")
def base_images_pinned(evidence: Evidence) -> Finding:
    """Each image after FROM or in COPY --from has a digest, or a tag with a version number in it.

    The stages of the Dockerfile itself do not count, and the defaults of ARG are filled in.
    """
    names = evidence.dockerfile.sources
    moving = [name for name in names if not _has_version(name)]
    if not moving:
        bases = ", ".join(names) or say("nothing but its own stages")
        return passed(say("The image is built on {bases}.", bases=bases))
    return failed(
        say("The Dockerfile builds on {moving}.", moving=", ".join(map(_said, moving))),
        say("A tag with a version in it, such as node:20-alpine, or a digest."),
        say(
            "Without a tag, `latest` is meant. Such a name is given to another image from time to time, "
            "so the same Dockerfile builds something else tomorrow, and nobody has changed a line."
        ),
    )


def _tag(name: str) -> str:
    """The tag of an image's name; the port of a registry is none."""
    return name.rpartition("/")[2].partition("@")[0].partition(":")[2]


def _has_version(name: str) -> bool:
    return bool(DIGEST.search(name)) or any(letter.isdigit() for letter in _tag(name))


def _said(name: str) -> str:
    return name if _tag(name) else say("{name} (which means {name}:latest)", name=name)
