"""One submission of one exercise, graded on this machine's engine: plain data in, plain data out.

It runs in a worker's process, on this machine or on another one, and knows nothing of learners.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from tenacity import retry, retry_if_result, stop_after_attempt, wait_exponential

from labkit import course
from labkit.engine import Engine, connect
from labkit.errors import LabError
from labkit.grading import in_english
from labkit.images import COURSE_IMAGES
from labkit.result import Finding, Outcome, Provenance, Report
from labkit.run import run_all, unrun
from labkit.sandbox import Sandbox
from labkit.workspace import SourceFile, laid_over

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from labkit.spec import Exercise
    from labkit.workspace import Snapshot

TRIES = 3  # of a submission that ends in an error, which is never the learner's
NOTHING = "Nothing was handed in."


@dataclass(frozen=True, slots=True)
class Key:
    """What a grading depends on: the same key, the same points.

    Attributes:
        course: version of the course and its checks.
        exercise_hash: sha256 over the exercise's folder (hex).
        submission_hash: sha256 over the files that are graded, the starter's among them (hex).
    """

    course: str
    exercise_hash: str
    submission_hash: str


@dataclass(frozen=True, slots=True)
class Job:
    """A submission to grade.

    Attributes:
        key: what it is known by.
        exercise: the exercise's slug.
        files: the learner's.
    """

    key: Key
    exercise: str
    files: Mapping[str, SourceFile]


@dataclass(frozen=True, slots=True)
class Record:
    """What grading a submission has given."""

    key: Key
    report: Report
    provenance: Provenance


def job(exercise: Exercise, files: Mapping[str, SourceFile]) -> Job:
    """Make the job for a submission's files; where one is missing, it is the starter's."""
    snapshot = _snapshot(exercise, files)
    return Job(Key(course.version(), course.exercise_hash(exercise), snapshot.digest), exercise.slug, files)


@in_english
def do(this: Job) -> Record:
    """Grade a submission. Trouble that is not the learner's is tried again, and ends in findings that say ERROR.

    Raises:
        EngineError: no engine answers, or it went away.
    """
    return _done(this, partial(Sandbox, _engine(), clears=False, bases=COURSE_IMAGES))


@in_english
def prove(this: Job) -> Record:
    """Grade a solution; its images stay for others to build on, as does the one that sizes are compared with."""
    return _done(this, partial(Sandbox, _engine()))


def _done(this: Job, sandbox: Callable[[], Sandbox]) -> Record:
    exercise, began, engine = course.exercise(this.exercise), time.monotonic(), _engine()
    if course.exercise_hash(exercise) != this.key.exercise_hash or course.version() != this.key.course:
        fault = Finding(Outcome.ERROR, "This worker has another version of the course.", "install the same everywhere")
        report = unrun(exercise, fault, this.key.submission_hash)
    else:
        report = _graded(exercise, _snapshot(exercise, this.files), sandbox)
    if report.outcome is Outcome.ERROR:
        engine.ping()  # where the engine itself is gone, nobody else's would be graded either
    seconds = round(time.monotonic() - began, 3)
    where = (str(engine.about), base_images(engine), datetime.now(UTC), seconds)
    return Record(this.key, report, Provenance(this.key.course, this.key.exercise_hash, *where))


@in_english
def not_run(exercise: Exercise, fault: str = "") -> Report:
    """Report of a submission that cannot be read, with the reason for its learner; or of none, without one."""
    return unrun(exercise, Finding(Outcome.FAIL, fault) if fault else Finding(Outcome.TODO, NOTHING))


@in_english
def lost(this: Job, why: str) -> Record:
    """Give the result of a job that the grader itself could not do: a person has to look at it."""
    exercise = course.exercise(this.exercise)
    fault = Finding(Outcome.ERROR, "The grader could not do it.", "Grade it by hand, or report this.", why)
    report = unrun(exercise, fault, this.key.submission_hash)
    provenance = Provenance(this.key.course, this.key.exercise_hash, "", {}, datetime.now(UTC), 0)
    return Record(this.key, report, provenance)


@retry(
    retry=retry_if_result(lambda report: report.outcome is Outcome.ERROR),
    stop=stop_after_attempt(TRIES),
    wait=wait_exponential(max=10),
    retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
)
def _graded(exercise: Exercise, snapshot: Snapshot, sandbox: Callable[[], Sandbox]) -> Report:
    facts: dict[str, Any] = {}
    try:
        report = run_all(exercise, snapshot, sandbox, lambda evidence: facts.update(evidence.facts()))
        return replace(report, evidence=facts)
    except LabError as error:
        return unrun(exercise, Finding(Outcome.ERROR, error.what, error.fix, error.why), snapshot.digest)


def _snapshot(exercise: Exercise, files: Mapping[str, SourceFile]) -> Snapshot:
    return laid_over(exercise, files, missing_is_starter=True)


@cache
def _engine() -> Engine:
    return connect()


def base_images(engine: Engine) -> dict[str, str]:
    """The ids of the course's base images that an engine has, by name."""
    found = {name: engine.image(name) for name in COURSE_IMAGES}
    return {name: image["Id"] for name, image in found.items() if image}
