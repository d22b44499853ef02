"""What a learner expects before the engine shows it: a question, the answer that was committed, and what was seen.

An answer counts when it was committed before the truth was shown. Both are kept in the learner's history.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from labkit.words import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labkit.history import History

CLOSE, SAME_SIZE = 1.1, 2.0  # factors: a number within the first is right, within the second half right
HALF = 0.5

Value = str | int | float | list[str]


@dataclass(frozen=True)
class Question:
    """A question; exactly one of the three kinds of answer.

    Attributes:
        text: the question.
        choices: the answers to choose from.
        number: the unit of the number that is asked for, such as "MB".
        order: the things to be put in order.
    """

    text: str
    choices: tuple[str, ...] = ()
    number: str = ""
    order: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if sum(map(bool, (self.choices, self.number, self.order))) != 1:
            raise ValueError("A prediction is one of choices, number and order.")

    def __str__(self) -> str:
        below = [f"- {each}" for each in self.choices or self.order] or [
            say("a number, in {number}", number=self.number)
        ]
        head = (
            say("Predict: {text} Put in order:", text=self.text)
            if self.order
            else say("Predict: {text}", text=self.text)
        )
        return "\n".join([head, *(f"  {line}" for line in below)])

    def check(self, value: Value) -> None:
        """See that a value can be an answer. Raises ValueError."""
        if self.number:
            good = isinstance(value, (int, float)) and value >= 0
        elif self.choices:
            good = value in self.choices
        else:
            good = not isinstance(value, (str, int, float)) and sorted(value) == sorted(self.order)
        if not good:
            raise ValueError(f"{value!r} is no answer to: {self}")

    def words(self, value: Value) -> str:
        """Say an answer."""
        if isinstance(value, str):
            return value
        return f"{value:g} {self.number}" if isinstance(value, (int, float)) else ", ".join(value)

    def score(self, given: Value, truth: Value) -> float:
        """Compare an answer with the truth: 1 is right, 0 is wrong."""
        if isinstance(given, (int, float)) and isinstance(truth, (int, float)):
            low, high = sorted((float(given), float(truth)))
            return float(high <= low * CLOSE) or HALF * (high <= low * SAME_SIZE)
        if isinstance(given, list) and isinstance(truth, list):
            return _pairs_in_order(given, truth)
        return float(given == truth)


def _pairs_in_order(given: Sequence[str], truth: Sequence[str]) -> float:
    place = {name: at for at, name in enumerate(truth)}
    pairs = [place[one] < place[other] for one, other in combinations(given, 2)]
    return sum(pairs) / len(pairs) if pairs else 1.0


@dataclass(frozen=True)
class Entry:
    """What is remembered of one question.

    Attributes:
        given: the learner's answer, or None.
        seen: whether the truth was shown.
        score: of an answer that was committed before: 0 to 1.
    """

    given: Value | None = None
    seen: bool = False
    score: float | None = None


ENTRY = TypeAdapter(Entry)


class Predictions:
    """All of a learner's predictions.

    Args:
        history: where they are kept.
    """

    def __init__(self, history: History) -> None:
        self._history = history

    def get(self, question: Question) -> Entry:
        """What is remembered of a question."""
        return self._all().get(question.text, Entry())

    def commit(self, question: Question, given: Value) -> Entry:
        """Keep an answer. Once the truth was shown, the first one stays. Raises ValueError."""
        question.check(given)
        entry = self.get(question)
        return entry if entry.seen else self._keep(question, replace(entry, given=given))

    def reveal(self, question: Question, truth: Value) -> Entry:
        """Keep that the truth was shown, and score what was said before. Raises ValueError."""
        question.check(truth)
        entry = self.get(question)
        if entry.seen:
            return entry
        score = None if entry.given is None else question.score(entry.given, truth)
        return self._keep(question, replace(entry, seen=True, score=score))

    def total(self) -> tuple[float, int]:
        """Points so far, and how many predictions they are for."""
        scores = [entry.score for entry in self._all().values() if entry.score is not None]
        return sum(scores), len(scores)

    def _all(self) -> dict[str, Entry]:
        return {text: ENTRY.validate_json(entry) for text, entry in self._history.predictions().items()}

    def _keep(self, question: Question, entry: Entry) -> Entry:
        self._history.predicted(question.text, ENTRY.dump_json(entry).decode())
        return entry


def verdict(score: float) -> str:
    """Say how good a prediction was."""
    if score == 1:
        return say("Right.")
    return say("Nearly.") if score >= HALF else say("Not this time.")
