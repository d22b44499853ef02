"""Checks of an image: its size, what is in it, and what its configuration says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pathspec import GitIgnoreSpec

from labkit.checks.registry import check, failed, passed
from labkit.words import say

if TYPE_CHECKING:
    from labkit.evidence import Evidence
    from labkit.result import Finding

SHOWN = 3  # how many paths a finding names


@check("At least {percent} % smaller than the single-stage image")
def image_smaller_than_single_stage(evidence: Evidence, *, percent: float) -> Finding:
    """Compare the image's size with the single-stage image that the course builds from the same files.

    Args:
        evidence: the evidence.
        percent: how much of the single-stage image's bytes must be saved, at least.
    """
    before, after = evidence.baseline.size, evidence.image.size
    saved = 100 * (before - after) / before
    result = say("{saved:.0f} % saved", saved=saved) if saved >= 1 else say("nothing saved")
    saw = say(
        "The image has {after}, the single-stage image {before}: {result}.",
        after=_megabytes(after),
        before=_megabytes(before),
        result=result,
    )
    if saved >= percent:
        return passed(saw)
    return failed(
        saw,
        say("At least {percent:g} % saved.", percent=percent),
        say(
            "Every byte is pulled by every machine that runs the image, and tools that are not needed "
            "there are tools for whoever breaks in. Only what the last stage holds is in the image, but "
            "all of its layers count."
        ),
    )


def _megabytes(size: float) -> str:
    return f"{size / 1e6:.0f} MB"


@check("What is not needed is not in the image")
def not_in_image(evidence: Evidence, *, paths: list[str], why: str = "") -> Finding:
    """No file that a container of the image sees matches a pattern.

    Args:
        evidence: the evidence.
        paths: patterns as in .gitignore, relative to the image's root, such as ``app/node_modules/typescript``.
        why: why these do not belong there; "" for a general reason.
    """
    found = _matching(evidence, paths)
    if not found:
        return passed(say("Nothing in the image matches {paths}.", paths=", ".join(paths)))
    return failed(
        say("The image holds {found}.", found=_some(found)),
        say("No file that matches {paths}.", paths=", ".join(paths)),
        why or say("What the running app does not need makes the image larger and easier to attack."),
    )


@check("What is needed is in the image")
def in_image(evidence: Evidence, *, paths: list[str]) -> Finding:
    """For each pattern there is a file that a container of the image sees.

    Args:
        evidence: the evidence.
        paths: patterns as in .gitignore, relative to the image's root.
    """
    missing = [pattern for pattern in paths if not _matching(evidence, [pattern])]
    if not missing:
        return passed(say("The image holds {paths}.", paths=", ".join(paths)))
    return failed(
        say("Nothing in the image matches {missing}.", missing=", ".join(missing)),
        say("A file for each of {paths}.", paths=", ".join(paths)),
        say("A container sees what its image holds and nothing else."),
    )


def _matching(evidence: Evidence, patterns: list[str]) -> list[str]:
    spec = GitIgnoreSpec.from_lines(patterns)
    return sorted(path for path, file in evidence.image.files.items() if not file.is_dir and spec.match_file(path))


def _some(paths: list[str]) -> str:
    names = ", ".join(f"/{path}" for path in paths[:SHOWN])
    return say("{names} and {count} more files", names=names, count=len(paths) - SHOWN) if len(paths) > SHOWN else names


@check("Port {port} is documented with EXPOSE")
def exposes_port(evidence: Evidence, *, port: int) -> Finding:
    """The image's configuration names a port. Whether anything answers there is another question.

    Args:
        evidence: the evidence.
        port: the TCP port.
    """
    exposed = sorted(evidence.image.config.get("ExposedPorts") or {})
    if f"{port}/tcp" in exposed:
        return passed(say("The image's configuration names port {port}.", port=port))
    return failed(
        say("The image's configuration names {exposed}.", exposed=", ".join(exposed))
        if exposed
        else say("The image's configuration names no port."),
        say("EXPOSE {port}.", port=port),
        say("EXPOSE publishes nothing; it tells people and tools which port the app inside listens on."),
    )


@check("{key} is as wanted")
def config_equals(evidence: Evidence, *, key: str, value: str | list[str]) -> Finding:
    """A field of the image's configuration has a value.

    Args:
        evidence: the evidence.
        key: ``Cmd``, ``Entrypoint``, ``WorkingDir``, ``User``, ``StopSignal``, ``Env.NAME`` or ``Labels.NAME``.
        value: the value; for Cmd and Entrypoint a list.
    """
    field, _, name = key.partition(".")
    seen = evidence.image.config.get(field)
    if field == "Env":
        seen = dict(entry.split("=", 1) for entry in seen or [] if "=" in entry).get(name)
    elif field == "Labels":
        seen = (seen or {}).get(name)
    if seen == value or (
        field == "WorkingDir" and isinstance(value, str) and str(seen).rstrip("/") == value.rstrip("/")
    ):
        return passed(say("{key} is {value}.", key=key, value=_shown(value)))
    return failed(
        say("{key} is {seen}.", key=key, seen=_shown(seen)),
        say("{key} is {value}.", key=key, value=_shown(value)),
        say("The image's configuration is what `docker run` starts from when you give it nothing else."),
    )


def _shown(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(f'"{item}"' for item in value) + "]"
    return f'"{value}"' if value else say("not set")
