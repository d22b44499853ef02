"""The straight line: snapshot → build → sandbox → checks → report."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from labkit.checks.registry import REGISTERED
from labkit.engine import BuildFailed
from labkit.errors import Absent, LabError, StepTimeout, WorkspaceError, timeouts
from labkit.evidence import Evidence
from labkit.progress import silent
from labkit.result import Finding, Outcome, Report
from labkit.sandbox import Sandbox
from labkit.words import mark, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from labkit.engine import Engine
    from labkit.progress import Progress
    from labkit.spec import CheckSpec, Exercise
    from labkit.workspace import Snapshot

    Keep = Callable[[Evidence], None]

ATTEMPTS = 3  # of a run whose builds lose their cache to others
CHECKS = mark("checks")  # the phase of that name
WHY_ABSENT = mark("What is not there can do nothing.")


def run(  # noqa: PLR0913  what is checked, where, and who hears of it
    exercise: Exercise,
    snapshot: Snapshot,
    engine: Engine,
    *,
    progress: Progress = silent,
    keep: Keep | None = None,
    lingers: bool = False,
) -> Report:
    """Check a learner's files, for the learner: without hidden checks, and telling what failures may tell.

    Args:
        exercise: the exercise.
        snapshot: the learner's files.
        engine: where to build and run.
        progress: told about each step.
        keep: see `run_all`.
        lingers: see `labkit.sandbox.Sandbox`.

    Returns:
        A finding for each check, in the exercise's order. Untouched files give TODO without asking the engine.
    """
    public = [spec for spec in exercise.checks if not spec.hidden]
    open_to_all = exercise.model_copy(update={"checks": public})
    report = run_all(open_to_all, snapshot, lambda: Sandbox(engine, progress=progress, lingers=lingers), keep)
    return replace(report.for_learner(), not_run=len(exercise.checks) - len(public))


def run_all(exercise: Exercise, snapshot: Snapshot, sandbox: Callable[[], Sandbox], keep: Keep | None = None) -> Report:
    """Run all checks on a learner's files, for somebody who may know everything.

    Args:
        exercise: the exercise.
        snapshot: the learner's files.
        sandbox: opens a new one.
        keep: given the evidence when all checks have run, while it can still be asked; not where there is none.

    Returns:
        As `run`, with hidden checks, and with what was found in full.
    """
    digest = snapshot.digest
    if not snapshot.touched:
        return not_started(exercise, digest)
    for _ in range(ATTEMPTS):
        before = timeouts()
        report, torn = _attempt(exercise, snapshot, sandbox, keep)
        if not torn:
            return replace(report, timed_out=timeouts() > before)
    return unrun(
        exercise, Finding(Outcome.ERROR, say("Other people's builds came in the way."), say("check again")), digest
    )


def not_started(exercise: Exercise, digest: str) -> Report:
    """Report of files that are the starter's still."""
    return unrun(exercise, Finding(Outcome.TODO, say("Not started yet.")), digest)


def unrun(exercise: Exercise, first: Finding, digest: str = "") -> Report:
    """Report of what was not run: the first check says why, and where that is a failure, the others are to do."""
    findings = (_stamp(spec, _not_built(number, first)) for number, spec in enumerate(exercise.checks))
    return Report(exercise.slug, exercise.title, tuple(findings), digest)


def judged(spec: CheckSpec, evidence: Evidence, before: list[Finding]) -> Finding:
    """One check's finding.

    Args:
        spec: the check.
        evidence: what it may ask.
        before: the findings of the checks before it.
    """
    return _stamp(spec, _waits(spec, before) or _judge(spec, evidence))


def _attempt(
    exercise: Exercise, snapshot: Snapshot, sandbox: Callable[[], Sandbox], keep: Keep | None
) -> tuple[Report, bool]:
    """Run all checks in a sandbox of their own; and whether others came in the way, so that it has to be done anew."""
    with sandbox() as place:
        evidence, progress = Evidence(place, exercise, snapshot), place.progress
        fault = _ready(evidence)
        found: list[Finding] = []
        for number, spec in enumerate(exercise.checks):
            progress(CHECKS, number, len(exercise.checks))
            if fault is None:
                found.append(judged(spec, evidence, found))
            else:
                found.append(_stamp(spec, _waits(spec, found) or _not_built(number, fault)))
        progress(CHECKS, len(exercise.checks), len(exercise.checks))
        torn = evidence.torn
        about = str(place.engine.about)
        if keep and fault is None and not torn:
            keep(evidence)
    return Report(exercise.slug, exercise.title, tuple(found), snapshot.digest, about), torn


def _ready(evidence: Evidence) -> Finding | None:
    """Build once, or run the commands once; give what went wrong, if anything did."""
    try:
        evidence.ready()
    except BuildFailed as error:
        place, what = error.instruction, error.what
        saw = (
            say("The build failed at {place}: {what}", place=place, what=what)
            if place
            else say("The build failed: {what}", what=what)
        )
        return Finding(Outcome.FAIL, saw, say("A build that ends well."), say("Only an image that builds can run."))
    except StepTimeout as error:
        return Finding(
            Outcome.FAIL, error.what, say("An end in time."), error.why or say("What helps: {fix}.", fix=error.fix)
        )
    except LabError as error:
        return _trouble(error)
    return None


def _not_built(number: int, fault: Finding) -> Finding:
    """Say once, at the first check, why there is no image; the others have nothing to look at yet."""
    if number and fault.outcome is Outcome.FAIL:
        return Finding(Outcome.TODO, say("There is nothing to look at yet."))
    return fault


def _waits(spec: CheckSpec, found: list[Finding]) -> Finding | None:
    """One fault is said once: what stands on a check that did not pass is to do."""
    before = [each for each in found if each.check == spec.after and each.outcome is not Outcome.PASS]
    return Finding(Outcome.TODO, say("This comes after: {title}", title=before[0].title)) if before else None


def _judge(spec: CheckSpec, evidence: Evidence) -> Finding:
    """Run one check; trouble of ours or the engine's is an error, never a failure."""
    try:
        return REGISTERED[spec.use].function(evidence, **spec.arguments)
    except BuildFailed as error:
        return Finding(
            Outcome.FAIL, say("A second build failed: {what}", what=error.what), say("A second build that ends well.")
        )
    except StepTimeout as error:
        return Finding(Outcome.FAIL, error.what, say("A second build that ends in time."), error.why)
    except (Absent, WorkspaceError) as error:
        saw = f"{error.what}{evidence.trouble}" if isinstance(error, Absent) else error.what
        return Finding(Outcome.FAIL, saw, say("What helps: {fix}.", fix=error.fix), error.why or say(WHY_ABSENT))
    except LabError as error:
        return _trouble(error)


def _trouble(error: LabError) -> Finding:
    return Finding(Outcome.ERROR, error.what, error.fix, error.why)


def _stamp(spec: CheckSpec, finding: Finding) -> Finding:
    """Add what the exercise says of the check."""
    title = spec.title or say(REGISTERED[spec.use].title, **spec.arguments)
    return replace(finding, check=spec.use, title=title, points=spec.points, details=spec.details, hidden=spec.hidden)
