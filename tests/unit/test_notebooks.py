"""What nbval does not see: cells that it would skip, errors stored as if they were right, twins that drifted apart."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import jupytext
import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

from labkit import course
from labkit.cli_dev import patterns

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
MOST_PATTERNS = 10
ERRORS = re.compile(r"Traceback|Cannot connect to the Docker daemon|Error response from daemon|What to do:")
SKIPS = re.compile(r"NBVAL_(IGNORE_OUTPUT|SKIP|RAISES_EXCEPTION)|nbval-(ignore-output|skip|raises-exception)")


def read(path):
    return nbformat.read(path, as_version=4)


def code(path):
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def texts(cell):
    """All the text that a cell's outputs hold."""
    for output in cell.outputs:
        yield output.get("text", "")
        yield from (value for value in output.get("data", {}).values() if isinstance(value, str))


def test_each_has_a_twin_and_each_twin_a_notebook():
    assert [path.stem for path in NOTEBOOKS] == sorted(path.stem for path in (FOLDER / "twins").glob("*.md"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
class TestEachNotebook:
    def test_every_code_cell_was_run_in_order(self, path):
        """nbval compares nothing where a count is missing, and passes."""
        assert [cell.execution_count for cell in code(path)] == list(range(1, len(code(path)) + 1))

    def test_twin_says_the_same(self, path):
        """Where this fails: `labkit dev notebooks`."""
        twin = jupytext.read(FOLDER / "twins" / f"{path.stem}.md")
        assert [(c.cell_type, c.source) for c in twin.cells] == [(c.cell_type, c.source) for c in read(path).cells]

    def test_no_error_is_stored_as_the_reference(self, path):
        assert [text for cell in code(path) for text in texts(cell) if ERRORS.search(text)] == []
        assert [output for cell in code(path) for output in cell.outputs if output.output_type == "error"] == []

    def test_every_output_is_compared(self, path):
        assert [cell.source for cell in code(path) if SKIPS.search(f"{cell.source} {cell.metadata}")] == []

    def test_stores_no_widget_state_and_no_time(self, path):
        assert "widgets" not in read(path).metadata
        assert all("execution" not in cell.metadata for cell in read(path).cells)

    def test_shows_a_picture(self, path):
        assert any("<svg" in text for cell in code(path) for text in texts(cell))

    def test_every_exercise_that_belongs_to_it_is_in_it(self, path):
        shown = set(re.findall(r'lab\("([\w-]+)"\)', "\n".join(cell.source for cell in code(path))))
        assert shown == {exercise.name for exercise in course.exercises() if exercise.notebook == path.stem}

    def test_links_to_notebooks_lead_somewhere(self, path):
        prose = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
        links = re.findall(r"\]\(([^):]+)\)", prose)
        assert [link for link in links if not (FOLDER / link).exists()] == []

    def test_learns_of_the_lab_by_its_public_names(self, path):
        cells = [cell.source for cell in code(path) if not cell.source.startswith("%%")]
        nodes = ast.walk(ast.parse(TransformerManager().transform_cell("\n".join(cells))))
        modules = {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
        assert modules <= {"labkit", "labkit.pictures"}


def test_every_exercise_has_its_notebook():
    assert {exercise.notebook for exercise in course.exercises()} <= {path.stem for path in NOTEBOOKS}


def test_few_patterns_are_taken_out():
    text = (FOLDER.parent / "tests" / "nbval_sanitize.cfg").read_text(encoding="utf-8")
    assert 0 < len(patterns(text)) <= MOST_PATTERNS
