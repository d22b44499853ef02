from __future__ import annotations

import pytest

from labkit import spec
from labkit.errors import ExerciseError

GOOD = """
format_version = 1
title = "T"
section = "S"
notebook = "06_x"
minutes = 5
files = ["Dockerfile"]
hints = ["h"]
[[checks]]
use = "touches"
edit = "a"
points = 2
"""


def touches(evidence, *, edit: str, holds: str = ""):
    """A check."""


def load(tmp_path, text):
    folder = tmp_path / "06-x"
    folder.mkdir()
    (folder / "exercise.toml").write_text(text)
    (folder / "README.md").write_text("# Task")
    (folder / "Dockerfile").write_text("FROM x\n")
    return spec.load(folder, {"touches": touches})


def test_a_good_one(tmp_path):
    exercise = load(tmp_path, GOOD)
    assert (exercise.slug, exercise.name, exercise.task) == ("06-x", "x", "# Task")
    assert exercise.checks[0].arguments == {"edit": "a"}
    assert exercise.checks[0].points == 2
    assert list(exercise.starter()) == ["Dockerfile"]


def test_made_files_are_texts_or_filled_up(tmp_path):
    made = '[made]\n".env" = "KEY=a"\nlog = { text = "abc", size = 7 }\nshort = { text = "abc", size = 2 }\n[[checks]]'
    exercise = load(tmp_path, GOOD.replace("[[checks]]", made))
    assert {name: file.data for name, file in exercise.made.items()} == {
        ".env": b"KEY=a",
        "log": b"abcabca",
        "short": b"ab",
    }


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("format_version = 1", "format_version = 2", "format_version"),
        ("minutes = 5", "minuts = 5", "did you mean 'minutes'?"),
        ("minutes = 5", "minutes = 0", "minutes"),
        ("minutes = 5", 'minutes = "5"', "minutes"),
        ('hints = ["h"]', "hints = []", "hints"),
        ('hints = ["h"]', 'hints = [""]', "hints"),
        ('files = ["Dockerfile"]', 'files = ["../x"]', "leaves the exercise's folder"),
        ('files = ["Dockerfile"]', 'files = ["/etc/passwd"]', "leaves the exercise's folder"),
        ('use = "touches"', 'use = "touchs"', "did you mean 'touches'?"),
        ('use = "touches"', "", "no `use`"),
        ('edit = "a"', 'edits = "a"', "did you mean 'edit'?"),
        ('edit = "a"', "", "missing a required"),
        ("points = 2", "points = -1", "points"),
        ("points = 2", 'details = "some"', "details"),
        ("[[checks]]", "[build]\nnetwork = 'host'\n[[checks]]", "network"),
        ("title", "= title", "cannot be read"),
        ("[[checks]]", "[made]\n'../x' = 'x'\n[[checks]]", "leaves the exercise's folder"),
        ("[[checks]]", "[made]\nx = { size = 9 }\n[[checks]]", "made.x.text"),
        ("[[checks]]", "[made]\nx = ''\n[[checks]]", "made.x.text"),
        ("[[checks]]", "[made]\nx = { text = 'x', size = 99999999 }\n[[checks]]", "made.x.size"),
        ("minutes = 5", "minutes = 5\nmade = 5", "made"),
    ],
)
def test_a_wrong_one_is_refused_with_the_nearest_right_thing(tmp_path, old, new, says):
    assert old in GOOD
    with pytest.raises(ExerciseError, match=r".") as caught:
        load(tmp_path, GOOD.replace(old, new, 1))
    assert says in str(caught.value)
    assert "06-x" in str(caught.value)
