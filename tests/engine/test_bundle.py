"""Bundles of real images: scored again with no engine, static checks end as they did on the engine."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from labkit import course
from labkit.checks.registry import CHECKS
from labkit.cli_bundle import bundle
from labkit.errors import EngineNotFound
from labkit.grading.bundle import read
from labkit.grading.from_bundles import AS_SAID, grades_from_bundles
from labkit.grading.late import Late
from labkit.result import Outcome
from labkit.workspace import Workspace, overlay

ROOT = Path(__file__).parents[2]
SOLUTION = "solution"
CASES = [
    ("08-dockerignore", SOLUTION),
    ("08-dockerignore", "node-modules-at-the-top-only"),
    ("08-dockerignore", "removed-in-a-later-layer"),
    ("08-dockerignore", "lock-file-left-out"),  # does not build
    ("09-multi-stage", SOLUTION),
    ("09-multi-stage", "tools-deleted-later"),
    ("09-multi-stage", "source-from-the-builder"),
    ("11-no-secrets", SOLUTION),
    ("11-no-secrets", "in-base64-as-a-label"),
    ("11-no-secrets", "written-and-removed-in-one-step"),
    ("12-capstone", SOLUTION),
    ("07-debug-a-container", SOLUTION),  # commands in place of a build
]
NEVER_REPEATED = {"answers_on_port", "layer_reused", "runs_as_non_root", "stops_gracefully"}
KEY = "0123456789abcdef"


pytestmark = pytest.mark.usefixtures("use_shared_state")


@pytest.fixture
def no_engine(monkeypatch):
    """From here on there is none."""

    def gone(*_arguments, **_options):
        raise EngineNotFound("There is none.", fix="-")

    def take_away():
        for place in ("engine.connect", "engine.at", "cli_bundle.connect", "grading.job.connect", "endpoint.at"):
            monkeypatch.setattr(f"labkit.{place}", gone)

    return take_away


def handed_in(slug, name):
    """A submission in the learner's folder, and its files."""
    exercise, workspace = course.exercise(slug), Workspace(ROOT)
    snapshot = workspace.solution(exercise)
    if name != SOLUTION:
        snapshot = overlay(exercise, ROOT / "tests" / "wrong" / slug / name, missing_is_starter=True)
    for file in exercise.files:
        path = workspace.start(exercise) / file
        path.write_bytes(snapshot.files[file].data) if file in snapshot.files else path.unlink(missing_ok=True)
    return exercise, workspace.snapshot(exercise)


@pytest.mark.parametrize(("slug", "name"), CASES)
def test_the_same_points_without_an_engine(slug, name, tmp_path, no_engine):
    exercise, snapshot = handed_in(slug, name)
    (tmp_path / "in").mkdir()
    (tmp_path / "key").write_text(KEY)
    path = tmp_path / "in" / "ada.zip"
    done = CliRunner().invoke(bundle, [slug, "-o", str(path), "--key", str(tmp_path / "key")])
    assert done.exit_code == 0, done.output
    no_engine()
    (found,) = grades_from_bundles(tmp_path / "in", [exercise], Late(), KEY.encode())
    there, here = read(path).said.findings, found.report.findings  # what was found on the engine, and now
    assert [f.outcome for f in here] == [f.outcome for f in there], found.notes
    assert (name == SOLUTION) is found.report.passed
    assert f"{found.points:g} of {found.max_points:g} points, signed" in done.output
    assert found.report.snapshot == snapshot.digest
    assert not any("The bundle said" in note or note.startswith("Its ") for note in found.notes)
    if read(path).held and not exercise.commands:
        again = [(now, then) for now, then in zip(here, there, strict=True) if not now.saw.startswith(AS_SAID)]
        assert [now.saw for now, _ in again] == [then.saw for _, then in again]
        assert {f.check for f in here} - {now.check for now, _ in again} <= NEVER_REPEATED


def test_every_exercise_has_a_check_that_exists():
    assert set(CHECKS) >= NEVER_REPEATED
    assert {slug for slug, _ in CASES} <= {exercise.slug for exercise in course.exercises()}


def test_untouched_files_need_no_evidence(tmp_path, no_engine):
    path = tmp_path / "in" / "ada.zip"
    path.parent.mkdir()
    done = CliRunner().invoke(bundle, ["no-secrets", "-o", str(path)])
    assert (done.exit_code, "0 of 5 points" in done.output) == (0, True), done.output
    no_engine()
    (found,) = grades_from_bundles(path.parent, [course.exercise("no-secrets")], Late())
    assert found.report.outcome is Outcome.TODO
