"""The course and where the learner is, as data for the browser."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from labkit import course
from labkit.overview import notebook_title, overview
from labkit.status import STATUSES
from labkit.ui.place import lab_path
from labkit.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from labkit.overview import Standing

Json = dict[str, Any]


def standing(root: Path) -> Json:
    """Say where the learner stands.

    Args:
        root: the server's folder; paths are relative to it, and "" for what it does not serve.

    Returns:
        ``passed``, ``count``, ``points``, ``most``, ``next`` (an exercise's slug, or "") and ``notebooks``: each with
        ``title``, ``path`` and ``exercises``.

    Raises:
        LabError: the course or the history cannot be read.
    """
    now = overview()
    return {
        "passed": now.passed,
        "count": len(now.standings),
        "points": sum(each.note.points for each in now.standings),
        "most": sum(each.most for each in now.standings),
        "next": now.following.exercise.slug if now.following else "",
        "notebooks": [
            _notebook(name, group, root) for name, group in groupby(now.standings, key=lambda s: s.exercise.notebook)
        ],
    }


def _notebook(name: str, standings: Iterable[Standing], root: Path) -> Json:
    path = course.root() / "notebooks" / f"{name}.ipynb"
    return {
        "title": notebook_title(path),
        "path": lab_path(path, root),
        "exercises": [_exercise(each, root) for each in standings],
    }


def _exercise(each: Standing, root: Path) -> Json:
    exercise, note = each.exercise, each.note
    folder = Workspace(course.root()).folder(exercise)
    return {
        "slug": exercise.slug,
        "title": exercise.title,
        "minutes": exercise.minutes,
        "status": each.status,
        "sign": STATUSES[each.status].sign,
        "again": note.changed,
        "points": note.points,
        "most": each.most,
        "attempts": note.attempts,
        "files": [lab_path(path, root) for name in exercise.files if (path := folder / name).is_file()],
    }
