"""Look-alikes among the submissions of one exercise: to be looked at by a person, never a verdict.

In a small exercise honest answers are alike, so likeness is measured in what is rare. A run of words is worth
log2(all / those who have it) bits, and next to nothing where the starter or more than half of the class has it. Two
submissions are look-alikes where both hold:

- of what the two have together they share nearly all, by worth (Jaccard);
- what they share is worth more bits than chance brings about somewhere among all pairs of a class of this size.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from labkit.grading.tokens import RUN, shingles

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from labkit.grading.submission import Submission
    from labkit.workspace import SourceFile

COMMON = 0.05  # bits: of what the starter or more than half of the class has
MARGIN = 2.0  # bits beyond those of chance
MOST_SHOWN = 3
Shingles = frozenset[str]


@dataclass(frozen=True, slots=True)
class Group:
    """Learners whose submissions are alike.

    Attributes:
        learners: their ids, sorted.
        exercise: the exercise's slug.
        similarity: of the two in it that are least alike, 0 to 1.
        shared: a few runs of words that all of them have and few others do, each after its file's name.
    """

    learners: tuple[str, ...]
    exercise: str
    similarity: float
    shared: tuple[str, ...]


class _Class:
    """What the words of a class are worth.

    Args:
        found: each submission's shingles by learner.
        starter: the starter's.
    """

    def __init__(self, found: Mapping[str, Shingles], starter: Shingles) -> None:
        having = Counter(shingle for each in found.values() for shingle in each)
        size = max(len(found), 1)
        self._common = {shingle for shingle, count in having.items() if shingle in starter or 2 * count > size}
        self.bits = {
            shingle: COMMON if shingle in self._common else math.log2(size / count) for shingle, count in having.items()
        }
        # There are size²/2 pairs; and one word that differs is in RUN shingles.
        self._chance = 2 * math.log2(size) + MARGIN

    def worth(self, some: Iterable[str]) -> float:
        return math.fsum(self.bits[shingle] for shingle in some)

    def likeness(self, one: Shingles, other: Shingles) -> float:
        together = self.worth(one | other)
        return self.worth(one & other) / together if together else 0.0

    def is_telling(self, shared: Shingles) -> bool:
        return self.worth(shared - self._common) / RUN >= self._chance

    def rarest_first(self, some: Iterable[str]) -> list[str]:
        return sorted(some, key=lambda shingle: (-self.bits[shingle], shingle))


def groups(
    submissions: Iterable[Submission], *, at_least: float = 0.9, starter: Mapping[str, SourceFile] | None = None
) -> list[Group]:
    """Find the look-alikes of one exercise.

    Args:
        submissions: of one exercise; those without files are left out. Each is read once and not kept.
        at_least: how alike two must be, above 0 and at most 1.
        starter: the exercise's starter files; what stands there says nothing.

    Returns:
        The groups, the most alike first. Two are in one group also where only others between them are alike.
    """
    if not 0 < at_least <= 1:
        raise ValueError(f"two submissions cannot be alike to {at_least}: from above 0 to 1")
    found: dict[str, Shingles] = {}
    exercise = None
    known: dict[Shingles, Shingles] = {}
    for each in submissions:
        if exercise not in (None, each.exercise):
            raise ValueError(f"look-alikes are sought in one exercise at a time, not in {exercise} and {each.exercise}")
        exercise = each.exercise
        if each.files and (read := shingles(each.files)):
            found[each.learner] = known.setdefault(read, read)
    words = _Class(found, shingles(starter or {}))
    equal: dict[Shingles, list[str]] = defaultdict(list)  # identical ones are one, or a class of copies takes for ever
    for learner, each_shingles in found.items():
        equal[each_shingles].append(learner)
    made = [_group(exercise or "", part, equal, words) for part in _parts(equal, words, at_least)]
    return sorted(made, key=lambda group: (-group.similarity, group.learners))


def _parts(equal: Mapping[Shingles, list[str]], words: _Class, at_least: float) -> Iterator[list[Shingles]]:
    """Sets of shingles that hang together, and those that several learners have to the word."""
    sets = list(equal)
    leader = list(range(len(sets)))

    def lead(number: int) -> int:
        while leader[number] != number:
            leader[number] = number = leader[leader[number]]
        return number

    for one, other in _candidates(sets, words, at_least):
        alike = lead(one) != lead(other) and words.likeness(sets[one], sets[other]) >= at_least
        if alike and words.is_telling(sets[one] & sets[other]):
            leader[lead(other)] = lead(one)
    parts: dict[int, list[Shingles]] = defaultdict(list)
    for number, each in enumerate(sets):
        parts[lead(number)].append(each)
    for part in parts.values():
        if len(part) > 1 or (len(equal[part[0]]) > 1 and words.is_telling(part[0])):
            yield part


def _candidates(sets: list[Shingles], words: _Class, at_least: float) -> Iterator[tuple[int, int]]:
    """Pairs that may be alike: they share one of the rarest shingles that are together too much to miss."""
    holding: dict[str, list[int]] = defaultdict(list)
    for number, each in enumerate(sets):
        left = (1 - at_least) * words.worth(each) + 1e-9
        met: set[int] = set()
        for shingle in words.rarest_first(each):
            if left < 0 or words.bits[shingle] <= COMMON:  # sharing the rest is not enough
                break
            left -= words.bits[shingle]
            met.update(holding[shingle])
            holding[shingle].append(number)
        yield from ((other, number) for other in sorted(met))


def _group(exercise: str, part: list[Shingles], equal: Mapping[Shingles, list[str]], words: _Class) -> Group:
    learners = sorted(learner for each in part for learner in equal[each])
    likeness = min((words.likeness(one, other) for one, other in combinations(part, 2)), default=1.0)
    shared: list[str] = []
    for shingle in words.rarest_first(frozenset.intersection(*part)):
        fresh = all(len({*shingle.split(" ")[1:]} & {*other.split(" ")[1:]}) <= RUN // 2 for other in shared)
        if fresh and len(shared) < MOST_SHOWN and words.bits[shingle] > COMMON:
            shared.append(shingle)
    return Group(tuple(learners), exercise, likeness, tuple(shared))
