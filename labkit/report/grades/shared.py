"""What several formats need: text that hides nothing, numbers, and what a learner may be told."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from labkit.result import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from labkit.result import Finding, Grade

# What only the caller knows. All of it is optional unless a format says otherwise.
ABOUT = (
    "title",
    "classroom",
    "assignment",
    "assignment_type",
    "owner",
    "submission",
    "commit",
    "release",
    "review",
    "datetime",
)
DECIMALS = 4  # of points: enough for thirds, and no noise of floating point
# What JSON does not escape by itself: control characters, marks that change the direction of writing, characters
# without width, line separators, tags, and halves of surrogate pairs, which stand for bytes of a file name that are no
# UTF-8. Joiners are not among them: names and emoji need them.
UNSEEN = (
    "\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f"
)
CONTROL = re.compile(f"[\x00-\x1f{UNSEEN}]")
UNESCAPED = re.compile(f"[{UNSEEN}]")
SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
TWO_DIGITS, FOUR_DIGITS = 0xFF, 0xFFFF  # the last characters of which so many hexadecimal digits are enough
UNRUN = "This check could not be run. That is not your fault, and a person will look at it."


def visible(text: str, keep: str = "") -> str:
    r"""A text whose control characters and marks of direction can be seen, such as ``\n`` and ``\u202e``.

    Args:
        text: from anybody.
        keep: characters that stay as they are.
    """

    def escaped(match: re.Match[str]) -> str:
        character = match[0]
        if character in keep:
            return character
        code = ord(character)
        if code <= TWO_DIGITS:
            return SHORT.get(character, f"\\x{code:02x}")
        return f"\\u{code:04x}" if code <= FOUR_DIGITS else f"\\U{code:08x}"

    return CONTROL.sub(escaped, text)


def dumps(data: Mapping[str, object]) -> str:
    """Data as JSON, indented, ending in a newline; what cannot be seen is escaped, and reads back as it was."""
    return "".join(pieces(data))


class Rows(list[Any]):
    """A list for `pieces` whose members are made when it is their turn.

    Args:
        make: makes a member.
        of: from each of these.
    """

    def __init__(self, make: Callable[[Any], Any], of: Sequence[Any]) -> None:
        super().__init__(of)
        self._make = make

    def __iter__(self) -> Iterator[Any]:
        """Give the members, made anew."""
        return map(self._make, super().__iter__())


def pieces(data: Mapping[str, object]) -> Iterator[str]:
    """Give the same text as `dumps` in pieces, for a class of which not all is to be in memory at once."""
    for piece in json.JSONEncoder(indent=2, ensure_ascii=False, allow_nan=False).iterencode(data):
        yield UNESCAPED.sub(_escaped, piece)
    yield "\n"


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\u{code:04x}" if code <= FOUR_DIGITS else json.dumps(match[0]).strip('"')  # two halves, as JSON wants it


def number(value: float) -> float:
    """A number without the noise of floating point; a whole one is an ``int``."""
    rounded = round(value, DECIMALS)
    return int(rounded) if rounded == int(rounded) else rounded


def by_learner(grades: Iterable[Grade]) -> dict[str, list[Grade]]:
    """The grades of each learner, by id, in the order in which they first appear."""
    found: dict[str, list[Grade]] = {}
    for grade in grades:
        found.setdefault(grade.learner, []).append(grade)
    return found


def exercises(grades: Iterable[Grade]) -> dict[str, str]:
    """The titles of all exercises, by slug, in order of the slugs."""
    return dict(sorted({grade.report.exercise: grade.report.title for grade in grades}.items()))


def entries(grades: Iterable[Grade]) -> Iterator[tuple[Grade, Finding]]:
    """Each finding with its grade."""
    for grade in grades:
        for finding in grade.report.findings:
            yield grade, finding


def granted(grade: Grade, finding: Finding) -> float:
    """The points that a learner has until a person decides: an error gives all, after the late policy."""
    return finding.points * (1 - grade.penalty) if finding.outcome in (Outcome.PASS, Outcome.ERROR) else 0.0


def seconds(grades: Iterable[Grade]) -> float:
    """How long the grading took, as far as it is known."""
    return number(sum(grade.provenance.seconds for grade in grades if grade.provenance))


def masked(finding: Finding) -> Finding:
    """A finding as its learner may see it: of a hidden one, only how it ended and what it is worth."""
    if finding.hidden:
        return replace(finding, check="", title="Hidden check", saw="", want="", why="")
    return finding.for_learner()


def headline(grade: Grade, finding: Finding) -> str:
    """The name of a check, where those of several exercises stand in one list."""
    return visible(f"{grade.report.exercise}: {finding.title or finding.check}")


def explained(finding: Finding) -> str:
    """What a learner is told of a finding, as lines of plain text; nothing where it passed."""
    if finding.outcome is Outcome.PASS:
        return ""
    told = finding.for_learner()
    said = [("Seen", told.saw), ("Wanted", told.want), ("Why", told.why)]
    if finding.outcome is not Outcome.FAIL:
        said = said[:1]  # nothing was found wrong, so there is nothing to mend
    lines = [f"{name}: {text}" for name, text in said if text]
    return visible(
        "\n".join([f"{UNRUN} Until then you have its points.", *lines] if finding.outcome is Outcome.ERROR else lines),
        keep="\n",
    )


def remarks(grade: Grade) -> list[str]:
    """What a learner is told of an exercise besides its findings, a sentence each."""
    findings = grade.report.findings
    nothing = {finding.saw for finding in findings if finding.outcome is Outcome.TODO}
    # Where all is to do for one reason, as where nothing was handed in, that is said once.
    said = sorted(nothing) if len(nothing) == 1 and grade.report.outcome is Outcome.TODO and not grade.points else []
    if grade.penalty:
        before, after = number(grade.report.points), number(grade.points)
        said.append(f"Late: {percent(grade.penalty)} of the points are taken off, so {before} became {after}.")
    if grade.open_points:
        said.append(f"Open: a person will decide on {number(grade.open_points)} more. A check could not be run.")
    return said + [visible(note) for note in grade.notes]


def percent(share: float) -> str:
    """A share as people write it."""
    return f"{number(share * 100):g} %"


def max_points(findings: Sequence[Finding]) -> float:
    """Points to be had."""
    return number(sum(finding.points for finding in findings))
