"""Checks of an image: its size, what is in it, and what its configuration says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pathspec import GitIgnoreSpec

from labkit.checks.registry import check, failed, passed

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
    result = f"{saved:.0f} % saved" if saved >= 1 else "nothing saved"
    saw = f"The image has {_megabytes(after)}, the single-stage image {_megabytes(before)}: {result}."
    if saved >= percent:
        return passed(saw)
    return failed(
        saw,
        f"At least {percent:g} % saved.",
        "Every byte is pulled by every machine that runs the image, and tools that are not needed there are "
        "tools for whoever breaks in. Only what the last stage holds is in the image, but all of its layers count.",
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
        return passed(f"Nothing in the image matches {', '.join(paths)}.")
    return failed(
        f"The image holds {_some(found)}.",
        f"No file that matches {', '.join(paths)}.",
        why or "What the running app does not need makes the image larger and easier to attack.",
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
        return passed(f"The image holds {', '.join(paths)}.")
    return failed(
        f"Nothing in the image matches {', '.join(missing)}.",
        f"A file for each of {', '.join(paths)}.",
        "A container sees what its image holds and nothing else.",
    )


def _matching(evidence: Evidence, patterns: list[str]) -> list[str]:
    spec = GitIgnoreSpec.from_lines(patterns)
    return sorted(path for path, file in evidence.image.files.items() if not file.is_dir and spec.match_file(path))


def _some(paths: list[str]) -> str:
    names = ", ".join(f"/{path}" for path in paths[:SHOWN])
    return names + (f" and {len(paths) - SHOWN} more files" if len(paths) > SHOWN else "")


@check("Port {port} is documented with EXPOSE")
def exposes_port(evidence: Evidence, *, port: int) -> Finding:
    """The image's configuration names a port. Whether anything answers there is another question.

    Args:
        evidence: the evidence.
        port: the TCP port.
    """
    exposed = sorted(evidence.image.config.get("ExposedPorts") or {})
    if f"{port}/tcp" in exposed:
        return passed(f"The image's configuration names port {port}.")
    return failed(
        f"The image's configuration names {', '.join(exposed) if exposed else 'no port'}.",
        f"EXPOSE {port}.",
        "EXPOSE publishes nothing; it tells people and tools which port the app inside listens on.",
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
        return passed(f"{key} is {_shown(value)}.")
    return failed(
        f"{key} is {_shown(seen)}.",
        f"{key} is {_shown(value)}.",
        "The image's configuration is what `docker run` starts from when you give it nothing else.",
    )


def _shown(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(f'"{item}"' for item in value) + "]"
    return f'"{value}"' if value else "not set"
