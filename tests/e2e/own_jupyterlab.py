"""A JupyterLab of its own, and the notebook that the tests open in it."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import axe_playwright_python
import nbformat
from notebook_cells import CELLS

from labkit.devtools import BROWSER_FLAGS, chromium

HERE = Path(__file__).parent
AUDITED = HERE.parent / "audited"
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
CHROMIUM = chromium()
FLAGS = list(BROWSER_FLAGS)
UP_SECONDS = 60
SETTINGS = "@jupyterlab/apputils-extension"


@dataclass
class Lab:
    """An open notebook: the page, the folder that it is in, and what should not have happened."""

    page: object
    folder: Path
    theme: str
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def panel(self, name):
        """The panel of a fake exercise, by its place in the notebook."""
        names = ["06-path", "06-questions", "06-files", "06-trouble"]
        return self.page.locator(".labkit-panel").nth(names.index(name))

    def shot(self, name, target=None):
        """Keep a picture where LABKIT_SHOTS says."""
        if folder := os.environ.get("LABKIT_SHOTS"):
            (target or self.page).screenshot(path=Path(folder, f"{self.theme}-{name}.png"))


@contextlib.contextmanager
def jupyter(folder):
    """Run JupyterLab on a free port for the files in ``folder/work``; give its address and token."""
    home, token = folder / "home", secrets.token_hex(8)
    home.mkdir()
    (home / "overrides.json").write_text(
        json.dumps({f"{SETTINGS}:notification": {"fetchNews": "false", "checkForUpdates": False}})
    )
    env = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "JPY"))}
    env |= {"HOME": str(home), "JUPYTER_CONFIG_DIR": str(home / "config"), "JUPYTER_RUNTIME_DIR": str(home / "run")}
    env |= {"JUPYTER_DATA_DIR": str(home / "data"), "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces")}
    env |= {"JUPYTERLAB_SETTINGS_DIR": str(home / "settings")}
    ours = os.pathsep.join([str(AUDITED), str(HERE.parents[1])])  # this checkout, and no other one
    env |= {"PYTHONPATH": ours, "LABKIT_AUDIT": str(home / "asked-outside")}
    argv = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"]
    argv += [f"--ServerApp.root_dir={folder / 'work'}", f"--IdentityProvider.token={token}"]
    argv += [f"--LabApp.app_settings_dir={home}", "--ServerApp.port=0", "--LabApp.news_url=None"]
    argv += ["--LabApp.extension_manager=readonly"]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(argv, env=env, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        yield _address(server, home), token
    finally:
        server.terminate()
        server.wait(20)


def _address(server, home):
    end = time.monotonic() + UP_SECONDS
    while time.monotonic() < end and server.poll() is None:
        for file in (home / "run").glob("jpserver-*.json"):
            with contextlib.suppress(ValueError):  # it is being written
                return json.loads(file.read_text())["url"].rstrip("/")
        time.sleep(0.1)
    raise AssertionError((home / "log").read_text()[-2000:])


GRAVE = ("serious", "critical")


def axe(page, *where, impacts=("minor", "moderate", *GRAVE)):
    """What axe-core finds fault with in these parts of a page: each rule, with the elements that break it."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("(where) => axe.run({include: where.map((each) => [each])})", list(where))
    assert len(found["passes"]) > 5, "it has looked at next to nothing"
    faults = [each for each in found["violations"] if each["impact"] in impacts]
    return [(each["id"], each["impact"], [node["html"] for node in each["nodes"]]) for each in faults]


def write_notebook(folder):
    """Put the notebook and what it imports into a folder; return how many cells it has."""
    folder.mkdir(parents=True)
    shutil.copy(HERE / "fake_course.py", folder)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, folder / "panel.ipynb")
    return len(CELLS)
