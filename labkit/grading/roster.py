"""Who is in the class: a CSV file with the column `learner`, and maybe `name`, `submitted` and `source`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from labkit.grading import csvfile
from labkit.grading.submission import as_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Entry:
    """One learner of the class.

    Attributes:
        learner: id.
        name: what people call the learner; the id where the roster does not say.
        submitted: when everything counts as handed in, whatever files say.
        source: the folder, zip file or branch, where that is not named like the learner.
    """

    learner: str
    name: str
    submitted: datetime | None = None
    source: str = ""


@dataclass(frozen=True)
class Roster:
    """The learners of a class, by id."""

    entries: Mapping[str, Entry]

    @classmethod
    def read(cls, path: Path) -> Roster:
        """Read it.

        Raises:
            IntakeError: it cannot be read, or does not say who is who.
        """
        entries: dict[str, Entry] = {}
        owners: dict[str, str] = {}
        for row in csvfile.read(path, ["learner"]):
            learner, source = as_text(row["learner"]), as_text(row["source"])
            if not learner:
                raise row.wrong("there is no learner.", "write the learner's id into the row, or remove it")
            if learner in entries:
                raise row.wrong(f"{learner!r} is on the roster twice.", "keep one of the rows")
            if owners.setdefault(source or learner, learner) != learner:
                raise row.wrong(
                    f"{source or learner!r} is the source of two learners.", "write the source of each into its row"
                )
            entries[learner] = Entry(learner, row["name"] or learner, row.submitted, source)
        return cls(entries)

    @cached_property
    def _sources(self) -> Mapping[str, Entry]:
        return {entry.source: entry for entry in self.entries.values() if entry.source}

    def find(self, learner: str, label: str) -> Entry | None:
        """Whose a source is.

        Args:
            learner: what the source says, such as a zip file's name without ``.zip``.
            label: its whole name.
        """
        return self._sources.get(label) or self._sources.get(learner) or self.entries.get(learner)
