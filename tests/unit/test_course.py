"""How an exercise is found by what a learner types."""

from __future__ import annotations

import pytest

from labkit import course
from labkit.errors import ExerciseError

FEWEST_WRONG, FEWEST_RIGHT, FEWEST_HINTS = 6, 5, 3
# What each exercise begins with: some of them have it for its message alone.
STARTING = {"image_builds", "commands_succeed"}

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


@pytest.mark.parametrize("exercise", course.exercises(), ids=lambda each: each.slug)
def test_each_exercise_is_proved_both_ways(exercise):
    """That the submissions are refused, or accepted, is shown in tests/engine."""
    tests = course.root() / "tests"
    refused = [check for check, slug, _ in course.refused() if slug == exercise.slug]
    assert len(refused) >= FEWEST_WRONG
    assert len(list((tests / "right" / exercise.slug).iterdir())) >= FEWEST_RIGHT
    assert len(exercise.hints) >= FEWEST_HINTS
    assert {spec.use for spec in exercise.checks} - set(refused) <= STARTING


def test_every_check_in_use_refuses_something():
    used = {spec.use for exercise in course.exercises() for spec in exercise.checks}
    assert used <= {check for check, _, _ in course.refused()}
