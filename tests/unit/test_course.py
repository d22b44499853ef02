"""How an exercise is found by what a learner types."""

from __future__ import annotations

import pytest

from labkit import course
from labkit.errors import ExerciseError

TOML = """format_version = 1
title = "T"
section = "S"
notebook = "N"
minutes = 1
files = ["Dockerfile"]
hints = ["one"]
[[checks]]
use = "image_builds"
"""


@pytest.fixture
def three(tmp_path):
    for slug in ("06-layer-order", "07-run", "07-stop"):
        (tmp_path / "exercises" / slug).mkdir(parents=True)
        (tmp_path / "exercises" / slug / "exercise.toml").write_text(TOML)
        (tmp_path / "exercises" / slug / "README.md").write_text("# T\n")
        (tmp_path / "exercises" / slug / "Dockerfile").write_text("FROM scratch\n")
    return tmp_path


@pytest.mark.parametrize("name", ["06-layer-order", "layer-order", "6", "06"])
def test_found_by(three, name):
    assert course.exercise(name, three).slug == "06-layer-order"


@pytest.mark.parametrize(
    ("name", "said"),
    [("layer-ordre", "Did you mean 'layer-order'"), ("9", "There are: "), ("7", "several exercises: run, stop")],
)
def test_not_found(three, name, said):
    with pytest.raises(ExerciseError, match=said):
        course.exercise(name, three)
