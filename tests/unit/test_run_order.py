"""A check that stands on another one is looked at only when that one passed."""

from __future__ import annotations

import pytest

from labkit.checks.registry import CHECKS
from labkit.errors import ExerciseError
from labkit.result import Finding, Outcome
from labkit.run import _waits
from labkit.spec import CheckSpec, load

TOML = """format_version = 1
title = "T"
section = "S"
notebook = "N"
minutes = 1
files = ["Dockerfile"]
hints = ["one"]
[[checks]]
use = "image_builds"
[[checks]]
use = "runs_as_non_root"
after = "{after}"
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "README.md").write_text("# T\n")
    return tmp_path


def test_an_earlier_check_may_be_named(folder):
    (folder / "exercise.toml").write_text(TOML.format(after="image_builds"))
    assert load(folder, CHECKS).checks[1].after == "image_builds"


@pytest.mark.parametrize("after", ["runs_as_non_root", "nothing"])
def test_nothing_else_may(folder, after):
    (folder / "exercise.toml").write_text(TOML.format(after=after))
    with pytest.raises(ExerciseError, match="no check before runs_as_non_root is named"):
        load(folder, CHECKS)


@pytest.mark.parametrize("outcome", Outcome)
def test_it_waits_unless_that_one_passed(outcome):
    found = [Finding(outcome, "seen", check="image_builds", title="The image builds")]
    waits = _waits(CheckSpec(use="runs_as_non_root", after="image_builds"), found)
    assert (waits is None) is (outcome is Outcome.PASS)
    assert waits is None or (waits.outcome, waits.saw) == (Outcome.TODO, "This comes after: The image builds")
    assert _waits(CheckSpec(use="runs_as_non_root"), found) is None
