"""Someone who learns, with a browser."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys

import nbformat
from relay import Relay

try:
    from playwright.sync_api import expect
except ModuleNotFoundError:  # conftest says so, and skips
    expect = None

LIMIT = 120_000  # ms for a check on a busy machine


class Learner:
    """Someone with a browser: its page, the server's address and folders, and the way to the engine."""

    def __init__(self, context, folder, address, token, way):
        self.context, self.folder, self.address, self.token, self.way = context, folder, address, token, way
        self._env = dict(os.environ)  # as JupyterLab has it

    def labkit(self, *words):
        """Run a command as in a terminal there; give what it says."""
        argv = [sys.executable, "-m", "labkit.cli", *words]
        return subprocess.run(argv, check=True, capture_output=True, text=True, env=self._env).stdout

    def open(self, exercise):
        """Open a notebook with an exercise, and run it; give the page and the panel in it."""
        page = self.notebook(exercise, f"from labkit import lab\nex = lab({exercise!r})")
        return page, run_all(page)

    def notebook(self, name, *cells):
        """Open a notebook with some cells."""
        notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, cells)))
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, self.folder / "work" / f"{name}.ipynb")
        page = self.page(f"lab/tree/{name}.ipynb?token={self.token}&reset")
        expect(page.locator("#jp-main-statusbar")).to_contain_text("Idle", timeout=LIMIT)
        return page

    def page(self, where):
        """Open an address.

        Chromium drops what it is about whenever a container's network comes or goes, and JupyterLab then says that it
        has lost its server for a moment.
        """
        page = self.context.new_page()
        lost = page.get_by_role("dialog", name=re.compile("Server Connection Error"))
        page.add_locator_handler(lost, lambda: lost.get_by_role("button", name="Dismiss").click())
        page.goto(f"{self.address}/{where}")
        return page


def run(page, words):
    """Choose from the menu Run."""
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text(words, exact=True).click()


def run_all(page):
    run(page, "Run All Cells")
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
