"""The panel of one exercise in a notebook: its task, its files, Check, Hint, Solution and Reset.

A view: what is true of the exercise is asked of the controller each time. The other half is ``src/panel.ts``; traits go
from here to there, and what the learner wants comes back as messages ``{action, view, drafts}``, where ``drafts`` are
texts that were typed since the last message, each with the text that it was made from.
"""

from __future__ import annotations

import contextlib
import contextvars
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from labkit.dockerfile import Dockerfile
from labkit.errors import LabError
from labkit.report import panel as findings
from labkit.status import STATUSES
from labkit.ui import diff, formats, markdown, said
from labkit.ui.buildlog import BuildLog
from labkit.ui.labels import labels, signs
from labkit.ui.languages import language
from labkit.ui.place import lab_path, server_root
from labkit.words import say

if TYPE_CHECKING:
    from labkit.progress import Progress
    from labkit.result import Report
    from labkit.ui.controller import Controller
    from labkit.ui.said import Said

STATIC = Path(__file__).with_name("static")
DOCKERFILE = "Dockerfile"
INTERVAL = 0.1  # seconds between two progress messages of the same piece of work
FEW = 50  # steps; each of so few is shown, also where several come at once
NO_SHEET = {"title": "", "html": ""}
NOTHING = {"kind": "", "head": "", "html": ""}
NO_FAULT = {"path": "", "line": 0}
WAITING = {"text": "", "done": None, "total": None}


class Panel(anywidget.AnyWidget):
    """The panel.

    Args:
        controller: the learner's work on the exercise.
    """

    _esm = (STATIC / "panel.js").read_text(encoding="utf-8")  # a path would be watched for changes
    _css = (STATIC / "panel.css").read_text(encoding="utf-8")
    words: traitlets.Dict[str, str] = traitlets.Dict().tag(sync=True)  # see `labkit.ui.labels`
    signs: traitlets.Dict[str, str] = traitlets.Dict().tag(sync=True)
    title = traitlets.Unicode().tag(sync=True)
    about = traitlets.Unicode().tag(sync=True)
    task_html = traitlets.Unicode().tag(sync=True)
    files = traitlets.List(traitlets.Dict()).tag(sync=True)  # {path, text, language, open, by: the view that wrote it}
    status = traitlets.Enum([*map(str, STATUSES)], "to do").tag(sync=True)
    passed = traitlets.Bool().tag(sync=True)
    busy = traitlets.Bool().tag(sync=True)
    progress: traitlets.Dict[str, Any] = traitlets.Dict(default_value=WAITING).tag(sync=True)
    message = traitlets.Dict(default_value=NOTHING).tag(sync=True)
    findings_html = traitlets.Unicode().tag(sync=True)
    build = traitlets.List(traitlets.Dict()).tag(sync=True)  # steps, see BuildLog
    fault = traitlets.Dict(default_value=NO_FAULT).tag(sync=True)  # where the build failed
    again = traitlets.Bool().tag(sync=True)  # whether the result is that of an earlier check
    effort = traitlets.Unicode().tag(sync=True)
    sheet = traitlets.Dict(default_value=NO_SHEET).tag(sync=True)  # a solution, or changes
    course = traitlets.List([0, 1]).tag(sync=True)

    def __init__(self, controller: Controller) -> None:
        self._controller, self._checking = controller, threading.Lock()
        exercise = controller.exercise
        super().__init__(
            title=exercise.title,
            words=labels(),
            signs=signs(),
            about=say("{section} · about {minutes} minutes", section=exercise.section, minutes=exercise.minutes),
            task_html=markdown.render(markdown.without_title(exercise.task)),
            files=self._read(),
        )
        self._refresh_note()
        self.on_msg(self._received)
        formats.register()

    # ── what the buttons and a cell's code do alike

    def check(self, *, anew: bool = False) -> Report:
        """Check the files as they are on the disk now.

        Args:
            anew: build also what was checked before.

        Returns:
            The report, which the panel shows too.

        Raises:
            LabError: the check could not be made.
        """
        with self._checking:
            self._begin()
            log = BuildLog(self._show_build, self._progress())
            try:
                report = self._controller.check(log, anew=anew)
            except BaseException as error:
                self._show(said.of_error(error) if isinstance(error, LabError) else said.of_bug(error))
                self.status = "trouble"
                raise
            else:
                self._show_report(report)
                self._show_fault(log.failed_at)
                return report
            finally:
                log.ended()
                self.busy = False

    def hint(self) -> Said:
        """Show the next hint."""
        number, total, text = self._controller.hint()
        return self._show(said.Said("hint", say("Hint {number} of {total}.", number=number, total=total), text))

    def reset(self) -> Said:
        """Put the starter files back; what was there is kept in a dated copy."""
        kept = self._controller.reset()
        self._forget_build()
        self.findings_html, self.sheet = "", NO_SHEET
        self.files = self._read()
        self._refresh_note()
        where = say("Your files are kept in `{kept}`.", kept=kept) if kept else ""
        return self._show(said.Said("note", say("The starter files are back."), where))

    def solution(self) -> Said:
        """Show the course's solution, and why it is right."""
        files, why = self._controller.solution()
        text = "\n\n".join([*(_fenced(path, content) for path, content in files.items()), why])
        changes = diff.render(_plain(self._controller.files()), files) if self.passed else ""
        head = say("From yours to the course's")
        beside = f"<h5>{head}</h5>{changes}" if changes else ""
        self._lay_out(say("Solution"), markdown.render(text) + beside)
        return said.Said("note", say("Solution."), f"\n\n{text}")

    def changes(self) -> Said:
        """Show what differs from the starter."""
        html = diff.render(_plain(self._controller.starter()), _plain(self._controller.files()))
        nothing = say("Nothing yet: your files are the starter's.")
        self._lay_out(say("Your changes"), html or f"<p>{nothing}</p>")
        return said.Said("note", say("Your changes."), said.Html(html))

    # ── messages from the view

    def _received(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        try:
            if self._save(content) and (action := self._actions().get(content.get("action", ""))):
                action()
        except LabError as error:
            self._show(said.of_error(error))

    def _actions(self) -> dict[str, Any]:
        quiet = {"save": lambda: None, "refresh": self._refresh, "check": self._start_check}
        quiet["check anew"] = partial(self._start_check, anew=True)
        if self.busy:
            return quiet
        others = {"hint": self.hint, "reset": self.reset, "solution": self.solution, "changes": self.changes}
        return {**quiet, **others}

    def _save(self, content: dict[str, Any]) -> bool:
        """Write the drafts; False where one was refused, since the disk has a text that it was not made from."""
        view, drafts, good = str(content.get("view", "")), content.get("drafts", []), True
        on_disk = _plain(self._controller.files()) if drafts else {}
        for draft in drafts:
            path, text = draft["path"], draft["text"]
            if on_disk.get(path) not in (draft["base"], text):
                self.send({"refused": path, "view": view, "text": on_disk.get(path, "")})
                good = False
            elif on_disk[path] != text:
                self._controller.save(path, text)
                self.files = [{**f, "text": text, "by": view} if f["path"] == path else f for f in self.files]
        return good

    def _start_check(self, *, anew: bool = False) -> None:
        """Check in a thread, so that the kernel goes on passing messages: progress, and what is typed meanwhile."""
        if self._checking.locked():
            return
        self._refresh()
        work = contextvars.copy_context().run  # ipykernel keeps there which cell a message belongs to
        threading.Thread(target=work, args=(self._check_quietly, anew), name="labkit-check", daemon=True).start()

    def _check_quietly(self, anew: bool) -> None:  # noqa: FBT001  ours alone
        with contextlib.suppress(Exception):  # the panel shows it already
            self.check(anew=anew)

    # ── what is shown

    def _read(self) -> list[dict[str, str]]:
        folder, root = self._controller.folder, server_root()
        return [
            {"path": path, "text": text, "language": language(path), "open": lab_path(folder / path, root), "by": ""}
            for path, text in _plain(self._controller.files()).items()
        ]

    def _refresh(self) -> None:
        """Show what another editor has written meanwhile."""
        read = self._read()
        if [f["text"] for f in read] != [f["text"] for f in self.files]:
            self.files = read

    def _refresh_note(self) -> None:
        note = self._controller.note
        self.status, self.passed, self.course = note.status, note.passed, list(self._controller.course_done)
        self.effort = said.of_effort(note)

    def _begin(self) -> None:
        self._forget_build()
        self.progress, self.message, self.busy = WAITING, NOTHING, True

    def _forget_build(self) -> None:
        self.build, self.fault, self.again = [], NO_FAULT, False

    def _show(self, message: Said) -> Said:
        self.message = message.message
        return message

    def _show_report(self, report: Report) -> None:
        self.findings_html, self.again = findings.render(report), report.since is not None
        self._refresh_note()
        self._show(said.of_report(report))

    def _show_build(self, steps: list[dict[str, Any]]) -> None:
        self.build = steps

    def _show_fault(self, instruction: str) -> None:
        """Say where in which file the instruction stands at which a build failed."""
        text = self._controller.files().get(DOCKERFILE, "") if instruction else ""
        line = Dockerfile(text).line_of(instruction) if text else 0
        self.fault = {"path": DOCKERFILE, "line": line} if line else NO_FAULT

    def _lay_out(self, title: str, html: str) -> None:
        self.sheet = {"title": title, "html": html}
        self.send({"sheet": True})

    def _progress(self) -> Progress:
        last: dict[str, float] = {}

        def show(what: str, done: float | None = None, total: float | None = None, /) -> None:
            now = time.monotonic()
            often = total and total > FEW and done != total
            if not often or now - last.get(what, float("-inf")) >= INTERVAL:
                last[what] = now
                self.progress = {"text": say(what), "done": done, "total": total}

        return show

    def __repr__(self) -> str:
        return f"Exercise({self._controller.exercise.slug!r}, {self.status})"


def _plain(files: dict[str, str]) -> dict[str, str]:
    """Line ends as the editor knows them."""
    return {path: text.replace("\r\n", "\n").replace("\r", "\n") for path, text in files.items()}


def _fenced(path: str, content: str) -> str:
    return f"**`{path}`**\n\n~~~~~~\n{content.rstrip()}\n~~~~~~"
