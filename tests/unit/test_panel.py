from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from labkit.errors import LabError
from labkit.report import panel as findings
from labkit.result import Finding, Outcome, Report
from labkit.ui import markdown
from labkit.ui.languages import language
from labkit.ui.panel import STATIC, Panel
from labkit.ui.place import lab_path

UI = STATIC.parent
WHEN = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Note:
    status: str = "to do"
    passed: bool = False
    attempts: int = 0
    seconds: float = 0
    changed: bool = False


class Course:
    """A controller whose disk is a dict and whose check passes where the Dockerfile says so."""

    exercise = SimpleNamespace(
        slug="06-layer-order",
        title="Order",
        section="Layers",
        minutes=10,
        task="# Order\n\n*10 minutes*\n\n## What\n\nDo *it*.",
    )
    folder = Path("work")
    course_done = (1, 4)
    fails_at, since = "", None

    def __init__(self, *, error=None):
        self.disk = {"Dockerfile": "FROM a\r\n", ".dockerignore": ""}
        self.note, self.error, self.told = Note(), error, []

    def files(self):
        return dict(self.disk)

    def save(self, name, text):
        self.disk[name] = text

    def check(self, progress, *, anew=False):
        self.told.append(anew)
        progress.step("FROM a", 1, 3)
        progress("build", 1, 3)
        if self.fails_at:
            progress.step(self.fails_at, 2, 3)
            progress.failed()
        if self.error:
            raise self.error
        outcome = Outcome.PASS if "good" in self.disk["Dockerfile"] else Outcome.FAIL
        passed = outcome is Outcome.PASS
        self.note = replace(self.note, status="done" if passed else "not yet", passed=passed or self.note.passed)
        found = (Finding(outcome, "saw", "want", "why", "c", "It is good"),)
        return Report("06-layer-order", "Order", found, since=None if anew else self.since)

    def hint(self):
        return 1, 3, "Look at `COPY`."

    def reset(self):
        self.disk["Dockerfile"] = "FROM a\n"
        self.note = replace(self.note, status="to do")
        return Path("work/.kept/1")

    def starter(self):
        return {"Dockerfile": "FROM a\n", ".dockerignore": ""}

    def solution(self):
        return {"Dockerfile": "FROM good\n"}, "Because *it is*."


class Seen(Panel):
    """A panel that keeps what it sends to its views."""

    def __init__(self, controller):
        self.sent = []
        super().__init__(controller)

    def send(self, content, buffers=None):  # noqa: ARG002  ipywidgets' signature
        self.sent.append(content)


@pytest.fixture
def course():
    return Course()


@pytest.fixture
def panel(course):
    return Seen(course)


def message(panel, action, *drafts, view="v1"):
    """What the view sends."""
    panel._received(panel, {"action": action, "view": view, "drafts": list(drafts)}, [])  # noqa: SLF001  its other half


def draft(text, base, path="Dockerfile"):
    return {"path": path, "text": text, "base": base}


def wait_for_check():
    for thread in threading.enumerate():
        if thread.name == "labkit-check":
            thread.join(10)


def test_it_shows_the_exercise(panel):
    assert repr(panel) == "Exercise('06-layer-order', to do)"
    assert panel.task_html == "<h4>What</h4>\n<p>Do <em>it</em>.</p>\n"  # the head says the title and the minutes
    assert panel.about == "Layers · about 10 minutes"
    assert panel.course == [1, 4]
    assert [file["path"] for file in panel.files] == ["Dockerfile", ".dockerignore"]


def test_text_is_all_that_a_notebook_stores_of_it(panel):
    data, _ = panel._repr_mimebundle_()
    assert data["text/plain"] == "Exercise('06-layer-order', to do)"


def test_check_from_a_cell_returns_the_report(panel, course):
    assert panel.check().outcome is Outcome.FAIL
    assert (panel.status, panel.busy, panel.message["head"]) == ("not yet", False, "Not yet.")
    assert "It is good" in panel.findings_html
    course.disk["Dockerfile"] = "FROM good"
    assert panel.check().passed
    assert repr(panel) == "Exercise('06-layer-order', done)"
    assert panel.passed


def test_check_by_the_button_runs_in_a_thread_and_saves_first(panel, course):
    message(panel, "check", draft("FROM good\n", "FROM a\n"))
    wait_for_check()
    assert course.disk["Dockerfile"] == "FROM good\n"
    assert (panel.status, panel.progress) == ("done", {"text": "build", "done": 1, "total": 3})
    assert [(step["instruction"], step["state"]) for step in panel.build] == [("FROM a", "made")]


def test_the_same_files_are_checked_anew_only_where_that_is_asked_for(panel, course):
    course.since = WHEN
    message(panel, "check")
    wait_for_check()
    assert panel.again
    assert "These files were checked on " in panel.message["html"]
    message(panel, "check anew")
    wait_for_check()
    assert course.told == [False, True]


def test_where_a_build_failed_is_marked(panel, course):
    course.disk["Dockerfile"] = "FROM a\n# why\nRUN false\nCMD x\n"
    course.fails_at = "RUN false"
    panel.check()
    assert panel.fault == {"path": "Dockerfile", "line": 3}
    assert panel.build[-1]["state"] == "failed"
    course.fails_at = ""
    panel.check()
    assert panel.fault["line"] == 0


def test_changes_and_how_much_work_there_was(panel, course):
    panel.changes()
    assert "Nothing yet" in panel.sheet["html"]
    course.disk["Dockerfile"] = "FROM <b>\n"
    panel.changes()
    assert panel.sheet["title"] == "Your changes"
    assert "<del>- FROM a\n</del><ins>+ FROM &lt;b&gt;\n</ins>" in panel.sheet["html"]
    course.note = Note(attempts=1, seconds=130, changed=True)
    message(panel, "reset")
    assert panel.effort == "1 check, 2 minutes, an earlier version was passed"


def test_progress_of_one_piece_of_work_is_sent_a_few_times_a_second(panel):
    sent = []
    panel.observe(lambda change: sent.append(change["new"]["done"]), "progress")
    show = panel._progress()  # noqa: SLF001  what the check is given
    for done in range(1001):
        show("download", done, 1000)
    assert sent[0] == 0
    assert sent[-1] == 1000
    assert len(sent) < 100


def test_an_error_in_a_cell_is_raised_and_shown(course, panel):
    course.error = LabError("No <engine>.", why="It stopped.", fix="start it")
    with pytest.raises(LabError, match="No <engine>"):
        panel.check()
    assert (panel.status, panel.busy) == ("trouble", False)
    assert panel.message["head"] == "No <engine>."  # shown as text
    assert panel.message["html"] == "<p>It stopped.</p><p><b>What to do:</b> start it</p>"


def test_an_error_by_the_button_is_only_shown(course, panel):
    course.error = LabError("No engine.", fix="start it & wait")
    message(panel, "check")
    wait_for_check()
    assert panel.message["html"] == "<p><b>What to do:</b> start it &amp; wait</p>"


def test_a_fault_of_ours_folds_its_details_away(course, panel):
    course.error = ZeroDivisionError("<oh>")
    message(panel, "check")
    wait_for_check()
    assert "ZeroDivisionError: &lt;oh&gt;</p>" in panel.message["html"]
    assert "<details>" in panel.message["html"]
    assert not panel.busy


def test_an_error_is_no_traceback_in_a_notebook():
    assert LabError("What.", why="Why.", fix="do it")._render_traceback_() == [
        "What.",
        "Why.",
        "What to do: do it",
    ]


def test_a_draft_is_written(panel, course):
    message(panel, "save", draft("FROM b\n", "FROM a\n"))
    assert course.disk["Dockerfile"] == "FROM b\n"
    assert panel.files[0]["by"] == "v1"  # this view shows it already


def test_a_draft_made_from_an_older_text_is_refused(panel, course):
    course.disk["Dockerfile"] = "FROM elsewhere\n"
    message(panel, "check", draft("FROM b\n", "FROM a\n"))
    wait_for_check()
    assert course.disk["Dockerfile"] == "FROM elsewhere\n"
    assert panel.sent == [{"refused": "Dockerfile", "view": "v1", "text": "FROM elsewhere\n"}]
    assert panel.status == "to do"  # nothing was checked


def test_line_ends_alone_are_no_change(panel, course):
    message(panel, "save", draft("FROM a\n", "FROM a\n"))
    assert course.disk["Dockerfile"] == "FROM a\r\n"


def test_what_another_editor_wrote_is_shown(panel, course):
    course.disk["Dockerfile"] = "FROM elsewhere\n"
    message(panel, "refresh")
    assert (panel.files[0]["text"], panel.files[0]["by"]) == ("FROM elsewhere\n", "")


def test_hint_reset_solution(panel):
    assert repr(panel.hint()) == "Hint 1 of 3. Look at `COPY`."
    assert panel.message == {"kind": "hint", "head": "Hint 1 of 3.", "html": "<p>Look at <code>COPY</code>.</p>\n"}
    panel.solution()
    assert "<pre><code>FROM good\n</code></pre>\n<p>Because <em>it is</em>.</p>" in panel.sheet["html"]
    assert "From yours to the course's" not in panel.sheet["html"]  # that would tell before a pass
    message(panel, "reset", draft("FROM b\n", "FROM a\n"))
    assert (panel.status, panel.sheet["html"], panel.files[0]["text"]) == ("to do", "", "FROM a\n")
    assert "<code>work/.kept/1</code>" in panel.message["html"]


def test_an_unknown_action_is_ignored(panel):
    message(panel, "check_quietly")
    message(panel, "__init__")
    assert panel.message["head"] == ""


def test_while_it_checks_nothing_else_begins_but_typing_is_saved(panel, course):
    panel.busy = True
    message(panel, "reset", draft("FROM b\n", "FROM a\n"))
    assert course.disk["Dockerfile"] == "FROM b\n"


def test_markdown_lets_no_html_and_no_script_through():
    html = markdown.render("<script>x</script> [a](javascript:x) [b](other.md)\n\n| a |\n|---|\n| b |")
    assert "<script" not in html
    assert "javascript:" not in html.replace("[a](javascript:x)", "")
    assert '<a href="other.md" target="_blank" rel="noopener noreferrer">b</a>' in html
    assert "<td>b</td>" in html


def test_findings_are_escaped_and_say_their_outcome_in_words():
    nasty = '<img src=x onerror="y">'
    report = Report("s", "t", tuple(Finding(o, nasty, nasty, nasty, "c", nasty) for o in Outcome))
    html = findings.render(report)
    assert "<img" not in html
    for word in ("pass", "not yet", "to do", "trouble"):
        assert f"</span> {word}</span>" in html
    assert html.count("<details open>") == 2  # what failed or is in trouble explains itself, the others when asked
    order = [html.index(f"<h4>{word}") for word in ("Trouble", "Not yet", "To do", "Passed")]
    assert order == sorted(order)


def test_a_finding_in_trouble_says_what_to_do():
    html = findings.render(Report("s", "t", (Finding(Outcome.ERROR, "It died.", "start it", ""),)))
    assert "<dt>What to do</dt><dd>start it</dd>" in html


def test_findings_without_any_are_nothing():
    assert findings.render(Report("s", "t", ())) == ""


def test_code_in_a_finding():
    report = Report("s", "t", (Finding(Outcome.FAIL, "`a < b` ran"),))
    assert "<dd><code>a &lt; b</code> ran</dd>" in findings.render(report)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("Dockerfile", "dockerfile"),
        ("docker/Dockerfile.dev", "dockerfile"),
        ("src/index.js", "javascript"),
        ("compose.yaml", "yaml"),
        (".env", "properties"),
        (".dockerignore", "text"),
    ],
)
def test_language_of_a_file(path, name):
    assert language(path) == name


def test_path_for_jupyterlab(tmp_path):
    assert lab_path(tmp_path / "work/06/Dockerfile", tmp_path) == "work/06/Dockerfile"
    assert lab_path(Path("/elsewhere/Dockerfile"), tmp_path) == ""
    assert lab_path(tmp_path / "Dockerfile", None) == ""


def test_the_bundle_was_built_from_this_source():
    sources = [*sorted(f"src/{path.name}" for path in (UI / "src").iterdir()), "build.mjs", "package-lock.json"]
    digest = hashlib.sha256()
    for name in sources:
        digest.update(f"{name}\0".encode() + (UI / name).read_bytes() + b"\0")
    first = (STATIC / "panel.js").read_text(encoding="utf-8").splitlines()[0]
    assert first.endswith(f"source: {digest.hexdigest()}"), "run `npm ci && npm run build` in labkit/ui"


def test_the_bundle_and_its_lock_name_no_host():
    assert "http" not in (UI / "package-lock.json").read_text(encoding="utf-8")
    assert "https://" not in (STATIC / "panel.css").read_text(encoding="utf-8")
