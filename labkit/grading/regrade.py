"""The same submissions once more, to prove that they get the same points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from labkit.grading.job import Record  # noqa: TC001  pydantic reads the annotations

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Pair:
    """Two gradings of one submission."""

    before: Record
    now: Record


_PAIR = TypeAdapter(Pair)


def keep(folder: Path, before: Record, now: Record) -> Path:
    """Write both down with all their evidence, for a person to compare; give the file."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{before.report.exercise}-{before.key.submission_hash[:12]}.json"
    path.write_bytes(_PAIR.dump_json(Pair(before, now), indent=2))
    return path


def differences(before: Record, now: Record) -> list[str]:
    """What differs between two gradings of one submission, a sentence each; a changed course is named first.

    Args:
        before: as it is in the book.
        now: as it was found just now.
    """
    changed = [
        f"{what} has changed since."
        for what, one, other in (
            ("The course", before.key.course, now.key.course),
            ("The exercise", before.key.exercise_hash, now.key.exercise_hash),
            ("The engine", before.provenance.engine, now.provenance.engine),
            ("A base image", before.provenance.base_images, now.provenance.base_images),
        )
        if one != other
    ]
    then = [(finding.check, finding.title) for finding in before.report.findings]
    if then != [(finding.check, finding.title) for finding in now.report.findings]:
        return [*changed, "It has other checks now."]
    judged = [
        f"{new.title}: {old.outcome} before, {new.outcome} now. {new.saw}"
        for old, new in zip(before.report.findings, now.report.findings, strict=True)
        if (old.outcome, old.points) != (new.outcome, new.points)
    ]
    return [*changed, *judged] if judged else []
