"""What a check found and what a run amounts to: frozen data, no behaviour beyond sums."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
    """

    outcome: Outcome
    saw: str
    want: str = ""
    why: str = ""
    check: str = ""
    title: str = ""
    points: float = 1.0

    @property
    def earned(self) -> float:
        """The points that this finding gives."""
        return self.points if self.outcome is Outcome.PASS else 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """All findings of one run of one exercise.

    Attributes:
        exercise: its slug with number, such as ``06-layer-order``.
        title: its title.
        findings: in the order of ``exercise.toml``.
        snapshot: sha256 of the learner's files that were checked (hex).
        engine: the engine that gave the evidence, such as ``Docker Engine 20.10.24``.
    """

    exercise: str
    title: str
    findings: tuple[Finding, ...]
    snapshot: str = ""
    engine: str = ""

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
