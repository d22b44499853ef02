"""A real nbgrader course, from the source notebook to the exported marks, beside `labkit grade` on the same files."""

from __future__ import annotations

import importlib.metadata
import json
from pathlib import Path

import pytest
from nbcourse import FILE, PS1, SECONDS, Course, grade_cell
from nbformat.v4 import new_code_cell

from labkit import course, ledger
from labkit.kept import Kept

try:  # this folder has the name of the package, and would be taken for it by an import
    importlib.metadata.version("nbgrader")
except importlib.metadata.PackageNotFoundError:
    pytest.skip("nbgrader is not installed: pip install nbgrader", allow_module_level=True)

NAME, SLUG = "first-check", "00-first-check"
PLAIN = f'import labkit\n\nlabkit.grade("{NAME}", points=4)'
UNSEEN = f'### BEGIN HIDDEN TESTS\nimport labkit\n\nlabkit.grade("{NAME}", points=1)\n### END HIDDEN TESTS'
# A learner's own cell may end in an error and fill stderr for ever after: the grade is that of the files.
CRASH = "import logging\n\nlogging.basicConfig(level=logging.DEBUG)\nraise RuntimeError('mine')"
ROOT = Path(course.root())
RIGHT = (ROOT / "solutions" / SLUG / FILE).read_text(encoding="utf-8")
HALF = (ROOT / "tests" / "wrong" / SLUG / "small-letters" / FILE).read_text(encoding="utf-8")
WRONG = RIGHT.replace("COPY server.js", "COPY no-such-file.js")
STARTER = (ROOT / "exercises" / SLUG / FILE).read_text(encoding="utf-8")
# Each learner's file, where it is, and the share of the points.
CLASS = {
    "ada": (RIGHT, SLUG, 1.0),
    "bob": (HALF, SLUG, 0.5),
    "cyd": (WRONG, SLUG, 0.0),
    "dan": (RIGHT, SLUG, 1.0),  # whose notebook crashes
    "eve": (STARTER, SLUG, 0.0),
    "fay": (RIGHT, ".", 1.0),
    "gus": (None, SLUG, 0.0),
}
pytestmark = pytest.mark.timeout(SECONDS * 2)


@pytest.fixture(scope="module")
def made(tmp_path_factory, engine):
    """The course with its assignment, generated and handed in by all, but not graded."""
    folder = tmp_path_factory.mktemp("course")
    here = Course(folder, SLUG, grade_cell("plain", PLAIN, 4), grade_cell("unseen", UNSEEN, 1))
    for learner, (text, place, _) in CLASS.items():
        here.submit(learner, text, place, *[new_code_cell(CRASH)] * (learner == "dan"))
    yield here
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LABKIT_STATE", str(here.state))  # whose images these are
        Kept(engine).forget()
        ledger.sweep(engine)


@pytest.fixture(scope="module")
def graded(made):
    made.nbgrader("autograde", PS1)
    return made


def outputs(cells, kind):
    return [output for cell in cells for output in cell.outputs if output.output_type == kind]


def text_of(cells):
    return "".join(output.text for output in outputs(cells, "stream") if output.name == "stdout")


def test_a_learner_gets_the_starter_and_no_hidden_cell(made):
    assert (made.folder / "release" / PS1 / SLUG / FILE).read_text() == STARTER
    sources = [cell.source for cell in made.released().cells]
    assert sum("labkit.grade" in source for source in sources) == 1


def test_marks_are_those_of_labkit_grade(graded):
    expected = {learner: (5 * share, 5.0) for learner, (_, _, share) in CLASS.items()}
    assert graded.scores() == expected
    graded.labkit("grade", "submitted", "--exercises", NAME, "-o", "results", "--format", "json")
    grades = json.loads((graded.folder / "results" / "grades.json").read_text(encoding="utf-8"))["grades"]
    shares = {grade["learner"]: grade["points"] / grade["max_points"] for grade in grades}
    assert {learner: (5 * share, 5.0) for learner, share in shares.items()} == expected


@pytest.mark.parametrize("learner", CLASS)
def test_every_cell_gives_a_float_and_writes_nothing_to_stderr(graded, learner):
    cells = graded.graded(learner)
    share = CLASS[learner][2]
    assert [each.data["text/plain"] for each in outputs(cells, "execute_result")] == [repr(4 * share), repr(share)]
    assert {output.name for output in outputs(cells, "stream")} == {"stdout"}
    assert outputs(cells, "error") == []


def test_the_learner_can_read_why(graded):
    assert f"{SLUG}: Your first check" in text_of(graded.graded("bob"))
    assert "1 of 2 points\nThis cell: 2 of 4 points" in text_of(graded.graded("bob"))
    assert "The build failed" in text_of(graded.graded("cyd"))
    assert "Nothing was handed in." in text_of(graded.graded("gus"))
    assert "marks.ipynb" not in text_of(graded.graded("fay"))


def test_without_an_engine_there_is_no_mark_but_an_error_that_can_be_found(made):
    """nbgrader makes 0 of it, so the cell says that it means nothing."""
    made.submit("hal", RIGHT, SLUG)
    nowhere = f"unix://{made.folder / 'no-engine.sock'}"
    made.nbgrader("autograde", PS1, "--student=hal", LABKIT_ENGINE=nowhere)
    assert made.scores()["hal"] == (0.0, 5.0)
    errors = outputs(made.graded("hal"), "error")
    assert [error.ename for error in errors] == ["NotGraded"] * 2
    assert f"{NAME} was not graded, and a person must look: " in errors[0].evalue
    made.nbgrader("autograde", PS1, "--student=hal", "--force")
    assert made.scores()["hal"] == (5.0, 5.0), "once more, with an engine"
    assert outputs(made.graded("hal"), "error") == []
