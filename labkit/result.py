"""What a check found and what a run amounts to: frozen data, no behaviour beyond sums."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003  pydantic reads the annotations where gradings are kept
from dataclasses import dataclass, field, replace
from datetime import datetime  # noqa: TC003  as above
from enum import StrEnum
from typing import Any, Literal, Self

from labkit.words import say, say_many

Details = Literal["full", "actual", "none"]  # what a failure may tell: all, only what was seen, nothing


class Outcome(StrEnum):
    """The four ways a check can end."""

    PASS = "pass"  # noqa: S105  no password
    FAIL = "fail"
    TODO = "todo"  # not looked at: the exercise is untouched, or there is no image yet; not wrong, not done
    ERROR = "error"  # ours or the engine's, never the learner's: costs no points


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check.

    Attributes:
        outcome: how it ended.
        saw: what was observed, one sentence.
        want: what was wanted, one sentence.
        why: why it matters, one or two sentences.
        check: the check's name; set by the run.
        title: what the learner reads as its headline; set by the run.
        points: what it is worth; set by the run.
        details: how much of a failure the learner is told; set by the run.
        hidden: whether it is run for a grade only; set by the run.
    """

    outcome: Outcome
    saw: str
    want: str = ""
    why: str = ""
    check: str = ""
    title: str = ""
    points: float = 1.0
    details: Details = "full"
    hidden: bool = False

    @property
    def earned(self) -> float:
        """The points that this finding gives."""
        return self.points if self.outcome is Outcome.PASS else 0.0

    def for_learner(self) -> Self:
        """The finding without what its failure may not tell."""
        if self.outcome is not Outcome.FAIL or self.details == "full":
            return self
        return replace(self, saw="" if self.details == "none" else self.saw, want="", why="")


@dataclass(frozen=True, slots=True)
class Report:
    """All findings of one run of one exercise.

    Attributes:
        exercise: its slug with number, such as ``06-layer-order``.
        title: its title.
        findings: in the order of ``exercise.toml``.
        snapshot: sha256 of the learner's files that were checked (hex).
        engine: the engine that gave the evidence, such as ``Docker Engine 20.10.24``.
        evidence: what the findings stand on, as data that JSON can hold: the build's steps, the image's configuration
            and layers.
        not_run: how many hidden checks were left out.
        timed_out: whether a limit of time ran out in it, so that a busy machine may have a part in what failed.
        since: when it was found, where nothing that it depends on has changed since and it is said again.
    """

    exercise: str
    title: str
    findings: tuple[Finding, ...]
    snapshot: str = ""
    engine: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    not_run: int = 0
    timed_out: bool = False
    since: datetime | None = None

    @property
    def outcome(self) -> Outcome:
        """ERROR before FAIL before TODO before PASS; an empty report is TODO."""
        seen = {f.outcome for f in self.findings}
        for outcome in (Outcome.ERROR, Outcome.FAIL, Outcome.TODO):
            if outcome in seen:
                return outcome
        return Outcome.PASS if seen else Outcome.TODO

    @property
    def passed(self) -> bool:
        """True where every check passed."""
        return self.outcome is Outcome.PASS

    @property
    def points(self) -> float:
        """Points earned."""
        return sum(f.earned for f in self.findings)

    @property
    def max_points(self) -> float:
        """Points to be had."""
        return sum(f.points for f in self.findings)

    @property
    def not_run_note(self) -> str:
        """What to say of hidden checks that were left out, a sentence; "" where there are none."""
        if not self.not_run:
            return ""
        return say_many(
            "These are the public checks; {count} more will be run for the grade.",
            "These are the public checks; {count} more will be run for the grade.",
            self.not_run,
        )

    @property
    def since_note(self) -> str:
        """What to say of a result that is said again, a sentence; "" where it is new."""
        if self.since is None:
            return ""
        when = self.since.astimezone()
        day, hour = f"{when:%Y-%m-%d}", f"{when:%H:%M}"
        return say("These files were checked on {day} at {hour}; this is what was found then.", day=day, hour=hour)

    @property
    def open_points(self) -> float:
        """Points that nobody has decided on: those of checks that ended in an error."""
        return sum(f.points for f in self.findings if f.outcome is Outcome.ERROR)

    def for_learner(self) -> Self:
        """The report without what its failures may not tell."""
        return replace(self, findings=tuple(finding.for_learner() for finding in self.findings))


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a grading can be repeated from.

    Attributes:
        course: the version of the course and its checks.
        exercise_hash: sha256 over the exercise's folder (hex).
        engine: the engine, such as ``Docker Engine 20.10.24``.
        base_images: ids of the base images, by name.
        graded: when.
        seconds: how long it took.
    """

    course: str
    exercise_hash: str
    engine: str
    base_images: Mapping[str, str]
    graded: datetime
    seconds: float


@dataclass(frozen=True, slots=True)
class Grade:
    """One learner's result in one exercise.

    Attributes:
        learner: who handed it in: an id that is unique in the class.
        name: as people call them; may be the same as ``learner``.
        report: what the checks found. Where nothing was handed in all is TODO; where it could not be read, FAIL.
        submitted: when it was handed in, or None where that is not known.
        penalty: the share of the points that the late policy takes, 0 to 1.
        source: where it was read from, as the person who grades knows it: a folder, an archive, a branch.
        notes: what the person who grades should know of how it was handed in, a sentence each.
        provenance: what it can be repeated from; None where nothing was run.
    """

    learner: str
    name: str
    report: Report
    submitted: datetime | None = None
    penalty: float = 0.0
    source: str = ""
    notes: tuple[str, ...] = ()
    provenance: Provenance | None = None

    @property
    def points(self) -> float:
        """Points earned for certain, after the late policy."""
        return self.report.points * (1 - self.penalty)

    @property
    def open_points(self) -> float:
        """Points that a person has to decide on, after the late policy; an error never costs any by itself."""
        return self.report.open_points * (1 - self.penalty)

    @property
    def max_points(self) -> float:
        """Points to be had."""
        return self.report.max_points

    @property
    def set_aside(self) -> bool:
        """Whether a person has to look at it."""
        return self.report.outcome is Outcome.ERROR
