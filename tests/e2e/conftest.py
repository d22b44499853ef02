"""JupyterLab of its own in headless Chromium, with nothing but itself to talk to."""

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

import nbformat
import pytest
from notebook_cells import CELLS

HERE = Path(__file__).parent
UI = HERE.parent.parent / "labkit" / "ui"
AXE = UI / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
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


def pytest_collection_modifyitems(items):
    missing = []
    try:
        import playwright.sync_api  # noqa: F401, PLC0415
    except ModuleNotFoundError:
        missing.append("playwright (pip install 'labkit[browser]')")
    if CHROMIUM is None:
        missing.append("Chromium (apt-get install chromium)")
    if missing:
        for item in items:
            if HERE in item.path.parents:
                item.add_marker(pytest.mark.skip(reason=f"there is no {' and no '.join(missing)}"))


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


def write_notebook(folder):
    """Put the notebook and what it imports into a folder; return how many cells it has."""
    folder.mkdir(parents=True)
    shutil.copy(HERE / "fake_course.py", folder)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, folder / "panel.ipynb")
    return len(CELLS)


@pytest.fixture(scope="session")
def browsing(tmp_path_factory):
    """The server's folder, address and token, and a browser."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("jupyter")
    (folder / "work").mkdir()
    with jupyter(folder) as (address, token), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield folder, address, token, browser
        browser.close()


@pytest.fixture(scope="session", params=["light", "dark"])
def lab(request, browsing):
    """The notebook, run, in one of JupyterLab's themes."""
    from playwright.sync_api import expect  # noqa: PLC0415

    folder, address, token, browser = browsing
    theme = request.param
    cells = write_notebook(folder / "work" / theme)
    settings = folder / "home" / "settings" / "@jupyterlab" / "apputils-extension" / "themes.jupyterlab-settings"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(json.dumps({"theme": f"JupyterLab {theme.title()}"}))
    page = browser.new_page(viewport={"width": 1400, "height": 1500})
    it = Lab(page, folder / "work" / theme, theme)
    page.on("console", lambda message: message.type == "error" and it.errors.append(message.text))
    page.on("pageerror", lambda error: it.errors.append(str(error)))

    def only_own(route):
        if route.request.url.startswith((f"{address}/", "data:", "blob:")):
            route.continue_()
        else:
            it.outside.append(route.request.url)
            route.abort()

    page.route("**/*", only_own)
    page.goto(f"{address}/lab/tree/{theme}/panel.ipynb?token={token}&reset")
    # Without a kernel, Run All would ask for one.
    expect(page.locator("#jp-main-statusbar")).to_contain_text("Idle", timeout=60_000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    expect(page.locator(".jp-InputPrompt").nth(cells - 1)).to_have_text(f"[{cells}]:", timeout=60_000)
    yield it
    page.close()
