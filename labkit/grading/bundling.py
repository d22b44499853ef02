"""How an evidence bundle is made: the checks are run as for the learner, and what they stood on is written down."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic import ValidationError

from labkit import course
from labkit.errors import Absent, BuildError, LabError
from labkit.grading import in_english
from labkit.grading.bundle_models import (
    EVIDENCE,
    FILES,
    LIMITS,
    LONGEST_TEXT,
    LONGEST_WORDS,
    MANIFEST,
    REPORT,
    Held,
    HeldBuild,
    HeldConfig,
    HeldEntry,
    HeldImage,
    HeldLayer,
    HeldStep,
    Manifest,
    Member,
    Said,
    SaidAll,
    plain,
    sha256,
)
from labkit.progress import silent
from labkit.run import run
from labkit.workspace import FILE_LIMIT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from labkit.engine import Build, Engine
    from labkit.evidence import Evidence
    from labkit.image import Image
    from labkit.progress import Progress
    from labkit.result import Report
    from labkit.spec import Exercise
    from labkit.workspace import Snapshot, SourceFile

COMPARES, SEARCHES = "image_smaller_than_single_stage", "no_secret_inside"  # checks that need more than image and files
SAYS = ("saw", "want", "why")
INSTEAD = "hand in your files themselves, and have them graded on a machine with an engine"


@in_english
def made(
    exercise: Exercise, snapshot: Snapshot, engine: Engine, progress: Progress = silent
) -> tuple[Report, dict[str, bytes]]:
    """Check a learner's files, and make a bundle's members; a bundle is theirs to read, so it tells no more than that.

    Args:
        exercise: the exercise.
        snapshot: the learner's files.
        engine: where to build and run.
        progress: told about each step.

    Returns:
        What was found, and the members for `labkit.grading.bundle.write`.

    Raises:
        LabError: a bundle cannot hold it.
    """
    held: list[Held] = []
    report = run(
        exercise, snapshot, engine, progress=progress, keep=lambda evidence: held.append(gathered(evidence, exercise))
    )
    return report, packed(exercise, snapshot.files, report, held[0] if held else None)


def packed(exercise: Exercise, files: Mapping[str, SourceFile], report: Report, held: Held | None) -> dict[str, bytes]:
    """Make a bundle's members, the manifest among them.

    Args:
        exercise: the exercise.
        files: the files that were checked; of these, those that the exercise takes are the learner's.
        report: what a learner may know of what was found.
        held: what that stands on.

    Raises:
        LabError: one is larger than a bundle may hold.
    """
    findings = [
        Said(check=f.check, outcome=f.outcome, **{name: plain(getattr(f, name), LONGEST_WORDS) for name in SAYS})
        for f in report.findings
    ]
    learners = {name: files[name] for name in exercise.files if name in files}
    data = {REPORT: SaidAll(snapshot=report.snapshot, findings=findings).dumped()}
    data |= {EVIDENCE: held.dumped()} if held else {}
    data |= {FILES + name: file.data for name, file in learners.items()}
    executable = {FILES + name for name, file in learners.items() if file.executable}
    for name, content in data.items():
        if len(content) > LIMITS.get(name, FILE_LIMIT):
            raise LabError(
                f"{name} has {len(content) / 1e6:.1f} MB, more than a bundle may hold.",
                fix=INSTEAD,
            )
    members = {n: Member(sha256=sha256(c), size=len(c), executable=n in executable) for n, c in data.items()}
    manifest = Manifest(
        format_version=1,
        exercise=exercise.slug,
        exercise_hash=course.exercise_hash(exercise),
        course=course.version(),
        engine=report.engine,
        made=datetime.now(UTC),
        members=members,
    )
    return {MANIFEST: manifest.dumped(), **data}


def gathered(evidence: Evidence, exercise: Exercise) -> Held:
    """Ask for all that a bundle holds, while there is an engine.

    Args:
        evidence: of a run whose image was built, or whose commands were run.
        exercise: the exercise.

    Raises:
        LabError: it cannot be had, or a bundle cannot hold it.
    """
    image, uses = _image(evidence, exercise), {spec.use for spec in exercise.checks}
    # What hidden checks look for, a learner may not know: they are left to a person, or to a machine with an engine.
    tables = [spec.arguments["secrets"] for spec in exercise.checks if spec.use == SEARCHES and not spec.hidden]
    words = sorted({word for table in tables for word in table.values()})
    found = image.find(words) if image and words else {}
    places = {sha256(word.encode()): plain(found[word]) if word in found else None for word in words}
    try:
        return Held(
            build=None if exercise.commands else _held_build(evidence.build),
            image=_held_image(image) if image else None,
            context=_context(evidence),
            baseline_size=_size_of_baseline(evidence) if COMPARES in uses else None,
            searched=places if image else {},
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise LabError(
            f"The image is not one that a bundle can hold: {'.'.join(map(str, first['loc']))}: {first['msg']}.",
            fix=INSTEAD,
        ) from None


def _image(evidence: Evidence, exercise: Exercise) -> Image | None:
    if exercise.commands and not exercise.commands.image:
        return None
    try:
        return evidence.image
    except Absent:
        return None


def _size_of_baseline(evidence: Evidence) -> int | None:
    try:
        return evidence.baseline.size
    except BuildError:  # a learner's .dockerignore can spoil it; the check has said so
        return None


def _held_build(build: Build) -> HeldBuild:
    steps = [
        HeldStep(number=s.number, stage=plain(s.stage), instruction=plain(s.instruction, LONGEST_TEXT), cached=s.cached)
        for s in build.steps
    ]
    return HeldBuild(builder=build.builder, steps=steps)


def _held_image(image: Image) -> HeldImage:
    """An image with all of its lists; the lab's own labels are nobody's."""
    known = {name: image.config.get(name) for name in HeldConfig.model_fields}
    labels = known["Labels"] or {}
    known["Labels"] = {name: value for name, value in labels.items() if not name.startswith("labkit.")} or None
    entries = [
        HeldEntry(instruction=plain(e.instruction, LONGEST_TEXT), size=e.size, layer=e.layer) for e in image.history
    ]
    layers = [
        HeldLayer(
            diff_id=each.diff_id,
            created_by=plain(each.created_by, LONGEST_TEXT),
            size=each.size,
            files=[(plain(path), f.size, f.mode, f.uid, f.is_dir) for path, f in each.files.items()],
            removed=[plain(path) for path in each.removed],
        )
        for each in image.layers
    ]
    return HeldImage(id=image.id, config=HeldConfig.model_validate(known), history=entries, layers=layers)


def _context(evidence: Evidence) -> list[tuple[str, int]]:
    try:
        return sorted((plain(path), size) for path, size in evidence.context.items())
    except BuildError:  # its .dockerignore cannot be read, and commands need not build
        return []
