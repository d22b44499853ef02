"""The submissions of a class, whichever way they come, one learner and exercise after another.

    folder/                     ada/ · ben.zip · …
    checkout/.git               a branch for each learner
    list.csv                    learner,path[,exercise,name,submitted]

Nothing of a submission is run, imported, unpacked or written; what cannot be read is a `Submission` with a fault.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from labkit.grading.branches import Branches
from labkit.grading.folders import FolderOfLearners
from labkit.grading.roster import Entry
from labkit.grading.submission import IntakeError, Submission
from labkit.grading.table import Table
from labkit.grading.take import Taken, Wanted, take
from labkit.grading.trees import Source, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from labkit.grading.roster import Roster
    from labkit.grading.trees import Opener, Origin, Tree
    from labkit.spec import Exercise

ByExercise = dict[str, Source]  # one learner's sources by slug


def submissions(path: Path, exercises: Sequence[Exercise], roster: Roster | None = None) -> Iterator[Submission]:
    """Read what a class handed in.

    Args:
        path: a folder with a folder or zip file for each learner, a git checkout with branches, or a CSV file.
        exercises: what is graded.
        roster: who is in the class, where that is known.

    Returns:
        One submission for each learner and exercise, sorted by learner, each read when it is asked for.

    Raises:
        IntakeError: it cannot be told whose files are whose; this is raised at once, before any is read.
    """
    wanted = [Wanted.of(exercise) for exercise in exercises]
    origin = _origin(path, wanted)
    learners: dict[str, ByExercise] = defaultdict(dict)
    for source in origin.sources():
        entry = roster.find(source.learner, source.label) if roster else None
        learner = entry.learner if entry else source.learner
        for slug in [source.only] if source.only else [each.slug for each in wanted]:
            other = learners[learner].setdefault(slug, source)
            if other is not source:
                raise IntakeError(
                    f"{learner!r} has two submissions: {other.label!r} and {source.label!r}.",
                    fix="keep one of them, or say in the roster whose `source` each is",
                )
    for learner in roster.entries if roster else ():
        learners.setdefault(learner, {})
    return _read(origin, learners, wanted, roster)


def _origin(path: Path, wanted: Sequence[Wanted]) -> Origin:
    try:
        if (path / ".git").exists():
            return Branches(path)
        if path.is_dir():
            return FolderOfLearners(path)
        if path.is_file() and path.suffix.lower() == ".csv":
            return Table(path, {name: each.slug for each in wanted for name in (each.name, each.slug)})
        what = "is neither a folder nor a CSV file" if path.exists() else "is not there"
    except OSError as error:
        what = f"cannot be opened ({error.strerror})"
    raise IntakeError(
        f"{path} {what}.", fix="name a folder of submissions, a git checkout with branches, or a CSV file"
    )


def _read(
    origin: Origin, learners: Mapping[str, ByExercise], wanted: Sequence[Wanted], roster: Roster | None
) -> Iterator[Submission]:
    with origin.session() as opener:
        for learner, sources in sorted(learners.items()):
            entry = roster.entries.get(learner) if roster else None
            notes = (f"{learner} is not on the roster.",) if roster and not entry else ()
            with ExitStack() as held:
                trees: dict[str, Tree | Unreadable] = {}
                for source in sources.values():
                    if source.where not in trees:
                        trees[source.where] = _opened(held, opener, source)
                for each in wanted:
                    found = sources.get(each.slug)
                    taken = _taken(trees[found.where], each, found, len(wanted)) if found else Taken()
                    yield _submission(entry or Entry(learner, ""), found, each.slug, taken, notes)


def _opened(held: ExitStack, opener: Opener, source: Source) -> Tree | Unreadable:
    try:
        return held.enter_context(opener(source))
    except Unreadable as error:
        return error


def _taken(tree: Tree | Unreadable, wanted: Wanted, source: Source, exercises: int) -> Taken:
    if isinstance(tree, Unreadable):
        return Taken(submitted=source.when, fault=str(tree))
    taken = take(tree, wanted, alone=exercises == 1 or bool(source.only))
    return replace(taken, submitted=source.when) if taken.fault else taken


def _submission(who: Entry, source: Source | None, slug: str, taken: Taken, notes: tuple[str, ...]) -> Submission:
    """All together; a list of submissions knows times better than a roster, and that better than files."""
    source = source or Source("", "", "")
    name = who.name if who.name not in ("", who.learner) else source.name or who.learner
    submitted = (source.submitted or who.submitted or taken.submitted) if taken.files or taken.fault else None
    everything = (*notes, *taken.notes)
    return Submission(who.learner, name, slug, taken.files, source.label, submitted, taken.fault, everything)
