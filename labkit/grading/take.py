"""Which of a learner's files are the exercise's, wherever in what was handed in they stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from labkit.grading.submission import IntakeError
from labkit.grading.trees import Kind, Parts, Unreadable, is_archive, is_junk, refusal, shown
from labkit.spec import NOT_CONTEXT
from labkit.workspace import FILE_LIMIT, SourceFile, starter_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from labkit.grading.trees import Tree
    from labkit.spec import Exercise

MOST_FILES = 50  # that one exercise may take
MOST_COMPARED = 50  # files of the starter's that are looked at for changes that do not count
MOST_NOTES = 5  # about what does not count


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is taken for one exercise; made once for a class.

    Attributes:
        slug: of the exercise.
        name: the slug without its number.
        files: what it takes.
        starter: the course's own files.
    """

    slug: str
    name: str
    files: tuple[str, ...]
    starter: Mapping[str, SourceFile]

    @classmethod
    def of(cls, exercise: Exercise) -> Wanted:
        """Read what must be known of an exercise.

        Raises:
            IntakeError: it takes too many files.
        """
        if len(exercise.files) > MOST_FILES:
            raise IntakeError(
                f"{exercise.slug} takes {len(exercise.files)} files, and {MOST_FILES} are the most.",
                fix="shorten `files` in its exercise.toml",
            )
        return cls(exercise.slug, exercise.name, tuple(exercise.files), starter_files(exercise))

    def places(self, *, alone: bool) -> Iterator[Parts]:
        """The folders in which its files are looked for, in order."""
        yield from ((self.slug,), (self.name,), ("work", self.slug), ("exercises", self.slug))
        if alone:
            yield ()


@dataclass(frozen=True, slots=True)
class Taken:
    """What was found of one exercise: files, the newest one's time, why not, and what to know besides."""

    files: Mapping[str, SourceFile] = field(default_factory=dict)
    submitted: datetime | None = None
    fault: str = ""
    notes: tuple[str, ...] = ()


def take(tree: Tree, wanted: Wanted, *, alone: bool) -> Taken:
    """Take an exercise's files, and those only.

    Args:
        tree: a learner's.
        wanted: the exercise's files.
        alone: whether nothing else is graded, so that they may also stand at the top.
    """
    try:
        place = _place(tree, wanted, alone=alone)
        if place is None:
            return Taken()
        kinds = {name: tree.kind((*place, *name.split("/"))) for name in wanted.files}
        read = {name: tree.read((*place, *name.split("/"))) for name, kind in kinds.items() if kind}
    except Unreadable as error:
        return Taken(fault=str(error))
    notes = [_absent(name, wanted) for name, kind in kinds.items() if not kind]
    times = [when for _, when in read.values() if when]
    files = {name: file for name, (file, _) in read.items()}
    return Taken(files, max(times, default=None), notes=(*notes, *_untaken(tree, place, wanted)))


def _absent(name: str, wanted: Wanted) -> str:
    return f"{name} was not handed in" + (": the starter's is taken." if name in wanted.starter else ".")


def _place(tree: Tree, wanted: Wanted, *, alone: bool) -> Parts | None:
    """The first folder that has any of the files.

    Raises:
        Unreadable: what may be that folder is not read.
    """
    links: list[Parts] = []
    tops: list[Parts] = [()]
    names = [name for name in tree.names(()) if not is_junk(name)]
    kind = tree.kind((names[0],)) if len(names) == 1 else None
    if kind is Kind.FOLDER:
        tops.append((names[0],))
    elif kind is Kind.LINK:
        links.append((names[0],))
    for place in ((*top, *below) for top in tops for below in wanted.places(alone=alone)):
        link = next((place[:n] for n in range(1, len(place) + 1) if tree.kind(place[:n]) is Kind.LINK), None)
        if link:
            links.append(link)
        elif any(tree.kind((*place, *name.split("/"))) for name in wanted.files):
            return place
    if links:
        raise refusal(Kind.LINK, links[0])
    if kind is Kind.FILE and is_archive(names[0]):
        raise Unreadable(f"There is nothing but another archive in it, {shown((names[0],))}: hand in the files.")
    return None


def _untaken(tree: Tree, place: Parts, wanted: Wanted) -> Iterator[str]:
    """What the learner may think counts: files beside those that are taken, and changes to the course's own."""
    try:
        found = [*_added(tree, place, wanted), *_changed(tree, place, wanted)]
    except Unreadable:  # it does not count anyhow
        return
    for name in found[:MOST_NOTES]:
        yield f"{name} is in it, but the exercise does not take it."
    if found[MOST_NOTES:]:
        yield f"{len(found) - MOST_NOTES} more are in it that the exercise does not take."


def _added(tree: Tree, place: Parts, wanted: Wanted) -> Iterator[str]:
    known = {name.split("/")[0] for name in (*wanted.files, *wanted.starter)} | NOT_CONTEXT
    for name in tree.names(place):
        if name not in known and not is_junk(name):
            yield shown((name,)) + "/" * (tree.kind((*place, name)) is Kind.FOLDER)


def _changed(tree: Tree, place: Parts, wanted: Wanted) -> Iterator[str]:
    others = [name for name in sorted(wanted.starter) if name not in wanted.files]
    for name in others[:MOST_COMPARED]:
        path = (*place, *name.split("/"))
        own = wanted.starter[name].data
        if tree.kind(path) is Kind.FILE and len(own) <= FILE_LIMIT and tree.read(path)[0].data != own:
            yield name
