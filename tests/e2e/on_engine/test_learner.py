"""The lab as a learner uses it, in a browser and on the real engine: wrong, then right, and through trouble."""

from __future__ import annotations

import contextlib
import re
import socket
from pathlib import Path

import nbformat
import pytest
from own_jupyterlab import CHROMIUM, FLAGS, jupyter
from relay import Relay

try:
    from playwright.sync_api import expect, sync_playwright
except ModuleNotFoundError:  # conftest says so, and skips
    expect = sync_playwright = None

ROOT = Path(__file__).parents[3]
LIMIT = 120_000  # ms for a check on a busy machine
DOCKERFILE = (ROOT / "solutions/00-first-check/Dockerfile").read_text()


class Learner:
    """Someone with a browser: its page, the server's address and folders, and the way to the engine."""

    def __init__(self, browser, folder, address, token, way):
        self.browser, self.folder, self.address, self.token, self.way = browser, folder, address, token, way

    def open(self, exercise):
        """Open a notebook with one cell, and run it; give the page and the panel in it."""
        cell = nbformat.v4.new_code_cell(f"from labkit import lab\nex = lab({exercise!r})")
        notebook = nbformat.v4.new_notebook(cells=[cell])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, self.folder / "work" / f"{exercise}.ipynb")
        page = self.page(f"{exercise}.ipynb?token={self.token}&reset")
        expect(page.locator("#jp-main-statusbar")).to_contain_text("Idle", timeout=LIMIT)
        return page, run_all(page)

    def page(self, where):
        """Open an address.

        Chromium drops what it is about whenever a container's network comes or goes, and JupyterLab then says that it
        has lost its server for a moment.
        """
        page = self.browser.new_page(viewport={"width": 1280, "height": 1400})
        lost = page.get_by_role("dialog", name=re.compile("Server Connection Error"))
        page.add_locator_handler(lost, lambda: lost.get_by_role("button", name="Dismiss").click())
        page.goto(f"{self.address}/lab/tree/{where}")
        return page


def run_all(page):
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    panel = page.locator(".labkit-panel")
    expect(panel).to_be_visible(timeout=LIMIT)
    return panel


def button(panel, name):
    return panel.get_by_role("button", name=name, exact=True)


def retype(page, panel, text):
    panel.get_by_role("textbox").focus()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(text)


def says(panel, words):
    expect(panel.get_by_role("status")).to_contain_text(words, timeout=LIMIT)


class Way:
    """The way to the engine: it can be closed and opened again at the same address."""

    def __init__(self, path, engine):
        self.path, self._engine, self._stack = path, engine.url.removeprefix("unix://"), contextlib.ExitStack()

    def open(self):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.path))
        listener.listen(64)
        self._stack.enter_context(Relay(self._stack.enter_context(listener), self._engine))

    def close(self):
        self._stack.close()
        self.path.unlink()


@pytest.fixture(scope="module")
def learner(tmp_path_factory, engine):
    folder = tmp_path_factory.mktemp("learner")
    (folder / "work").mkdir()
    way = Way(folder / "engine.sock", engine)
    way.open()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LABKIT_ENGINE", f"unix://{way.path}")
        for name in ("WORK", "DATA", "STATE"):
            patch.setenv(f"LABKIT_{name}", str(folder / name.lower()))
        with jupyter(folder) as (address, token), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            yield Learner(browser, folder, address, token, way)
            browser.close()
    way.close()


def test_by_mouse_wrong_then_right(learner):
    page, panel = learner.open("first-check")
    button(panel, "Check").click()
    says(panel, "Nothing to check yet.")
    retype(page, panel, DOCKERFILE.replace("Ahoy", "Hi"))
    button(panel, "Check").click()
    says(panel, "Not yet.")
    expect(panel.locator(".finding.fail")).to_contain_text("Ahoy")
    retype(page, panel, DOCKERFILE + "RUN cat /nothing-here\n")
    button(panel, "Check").click()
    expect(panel.locator(".step.failed")).to_contain_text("can't open", timeout=LIMIT)
    expect(panel.locator(".cm-fault")).to_contain_text("RUN cat")
    retype(page, panel, DOCKERFILE)
    button(panel, "Check").click()
    says(panel, "Well done.")
    expect(panel).to_contain_text("3 checks")
    button(panel, "Check").click()
    says(panel, "These files were checked on ")
    button(panel, "Check all the same").click()
    expect(panel).to_contain_text("4 checks", timeout=LIMIT)
    page.close()


def test_commands_by_keyboard_alone(learner):
    page, panel = learner.open("run-and-publish")
    panel.get_by_role("textbox").focus()
    retype(page, panel, "docker run nothing-of-this-name\n")
    page.keyboard.press("Control+Enter")
    says(panel, "Not yet.")
    retype(page, panel, (ROOT / "solutions/07-run-and-publish/commands.sh").read_text())
    page.keyboard.press("Control+Enter")
    says(panel, "Well done.")
    page.keyboard.press("Escape")
    expect(button(panel, "Check")).to_be_focused()
    for name in ("Hint", "Changes"):
        page.keyboard.press("Tab")
        expect(button(panel, name)).to_be_focused()
    page.keyboard.press("Enter")
    expect(panel.get_by_role("group", name="Your changes")).to_be_focused()
    page.close()


def test_the_kernel_is_restarted_in_the_middle_of_a_check(learner):
    page, panel = learner.open("first-check")
    expect(panel.locator(".pill")).to_contain_text("done")  # from the test before
    slow = DOCKERFILE + "RUN sleep 60\n"
    retype(page, panel, slow)
    button(panel, "Check").click()
    expect(panel.locator(".step.running")).to_contain_text("RUN sleep 60", timeout=LIMIT)
    page.get_by_role("menuitem", name="Kernel", exact=True).click()
    page.get_by_text("Restart Kernel and Clear Outputs of All Cells…", exact=True).click()
    page.get_by_role("button", name="Confirm Kernel Restart").click()
    expect(panel).to_have_count(0, timeout=LIMIT)
    expect(page.locator("#jp-main-statusbar")).to_contain_text("Idle", timeout=LIMIT)
    panel = run_all(page)
    expect(panel.get_by_role("textbox")).to_contain_text("RUN sleep 60")  # nothing that was typed is lost
    expect(panel.locator(".pill")).to_contain_text("done")
    retype(page, panel, DOCKERFILE + "# again\n")
    button(panel, "Check").click()
    says(panel, "Well done.")
    page.close()


def test_the_engine_goes_away_and_comes_back(learner):
    page, panel = learner.open("first-check")
    retype(page, panel, DOCKERFILE + "# the engine goes\n")
    learner.way.close()
    try:
        button(panel, "Check").click()
        says(panel, "What to do:")
        expect(panel.locator(".pill")).to_contain_text("trouble")
    finally:
        learner.way.open()
    button(panel, "Check").click()
    says(panel, "Well done.")
    page.close()


def test_two_tabs_show_the_same(learner):
    page, panel = learner.open("first-check")
    page.keyboard.press("Control+S")
    other = learner.page(f"first-check.ipynb?token={learner.token}")
    theirs = other.locator(".labkit-panel")
    expect(theirs).to_be_visible(timeout=LIMIT)
    retype(page, panel, DOCKERFILE + "# here\n")
    expect(theirs.get_by_role("textbox")).to_contain_text("# here", timeout=LIMIT)
    retype(other, theirs, DOCKERFILE + "# there\n")
    expect(panel.get_by_role("textbox")).to_contain_text("# there", timeout=LIMIT)
    button(theirs, "Check").click()
    says(panel, "Well done.")
    other.close()
    page.close()
