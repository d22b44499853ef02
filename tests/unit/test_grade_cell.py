"""`labkit.grade`: which number a cell gets, what is printed, and what never reaches stderr."""

from __future__ import annotations

import logging
import subprocess
import sys
import warnings
from types import SimpleNamespace

import pytest
from submission_tools import course, fill

import labkit
from labkit.checks.registry import REGISTERED
from labkit.errors import EngineNotFound
from labkit.grading import cell
from labkit.grading.cell import NotGraded
from labkit.grading.intake import submissions
from labkit.grading.job import job
from labkit.result import Finding, Outcome, Report

SLUG = "06-x"
PASS, FAIL, TODO, ERROR = Outcome.PASS, Outcome.FAIL, Outcome.TODO, Outcome.ERROR
MINE = {"Dockerfile": "FROM mine\n"}


def found(outcome, points=1.0, saw="Seen.", want="Wanted.", **more):
    return Finding(outcome, saw, want, check="c", title="Title", points=points, **more)


@pytest.fixture
def exercise(tmp_path, monkeypatch):
    (only,) = course(tmp_path / "course", [SLUG])
    monkeypatch.setattr(cell.course, "exercise", lambda _name: only)
    monkeypatch.setitem(REGISTERED, "c", SimpleNamespace(title="Title"))
    return only


@pytest.fixture
def here(tmp_path, monkeypatch):
    folder = fill(tmp_path / "class" / "ada", {"ps1.ipynb": "{}", "timestamp.txt": "now"})
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def graded(exercise, here, monkeypatch):  # noqa: ARG001  the exercise is put in the course's place
    """Put findings in the checks' place; give what was graded."""
    jobs, swept = [], []

    def with_findings(*findings, during=lambda: None):
        def do(this):
            jobs.append(this)
            during()
            return SimpleNamespace(report=Report(SLUG, "T", findings))

        monkeypatch.setattr(cell, "do", do)
        return jobs

    monkeypatch.setattr(cell, "connect", lambda: "engine")
    monkeypatch.setattr(cell.ledger, "sweep", swept.append)
    with_findings.swept = swept
    fill(here / SLUG, MINE)
    return with_findings


class TestTheNumber:
    @pytest.mark.parametrize(
        ("findings", "value"),
        [
            ([found(PASS), found(PASS, 2)], 5.0),
            ([found(FAIL), found(FAIL, 2)], 0.0),
            ([found(PASS), found(FAIL), found(TODO, 2)], 1.25),
            ([found(PASS, hidden=True), found(FAIL, 3)], 1.25),
            ([found(TODO), found(TODO)], 0.0),
            ([found(PASS), found(FAIL), found(ERROR, 2)], 3.75),  # an error costs nothing
            ([found(FAIL), found(ERROR)], 2.5),
        ],
    )
    def test_is_the_share_of_the_points(self, graded, findings, value):
        graded(*findings)
        got = labkit.grade("x", points=5)
        assert got == value
        assert type(got) is float
        assert float(repr(got)) == got

    @pytest.mark.parametrize("weights", [(0.1, 0.2, 0.3), (0.7, 0.1, 0.2), (1 / 3,) * 7])
    @pytest.mark.parametrize("points", [1, 3, 0.1, 7 / 3])
    def test_is_never_above_what_the_cell_is_worth(self, graded, weights, points):
        """nbgrader ends the whole run where it is."""
        graded(*(found(PASS if n % 2 else ERROR, each) for n, each in enumerate(weights)))
        assert labkit.grade("x", points=points) == pytest.approx(points)
        assert labkit.grade("x", points=points) <= points

    @pytest.mark.parametrize("points", [float("nan"), float("inf"), -1, "5"])
    def test_needs_points_that_can_be_given(self, graded, points):
        """nbgrader takes nan and what is below 0 for full marks."""
        graded(found(PASS))
        with pytest.raises(NotGraded):
            labkit.grade("x", points=points)

    def test_no_points_are_possible(self, graded):
        graded(found(PASS))
        assert labkit.grade("x", points=0) == 0.0


class TestTheFiles:
    @pytest.mark.parametrize("place", [SLUG, "x", f"work/{SLUG}", "."])
    def test_are_those_that_labkit_grade_takes(self, graded, exercise, here, place):
        (here / SLUG / "Dockerfile").unlink()
        fill(here / place, {"Dockerfile": "FROM mine\n", "src/x.js": "x", "package.json": "not the learner's"})
        jobs = graded(found(PASS))
        labkit.grade("x", points=1)
        (ada,) = submissions(here.parent, [exercise])
        assert sorted(ada.files) == ["Dockerfile", "src/x.js"]
        assert jobs == [job(exercise, ada.files)]

    def test_none_are_no_points(self, graded, here, capsys):
        jobs = graded(found(PASS))
        (here / SLUG / "Dockerfile").unlink()
        assert labkit.grade("x", points=5) == 0.0
        said = capsys.readouterr().out
        assert "Nothing was handed in. Looked beside the notebook and in 06-x/ for: Dockerfile, src/x.js." in said
        assert jobs == []
        assert graded.swept == [], "no engine is needed"

    def test_a_link_is_not_followed(self, graded, here, capsys):
        jobs = graded(found(PASS))
        (here / SLUG / "Dockerfile").unlink()
        (here / SLUG / "Dockerfile").symlink_to("/etc/passwd")
        assert labkit.grade("x", points=5) == 0.0
        assert "06-x/Dockerfile is a link" in capsys.readouterr().out
        assert jobs == []

    def test_the_notebook_is_nobodys_mistake(self, graded, here, capsys):
        fill(here, {**MINE, "notes.md": "x"})
        (here / SLUG / "Dockerfile").unlink()
        (here / SLUG).rmdir()
        graded(found(PASS))
        labkit.grade("x", points=5)
        said = capsys.readouterr().out
        assert "notes.md is in it" in said
        assert "src/x.js was not handed in." in said
        assert "ps1.ipynb" not in said
        assert "timestamp" not in said

    def test_what_was_made_is_removed(self, graded):
        graded(found(PASS))
        labkit.grade("x", points=5)
        assert graded.swept == ["engine"]


class TestTheText:
    def test_says_what_was_found_and_what_the_cell_gives(self, graded, capsys):
        graded(found(PASS), found(FAIL))
        labkit.grade("x", points=5)
        said = capsys.readouterr().out
        assert "✗ not yet  Title\n             Seen: Seen.\n             Wanted: Wanted." in said
        assert said.endswith("1 of 2 points\nsrc/x.js was not handed in.\nThis cell: 2.5 of 5 points\n")

    def test_tells_no_more_than_a_learner_may_know(self, graded, capsys):
        graded(found(FAIL, saw="secret", want="answer", details="none"))
        labkit.grade("x", points=5)
        said = capsys.readouterr().out
        assert "secret" not in said
        assert "answer" not in said

    def test_says_that_a_person_must_look(self, graded, capsys):
        graded(found(PASS), found(ERROR, 2))
        labkit.grade("x", points=5)
        assert "A person must look: trouble that is not the learner's left 2 of the exercise's 3" in (
            capsys.readouterr().out
        )

    def test_shows_control_characters(self, graded, capsys):
        graded(found(FAIL, saw="\x1b[2Jgone\r"))
        labkit.grade("x", points=5)
        assert r"Seen: \x1b[2Jgone\r" in capsys.readouterr().out


class TestStderr:
    def test_stays_empty(self, graded, capsys):
        def noisy():
            sys.stderr.write("noise")
            warnings.warn("noise", stacklevel=1)
            logging.getLogger("any").critical("noise")

        graded(found(PASS), during=noisy)
        handler = logging.StreamHandler(sys.stderr)  # as logging.basicConfig() in a learner's cell makes it
        logging.getLogger().addHandler(handler)
        try:
            labkit.grade("x", points=5)
            assert capsys.readouterr().err == ""
            logging.getLogger("any").critical("heard")
        finally:
            logging.getLogger().removeHandler(handler)
        assert capsys.readouterr().err == "heard\n", "afterwards all is as it was"

    def test_is_given_back_after_an_error(self, graded):
        graded(during=lambda: 1 / 0)
        before = sys.stderr
        with pytest.raises(NotGraded):
            labkit.grade("x", points=5)
        assert sys.stderr is before
        assert logging.root.manager.disable == logging.NOTSET


class TestWithoutAResult:
    """An error is 0 points to nbgrader, but one that a person can find."""

    @staticmethod
    def refused(capsys):
        with pytest.raises(NotGraded) as caught:
            labkit.grade("x", points=5)
        assert capsys.readouterr() == ("", "")
        assert "x was not graded, and a person must look: " in caught.value.what
        assert "nothing about the learner" in caught.value.why
        assert caught.value.fix.endswith(", then autograde this submission once more")
        return caught.value

    @pytest.mark.usefixtures("graded")
    def test_the_engine_is_away(self, monkeypatch, capsys):
        def away(_job=None):
            raise EngineNotFound("No engine.", fix="start one")

        monkeypatch.setattr(cell, "do", away)
        monkeypatch.setattr(cell, "connect", away)
        error = self.refused(capsys)
        assert error.what.endswith("No engine.")
        assert error.fix.startswith("start one")

    def test_all_checks_are_in_trouble(self, graded, capsys):
        graded(found(ERROR, saw="The engine has no room left.", want="make room"), found(TODO))
        error = self.refused(capsys)
        assert error.what.endswith("no room left.")
        assert error.fix.startswith("make room,")

    def test_it_took_too_long(self, graded, capsys):
        def interrupted():
            raise KeyboardInterrupt

        graded(found(PASS), during=interrupted)
        assert "c.Execute.timeout" in self.refused(capsys).fix
        assert graded.swept == ["engine"]

    def test_a_fault_of_the_lab(self, graded, capsys):
        graded(during=lambda: {}["key"])
        assert "KeyError: 'key'" in self.refused(capsys).what

    def test_an_unknown_exercise(self):
        with pytest.raises(NotGraded, match=r"frist-check was not graded, .* Did you mean 'first-check'"):
            labkit.grade("frist-check", points=5)


def test_the_public_names_stay_what_they_are():
    """Importing the grader imports labkit.sandbox, a module with a public name's name."""
    program = "import labkit; labkit.grade; from labkit import sandbox; assert callable(sandbox)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
