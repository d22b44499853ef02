"""What one learner handed in for one exercise: data that was read, never run."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labkit.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from labkit.workspace import SourceFile


class IntakeError(LabError):
    """The submissions of a class cannot be taken as they are: the grader's to mend, before anything runs."""


@dataclass(frozen=True, slots=True)
class Submission:
    """What one learner handed in for one exercise; there is one too where nothing was handed in.

    Attributes:
        learner: id, unique in the class.
        name: what people call the learner.
        exercise: its slug.
        files: those that the exercise takes and that were there, by relative POSIX path.
        source: the folder, archive or branch that it was read from; "" where there was none.
        submitted: when, with its time zone; None where that is not known or nothing was handed in.
        fault: why it cannot be read, a sentence for the learner; then there are no files.
        notes: what whoever grades or reads the mark should know besides.
    """

    learner: str
    name: str
    exercise: str
    files: Mapping[str, SourceFile]
    source: str
    submitted: datetime | None
    fault: str = ""
    notes: tuple[str, ...] = ()


def as_text(name: str) -> str:
    """A name from a file system, an archive or git as text that can be written anywhere.

    Bytes that are no UTF-8 (Python has them as surrogates) become U+FFFD; letters with accents get their one form
    (NFC), since macOS and a roster spell the same name in two ways. Nothing else is changed: to show line breaks
    and marks safely is for whoever shows them.
    """
    seen = "".join("\N{REPLACEMENT CHARACTER}" if "\ud800" <= letter <= "\udfff" else letter for letter in name)
    return unicodedata.normalize("NFC", seen)
