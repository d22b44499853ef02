"""An exercise without an engine, for the panel's tests: it passes where the Dockerfile copies the packages first."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

from labkit.dockerfile import Dockerfile
from labkit.errors import LabError
from labkit.progress import CACHED
from labkit.result import Finding, Outcome, Report

WHEN = datetime(2026, 3, 1, 12, 3, tzinfo=UTC)
STARTER = {
    "Dockerfile": (
        "FROM node:20-alpine\nWORKDIR /app\nCOPY . .\nRUN npm ci --omit=dev  # slow\n"
        'EXPOSE 3000\nCMD ["node", "src/index.js"]\n'
    ),
    ".dockerignore": "node_modules\n",
}
TASK = """# Order the layers

*10 minutes*

The image builds, but **each edit of the source** installs all packages anew.
Change the `Dockerfile` so that `npm ci` is reused while the packages stay the same.

## What there is

| file | what it holds |
|---|---|
| `package.json` | which packages |
| `src/` | the code you edit, see [the docs](https://docs.docker.com/build/cache/) |
"""


@dataclass(frozen=True)
class Note:
    status: str = "to do"
    passed: bool = False
    attempts: int = 0
    seconds: float = 0
    changed: bool = False


class Course:
    """A controller whose files are real ones below ``name/``.

    Args:
        name: its folder, beside the notebook.
        files: which of the starter's files it has.
        wait: whether a check stays at RUN until there is a file ``go`` in the folder.
        trouble: whether a check cannot be made.
    """

    course_done = (1, 4)

    def __init__(self, name, files=("Dockerfile",), *, wait=False, trouble=False):
        self.folder, self._files, self._wait, self._trouble = Path(name).resolve(), files, wait, trouble
        self.exercise = SimpleNamespace(
            slug=name, title=f"Order the layers for the cache ({name})", section="Image layers", minutes=10, task=TASK
        )
        self.note, self._hints, self._known = Note(), 0, {}
        self.folder.mkdir(exist_ok=True)
        self._start()

    def _start(self):
        for file in self._files:
            (self.folder / file).write_text(STARTER[file])

    def files(self):
        return {file: (self.folder / file).read_text() for file in self._files}

    def save(self, name, text):
        (self.folder / name).write_text(text)

    def check(self, progress, *, anew=False):
        files = self.files()
        if (before := self._known.get(str(files))) and not anew:
            return replace(before, since=WHEN)
        self._known[str(files)] = report = self._checked(progress, files["Dockerfile"])
        return report

    def _checked(self, progress, text):
        self.note = replace(self.note, attempts=self.note.attempts + 1)
        steps = Dockerfile(text).instructions
        for number, instruction in enumerate(steps, 1):
            progress.step(str(instruction), number, len(steps))
            progress("build", number, len(steps))
            progress.output(CACHED if number < 3 else f"{instruction.name} says <something>\n")
            while self._wait and instruction.name == "RUN" and not (self.folder / "go").exists():
                time.sleep(0.02)
            if instruction.value == "false":
                progress.failed()
                return self._report(Finding(Outcome.FAIL, f"The build failed at {instruction}: exit code 1"))
        return self._built("COPY package*.json" in text)

    def _report(self, *findings):
        passed = all(each.outcome is Outcome.PASS for each in findings)
        self.note = replace(self.note, status="done" if passed else "not yet", passed=passed or self.note.passed)
        return Report(self.exercise.slug, self.exercise.title, findings)

    def _built(self, good):
        if self._trouble:
            raise LabError("The engine does not answer.", why="Nothing can be built.", fix="start it & try again")
        second = Finding(
            Outcome.PASS if good else Outcome.FAIL,
            saw="After an edit of src/index.js the layer of `npm ci` was made anew.",
            want="The layer that holds app/node_modules is reused.",
            why="Each install costs minutes & bandwidth, for <every> edit.",
            title="An edit of the source does not install the packages anew",
        )
        return self._report(Finding(Outcome.PASS, saw="It builds.", title="The image builds"), second)

    def hint(self):
        self._hints = min(2, self._hints + 1)
        return self._hints, 2, ("Which files does `npm ci` need?", "Copy `package*.json` first.")[self._hints - 1]

    def reset(self):
        self._start()
        self.note = replace(self.note, status="to do")
        return self.folder / ".kept"

    def starter(self):
        return {file: STARTER[file] for file in self._files}

    def solution(self):
        return {"Dockerfile": STARTER["Dockerfile"].replace("COPY . .", "COPY package*.json ./")}, "The packages first."
