"""The course on disk: where it is, and which exercises it has."""

from __future__ import annotations

import difflib
import hashlib
import importlib.metadata
import os
import tomllib
from functools import cache
from pathlib import Path

import labkit
from labkit import spec
from labkit.checks.registry import CHECKS
from labkit.errors import ExerciseError
from labkit.translated import translated
from labkit.words import language, say, translations

NOT_JUDGED = frozenset({"README.md", *translations()})  # a better word in a task changes no points


def root() -> Path:
    """The course's folder: LABKIT_COURSE, or the checkout that this package is part of.

    Raises:
        ExerciseError: there is no course there.
    """
    folder = Path(os.environ.get("LABKIT_COURSE") or Path(__file__).parent.parent).resolve()
    if not (folder / "exercises").is_dir():
        raise ExerciseError(
            say("{folder} holds no exercises.", folder=folder), fix=say("set LABKIT_COURSE to the course's folder")
        )
    return folder


def exercises(course: Path | None = None) -> list[spec.Exercise]:
    """All exercises in the order of their numbers."""
    folder = (course or root()) / "exercises"
    return [_load(path.parent) for path in sorted(folder.glob(f"*/{spec.NAME}"))]


def exercise(name: str, course: Path | None = None) -> spec.Exercise:
    """Find one exercise by its slug (``06-layer-order``), its name (``layer-order``) or its number (``6``).

    Raises:
        ExerciseError: there is none of this name, and the message names the nearest; or several have this number.
    """
    folders = sorted(path.parent for path in ((course or root()) / "exercises").glob(f"*/{spec.NAME}"))
    names = [folder.name.partition("-")[2] for folder in folders]
    found = [folder for folder in folders if _is_called(folder.name, name)]
    if len(found) == 1:
        return _load(found[0])
    if found:
        several = ", ".join(folder.name.partition("-")[2] for folder in found)
        raise ExerciseError(
            say("Number {name} has several exercises: {several}.", name=name, several=several),
            fix=say("name the one that you mean"),
        )
    close = difflib.get_close_matches(name, names, n=1)
    known, nearest = ", ".join(names), close[0] if close else ""
    raise ExerciseError(
        say("There is no exercise {name!r}. Did you mean {nearest!r}?", name=name, nearest=nearest)
        if nearest
        else say("There is no exercise {name!r}. There are: {known}.", name=name, known=known),
        fix=say("see `labkit list`"),
    )


def _load(folder: Path) -> spec.Exercise:
    return translated(spec.load(folder, CHECKS), language())


def _is_called(slug: str, name: str) -> bool:
    number, _, short = slug.partition("-")
    return name in (slug, short) or (name.isdigit() and int(name) == int(number))


def refused() -> list[tuple[str, str, str]]:
    """List the wrong submissions of the tests: the check that alone refuses it, its exercise, its own name."""
    folders = sorted((root() / "tests" / "wrong").glob("*/*/refused_by.toml"))
    return [
        (tomllib.loads(path.read_text(encoding="utf-8"))["check"], path.parts[-3], path.parts[-2]) for path in folders
    ]


@cache
def version() -> str:
    """The version of the course with the first digits of a sha256 over the package's source, as in ``1.0+1a2b3c``."""
    total, folder = hashlib.sha256(), Path(labkit.__file__).parent
    for path in sorted(folder.rglob("*.py")):
        total.update(f"{path.relative_to(folder).as_posix()}\0".encode() + path.read_bytes())
    return f"{importlib.metadata.version('labkit')}+{total.hexdigest()[:12]}"


def exercise_hash(exercise: spec.Exercise) -> str:
    """sha256 (hex) over all of an exercise's folder that a result can depend on."""
    total = hashlib.sha256()
    for name, path in spec.files_below(exercise.folder, NOT_JUDGED).items():
        total.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()
