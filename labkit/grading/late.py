"""What being late costs, from two times and nothing else."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from labkit.errors import LabError

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Late:
    """A late policy.

    Attributes:
        due: when submissions were due, with a time zone; None where they never were.
        grace: how much later costs nothing yet; days are counted from its end.
        per_day: share of the points, 0 to 1, that each begun day costs.
        at_most: the largest share that lateness costs.

    Raises:
        LabError: one of them is out of its range.
    """

    due: datetime | None = None
    grace: timedelta = timedelta()
    per_day: float = 0.0
    at_most: float = 1.0

    def __post_init__(self) -> None:
        if self.due and self.due.utcoffset() is None:
            raise LabError("The due time has no time zone.", fix="write it as in 2026-01-31T18:00:00+01:00")
        if self.grace < timedelta():
            raise LabError("The time of grace is negative.", fix="give 0 or more")
        for name, share in (("a day", self.per_day), ("at most", self.at_most)):
            if not (math.isfinite(share) and 0 <= share <= 1):
                raise LabError(f"Lateness cannot cost {share} of the points {name}.", fix="give a share from 0 to 1")

    def penalty(self, submitted: datetime | None) -> float:
        """The share of the points that a submission loses, 0 to 1; a time that is not known costs nothing.

        Args:
            submitted: when it was handed in, with a time zone.
        """
        if self.due is None or submitted is None:
            return 0.0
        if submitted.utcoffset() is None:
            raise ValueError("a time without a time zone cannot be late")
        # In UTC: within one time zone Python subtracts what clocks show, and misses when they are put forward.
        late = submitted.astimezone(UTC) - self.due.astimezone(UTC) - self.grace
        begun = max(0, -(-late // DAY))
        return min(begun * self.per_day, self.at_most)
