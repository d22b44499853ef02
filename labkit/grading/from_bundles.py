"""Grades from a folder of evidence bundles, on a machine with no engine.

folder/ada.zip · folder/ben.zip · …         each learner's, named like the learner
folder/<anything>/ada.zip · …               where there are several exercises; a bundle says itself of which it is

Each check that can be is run again, on the bundle's files and evidence. The others are taken as the bundle says, and
the grade names them. Nothing that is not there gives points, or costs any, without a person.
"""

from __future__ import annotations

import os
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from labkit import course
from labkit.errors import BuildError
from labkit.grading import in_english
from labkit.grading.bundle import NotSigned, read
from labkit.grading.bundled import BundledEvidence, Missing
from labkit.grading.job import not_run
from labkit.grading.submission import IntakeError, as_text
from labkit.grading.trees import Unreadable, is_junk, is_zip
from labkit.result import Finding, Grade, Outcome, Provenance, Report
from labkit.run import judged, not_started, unrun
from labkit.workspace import laid_over

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from labkit.evidence import Evidence
    from labkit.grading.bundle import Bundle
    from labkit.grading.bundle_models import HeldStep, Said
    from labkit.grading.late import Late
    from labkit.spec import Exercise
    from labkit.workspace import Snapshot

AS_SAID = "As the bundle says, not repeated here: "
NO_RESULT = "This check needs a machine with an engine, and the bundle has no result of it."
LESS = "The bundle says that it passed, and does not hold what that stands on."
BY_HAND = "Grade the files on a machine with an engine, or look at them."


@dataclass
class _Read:
    """What came of one learner's bundles.

    Attributes:
        grades: by exercise.
        faults: of those that cannot be read, each with its file's name.
        notes: of those that are not graded here.
    """

    grades: dict[str, Grade] = field(default_factory=dict)
    faults: list[tuple[str, Unreadable]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@in_english
def grades_from_bundles(
    folder: Path, exercises: Sequence[Exercise], late: Late, key: bytes | None = None
) -> list[Grade]:
    """Grade all bundles of a folder; no engine is asked.

    Args:
        folder: with a bundle for each learner, or folders of such.
        exercises: what is graded; bundles of other exercises are named in a note.
        late: what being late costs. A bundle was handed in when its file was last written.
        key: the course's: a bundle without its signature is set aside for a person. None to look at no signature.

    Returns:
        A grade for each learner and exercise.

    Raises:
        IntakeError: there are no bundles, or a learner has two for one exercise.
    """
    wanted = {exercise.slug: exercise for exercise in exercises}
    learners: dict[str, list[Path]] = defaultdict(list)
    for path in _bundles(folder):
        learners[as_text(path.stem)].append(path)
    if not learners:
        raise IntakeError(
            f"{folder} holds no bundles.", fix="name a folder with a file such as ada.zip for each learner"
        )
    grades = []
    for learner, paths in sorted(learners.items()):  # one after another: few bundles are in memory at any time
        found = _read(learner, paths, wanted, late, key)
        grades += [found.grades.get(slug) or _without(learner, each, found) for slug, each in wanted.items()]
    return grades


def _bundles(folder: Path) -> Iterator[Path]:
    """The zip files in a folder and in the folders in it; links to folders are not followed."""
    try:
        with os.scandir(folder) as entries:
            found = sorted((e.name, e.is_dir(follow_symlinks=False)) for e in entries if not is_junk(e.name))
        for name, is_folder in found:
            inside = sorted((folder / name).iterdir()) if is_folder else []
            yield from (path for path in inside if is_zip(path.name) and not is_junk(path.name))
            if is_zip(name) and not is_folder:
                yield folder / name
    except OSError as error:
        raise IntakeError(f"{folder} cannot be read: {error.strerror}.", fix="check its rights") from None


def _read(learner: str, paths: Sequence[Path], wanted: Mapping[str, Exercise], late: Late, key: bytes | None) -> _Read:
    found = _Read()
    files: dict[str, Path] = {}
    for path in paths:
        label = as_text(path.name)
        try:
            bundle = read(path, key)
        except Unreadable as error:
            found.faults.append((label, error))
            continue
        slug = bundle.manifest.exercise
        if slug not in wanted:
            found.notes.append(f"{label} is a bundle of {as_text(slug)}, which is not graded here.")
        elif slug in files:
            raise IntakeError(
                f"{learner!r} has two bundles of {slug}: {files[slug]} and {path}.", fix="keep one of them"
            )
        else:
            files[slug] = path
            found.grades[slug] = _grade(learner, label, wanted[slug], bundle, late)
    return found


def _without(learner: str, exercise: Exercise, found: _Read) -> Grade:
    """The grade where there is no bundle of an exercise, or one that cannot be read and may have been it."""
    source, error = found.faults[0] if found.faults else ("", "")
    if isinstance(error, NotSigned):  # maybe because of who grades: that is not the learner's to pay for
        report = unrun(exercise, Finding(Outcome.ERROR, str(error), BY_HAND))
    else:
        report = not_run(exercise, str(error))
    return Grade(learner, learner, report, source=source, notes=tuple(found.notes))


def _grade(learner: str, label: str, exercise: Exercise, bundle: Bundle, late: Late) -> Grade:
    began, here = time.monotonic(), course.exercise_hash(exercise)
    report, notes = _report(exercise, bundle, here)
    engine = f"none; the bundle was made with {bundle.manifest.engine or 'none'}"
    seconds = round(time.monotonic() - began, 3)
    return Grade(
        learner,
        learner,
        replace(report, engine=engine),
        bundle.when,
        late.penalty(bundle.when),
        label,
        tuple(notes),
        Provenance(course.version(), here, engine, {}, datetime.now(UTC), seconds),
    )


def _report(exercise: Exercise, bundle: Bundle, here: str) -> tuple[Report, list[str]]:
    """What the checks find now, and what to know besides."""
    then = bundle.manifest.exercise_hash
    if then != here:
        why = f"The exercise as it is installed here has the hash {here[:12]}, the bundle's has {then[:12]}."
        said = f"The bundle was made with another version of the exercise {exercise.slug}."
        fault = Finding(
            Outcome.ERROR, said, "Install the same course on both machines, and make the bundle again.", why
        )
        return unrun(exercise, fault), []
    if others := sorted(bundle.files.keys() - set(exercise.files)):
        fault = Finding(
            Outcome.FAIL, f"The bundle holds a file that the exercise does not take: {as_text(others[0])!r}."
        )
        return unrun(exercise, fault), []
    snapshot = laid_over(exercise, bundle.files)
    if not snapshot.touched:
        return not_started(exercise, snapshot.digest), []
    public = [spec for spec in exercise.checks if not spec.hidden]
    if [said.check for said in bundle.said.findings] != [spec.use for spec in public]:
        fault = Finding(Outcome.FAIL, "The bundle's findings are not those of the exercise's checks.")
        return unrun(exercise, fault, snapshot.digest), []
    findings, notes = _findings(exercise, bundle, snapshot)
    return Report(exercise.slug, exercise.title, tuple(findings), snapshot.digest), [*notes, *_odd(bundle, snapshot)]


def _findings(exercise: Exercise, bundle: Bundle, snapshot: Snapshot) -> tuple[list[Finding], list[str]]:
    """Run each check on what the bundle holds; where that is not enough, take what the bundle says."""
    evidence, recorded = BundledEvidence(bundle.held, snapshot), iter(bundle.said.findings)
    found: list[Finding] = []
    taken, notes = list[str](), list[str]()
    for spec in exercise.checks:
        said = None if spec.hidden else next(recorded)
        evidence.refused = None
        finding = judged(spec, cast("Evidence", evidence), found)
        if evidence.refused:
            finding = _taken(finding, said, missing=isinstance(evidence.refused, Missing))
            taken.append(finding.title)
        elif said and said.outcome is not finding.outcome:
            notes.append(f"{finding.title}: The bundle said {said.outcome}, the evidence in it says {finding.outcome}.")
        found.append(finding)
    if taken:
        notes.insert(0, f"Not repeated here: {'; '.join(taken)}.")
    return found, notes


def _taken(finding: Finding, said: Said | None, *, missing: bool) -> Finding:
    """What the bundle says of a check that cannot be repeated.

    Args:
        finding: with all that the exercise says of the check.
        said: what the bundle says; None of a hidden check.
        missing: whether the check could be repeated if the bundle held what it should.
    """
    if said is None:
        return replace(finding, outcome=Outcome.ERROR, saw=NO_RESULT, want=BY_HAND, why="")
    if missing and said.outcome is Outcome.PASS:
        return replace(finding, outcome=Outcome.ERROR, saw=LESS, want=BY_HAND, why="")
    return replace(
        finding, outcome=said.outcome, saw=AS_SAID + (said.saw or f"{said.outcome}."), want=said.want, why=said.why
    )


def _steps(bundle: Bundle) -> list[HeldStep]:
    return bundle.held.build.steps if bundle.held and bundle.held.build else []


def _odd(bundle: Bundle, snapshot: Snapshot) -> Iterator[str]:
    """What does not fit together in a bundle, or is not known of it, for a person to judge."""
    if bundle.signature != "right":
        yield "It is not signed." if bundle.signature == "none" else "Its signature was not looked at: there is no key."
    if bundle.manifest.course != course.version():
        yield f"It was made with the course {bundle.manifest.course}; here it is {course.version()}."
    if bundle.said.snapshot != snapshot.digest:
        yield "Its findings are of other files than those in it, or file modes differ between the two machines."
    if bundle.held:
        evidence = BundledEvidence(bundle.held, snapshot)
        ran = Counter(step.instruction.partition(" ")[0].upper() for step in _steps(bundle))
        if ran - Counter(instruction.name for instruction in evidence.dockerfile.instructions):
            yield "Its build ran instructions that its Dockerfile does not have."
        try:
            now = sorted(evidence.context.items())
        except BuildError:
            now = []
        if now != sorted(bundle.held.context):
            yield "Its list of what the build sent is not what its files send."
