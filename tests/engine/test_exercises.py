"""Every exercise is proved both ways, and each wrong submission is refused by exactly the check that is named."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from packaging.version import Version

from labkit import course
from labkit.kept import Kept
from labkit.result import Outcome
from labkit.run import run
from labkit.workspace import Workspace, overlay

ROOT = Path(__file__).parents[2]
WRONG, RIGHT = ROOT / "tests" / "wrong", ROOT / "tests" / "right"


pytestmark = pytest.mark.usefixtures("use_shared_state")


def keep_longer(engine, exercise, word):
    """What an exercise's last build made stays for the tests after it: most submissions begin with the same steps."""
    kept = Kept(engine)
    kept.keep(f"{exercise.slug}/{word}", kept.get(f"{exercise.slug}/main"), ())


def folders(root):
    found = sorted(path for path in root.glob("*/*") if path.is_dir())
    return [pytest.param(path, id=f"{path.parent.name}/{path.name}") for path in found]


def submission(folder):
    """The starter with the folder's files laid over it, as a learner would hand it in."""
    exercise = course.exercise(folder.parent.name)
    return exercise, overlay(exercise, folder, missing_is_starter=True)


def skip_where_too_old(folder, engine):
    """Some right submissions use what the BuildKit of older engines does not know."""
    needs = folder / "needs.toml"
    oldest = tomllib.loads(needs.read_text())["engine"] if needs.is_file() else "0"
    if Version(engine.about.version) < Version(oldest):
        pytest.skip(f"needs Docker Engine {oldest}")


def told(report):
    return [(f.check, str(f.outcome), f.saw) for f in report.findings if f.outcome is not Outcome.PASS]


@pytest.mark.parametrize("exercise", course.exercises(), ids=lambda e: e.slug)
class TestBothWays:
    def test_untouched_starter_is_to_do(self, exercise, engine):
        report = run(exercise, Workspace(ROOT).snapshot(exercise), engine)
        assert {f.outcome for f in report.findings} == {Outcome.TODO}

    def test_starter_with_a_comment_does_not_pass(self, exercise, engine):
        snapshot = Workspace(ROOT).snapshot(exercise)
        name = exercise.files[0]
        data = (snapshot.text(name) + "\n# looked at\n").encode()
        edited = snapshot.edited(name, data)
        assert run(exercise, type(edited)(edited.files), engine).outcome is Outcome.FAIL
        keep_longer(engine, exercise, "starter")

    def test_solution_passes(self, exercise, engine):
        """After the starter's run; what it leaves itself does no harm to the right submissions after it."""
        assert told(run(exercise, Workspace(ROOT).solution(exercise), engine)) == []
        keep_longer(engine, exercise, "solution")

    def test_files_of_a_solution_are_files_of_the_exercise(self, exercise):
        folder = ROOT / "solutions" / exercise.slug
        names = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
        assert names - {"WHY.md"} <= set(exercise.files)
        assert "WHY.md" in names


@pytest.mark.parametrize("folder", folders(WRONG))
def test_wrong_submission_is_refused(folder, engine):
    exercise, snapshot = submission(folder)
    expected = tomllib.loads((folder / "refused_by.toml").read_text())
    report = run(exercise, snapshot, engine)
    refusing = [f for f in report.findings if f.outcome is Outcome.FAIL]
    waiting = [spec.use for spec in exercise.checks if expected["check"] in (spec.after, exercise.checks[0].use)]
    others = {f.check: f.outcome for f in report.findings if f.outcome is not Outcome.FAIL}
    assert [f.check for f in refusing] == [expected["check"]], told(report)
    assert all(o is Outcome.PASS or (o is Outcome.TODO and c in waiting) for c, o in others.items()), told(report)
    assert refusing[0].saw
    assert refusing[0].want
    assert refusing[0].why
    assert expected.get("says", "") in f"{refusing[0].saw} {refusing[0].why}"


@pytest.mark.parametrize("folder", folders(RIGHT))
def test_odd_but_right_submission_passes(folder, engine):
    skip_where_too_old(folder, engine)
    exercise, snapshot = submission(folder)
    assert told(run(exercise, snapshot, engine)) == []


@pytest.mark.parametrize("tree", [WRONG, RIGHT, ROOT / "solutions"], ids=lambda t: t.name)
def test_every_folder_belongs_to_an_exercise(tree):
    assert {p.name for p in tree.iterdir() if p.is_dir()} <= {e.slug for e in course.exercises()}
