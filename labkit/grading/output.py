"""Where the files of a grading go: the class's in the folder itself, each learner's in a folder of theirs.

results/
  grading.sqlite                  the book: all results, kept between commands
  gradebook.csv, class.html, …    the class
  learners/<learner>/report.html  what one learner may see
"""

from __future__ import annotations

import hashlib
import re
from itertools import groupby
from typing import TYPE_CHECKING

from labkit.atomic import replaced
from labkit.report.grades import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from labkit.result import Grade

BOOK = "grading.sqlite"
LEARNERS = "learners"
LONGEST_NAME = 80  # characters of a folder's name


def write(folder: Path, grades: Sequence[Grade], formats: Iterable[str], about: Mapping[str, str]) -> list[Path]:
    """Write grades in some formats; each file is replaced at once.

    Args:
        folder: the results.
        grades: everybody's.
        formats: names in `labkit.report.grades.FORMATS`.
        about: what only the caller knows, such as the name of the class; see the formats.

    Returns:
        The class's files, then the folder of the learners' files, where there are such.
    """
    written: list[Path] = []
    for form in (FORMATS[name] for name in formats):
        if not form.each:
            written.append(_put(folder / form.file, form.render(grades, about)))
            continue
        for learner, theirs in groupby(sorted(grades, key=lambda g: g.learner), key=lambda g: g.learner):
            _put(folder / LEARNERS / folder_name(learner) / form.file, form.render(list(theirs), about))
        written.append(folder / LEARNERS)
    return list(dict.fromkeys(sorted(written, key=lambda path: path.name == LEARNERS)))


def folder_name(learner: str) -> str:
    """A learner's id as a folder's name on any system: other letters and long names get a digest at the end."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", learner)[:LONGEST_NAME]
    return plain if plain == learner else f"{plain}-{hashlib.sha256(learner.encode()).hexdigest()[:8]}"


def _put(path: Path, text: str | Iterator[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with replaced(path) as new:
        for piece in [text] if isinstance(text, str) else text:
            new.write(piece.encode())
    return path
