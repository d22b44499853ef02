"""How it is shown that something is done, or not: a sign and a word, the same for the terminal, the panel and pages.

What is kept and compared is the key; its word is translated where it is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from labkit.result import Outcome
from labkit.words import mark, say

Status = Literal["to do", "not yet", "done", "trouble"]


@dataclass(frozen=True, slots=True)
class Shown:
    """A sign for those who see it, and a word for everybody.

    Attributes:
        sign: one character.
        english: the word, as the catalogs know it.
    """

    sign: str
    english: str

    @property
    def word(self) -> str:
        """The word in the learner's language."""
        return say(self.english)


# Of one check.
FINDINGS: dict[Outcome, Shown] = {
    Outcome.PASS: Shown("✓", mark("pass")),
    Outcome.FAIL: Shown("✗", mark("not yet")),
    Outcome.TODO: Shown("·", mark("to do")),
    Outcome.ERROR: Shown("!", mark("trouble")),
}
# Of an exercise, by how its last check ended.
STATUSES: dict[Status, Shown] = {
    "to do": Shown("○", mark("to do")),
    "not yet": Shown("✗", mark("not yet")),
    "done": Shown("✓", mark("done")),
    "trouble": Shown("!", mark("trouble")),
}
STATUS: dict[Outcome, Status] = {
    Outcome.PASS: "done",
    Outcome.FAIL: "not yet",
    Outcome.TODO: "to do",
    Outcome.ERROR: "trouble",
}
