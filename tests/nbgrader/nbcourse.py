"""An nbgrader course in a folder, with one assignment whose cells grade one exercise of the lab."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from labkit import course

PS1, FILE = "ps1", "Dockerfile"
SECONDS = 900
CONFIG = """
c = get_config()
c.CourseDirectory.course_id = "docker"
c.Execute.timeout = 600
c.Autograde.exclude_overwriting = {{"{PS1}": ["{slug}/{FILE}"]}}
"""


def grade_cell(grade_id, source, points):
    """A cell that is graded, as nbgrader's own "Autograder tests"."""
    about = {"grade": True, "solution": False, "locked": True, "task": False, "schema_version": 3}
    metadata = {"nbgrader": {**about, "grade_id": grade_id, "points": points, "cell_type": "code"}}
    return new_code_cell(source, metadata=metadata)


def notebook(*cells):
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=list(cells), metadata={"kernelspec": kernel, "language_info": {"name": "python"}})


def put(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


class Course:
    """The course; its state of the lab's is its own.

    Args:
        folder: an empty one.
        slug: the exercise's.
        cells: those that grade.
    """

    def __init__(self, folder, slug, *cells):
        self.folder, self.slug = folder, slug
        self.state = folder / "state"
        own = {"LABKIT_STATE": str(self.state), "HOME": str(folder / "home"), "IPYTHONDIR": str(folder / "ipython")}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # nbgrader starts `alembic` by its name
        self._env = {**os.environ, **own, "JUPYTER_NO_CONFIG": "1", "PATH": path}
        put(folder / "nbgrader_config.py", CONFIG.format(PS1=PS1, slug=slug, FILE=FILE))
        book = notebook(new_markdown_cell(f"Mend `{slug}/{FILE}`."), *cells)
        put(folder / "source" / PS1 / "marks.ipynb", nbformat.writes(book))
        starter = course.exercise(slug).starter()[FILE]
        put(folder / "source" / PS1 / slug / FILE, starter.read_text(encoding="utf-8"))
        self.nbgrader("generate_assignment", PS1)

    def nbgrader(self, *argv, **env):
        return self._run("nbgrader", *argv, **env)

    def labkit(self, *argv):
        program = "from labkit.cli import main; main()"
        command = [sys.executable, "-c", program, *argv]
        return subprocess.run(command, cwd=self.folder, env=self._env, timeout=SECONDS, check=True)

    def _run(self, module, *argv, **env):
        command = [sys.executable, "-m", module, *argv]
        done = subprocess.run(
            command, cwd=self.folder, env=self._env | env, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "cannot be converted" not in done.stderr, "then all points are given"
        return done

    def released(self):
        return nbformat.read(self.folder / "release" / PS1 / "marks.ipynb", as_version=4)

    def submit(self, learner, text, place, *more):
        folder = self.folder / "submitted" / learner / PS1
        book = self.released()
        book.cells = [*more, *book.cells]
        put(folder / "marks.ipynb", nbformat.writes(book))
        put(folder / "timestamp.txt", "2026-10-01 12:00:00 UTC")
        if text is not None:
            put(folder / place / FILE, text)

    def graded(self, learner):
        """The grade cells after the run."""
        book = nbformat.read(self.folder / "autograded" / learner / PS1 / "marks.ipynb", as_version=4)
        return [cell for cell in book.cells if cell.metadata.get("nbgrader", {}).get("grade")]

    def scores(self):
        """What nbgrader exports."""
        self.nbgrader("export", "--to=marks.csv")
        with (self.folder / "marks.csv").open(encoding="utf-8", newline="") as file:
            return {row["student_id"]: (float(row["score"]), float(row["max_score"])) for row in csv.DictReader(file)}
