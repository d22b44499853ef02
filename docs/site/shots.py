"""Photograph the exercises' panels for README.md and docs: python docs/site/shots.py [NOTEBOOK …].

Each notebook's panel is opened in JupyterLab on the engine that is found, brought to a state that is worth seeing, and
photographed in both themes, as `docs/img/NOTEBOOK-light.webp` and `-dark`. What is checked is checked for real.
It takes some minutes, needs Chromium, and Pillow, which nothing else here does: pip install pillow.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

import click
import nbformat
from playwright.sync_api import expect, sync_playwright

from labkit import course
from labkit.devtools import BROWSER_FLAGS, chromium
from labkit.launch import jupyter
from labkit.spec import files_below
from labkit.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, FloatRect, Locator, Page

try:
    from PIL import Image
except ModuleNotFoundError:
    sys.exit("The pictures are made small with Pillow, which is not here. What to do: pip install pillow")

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "img"
VIEW = {"width": 1280, "height": 3200}  # so high that no panel is cut off by the notebook's own scroll bar
SCALE = 1.5
COLORS = 256  # a panel has few; none of its own is lost
MARGIN = 6  # px around the panel
LIMIT = 240_000  # ms for a check on a busy machine
SETTINGS = {"adaptive-theme": True}  # the theme follows what the page is told that its machine prefers
Press = tuple[str, str]  # a button, and words that the panel shows after it


@dataclass(frozen=True)
class Scene:
    """A panel in a state that is worth seeing.

    Attributes:
        notebook: whose panel it is.
        exercise: the exercise's slug.
        files: a folder of submitted files, relative to the root; "" for the starter's.
        presses: the buttons to press, in order.
    """

    notebook: str
    exercise: str
    files: str = ""
    presses: tuple[Press, ...] = ()


def wrong(notebook: str, exercise: str, mistake: str, *more: Press) -> Scene:
    """Make a scene in which a wrong submission of the tests is checked."""
    return Scene(notebook, exercise, f"tests/wrong/{exercise}/{mistake}", (("Check", "Not yet."), *more))


def right(notebook: str, exercise: str, folder: str, *more: Press) -> Scene:
    """Make a scene in which a right submission is checked."""
    return Scene(notebook, exercise, folder, (("Check", "Well done."), *more))


SCENES = (
    right("00_start_here", "00-first-check", "solutions/00-first-check"),
    Scene("01_what_docker_solves", "01-same-everywhere"),
    Scene("02_containers_vs_vms", "02-limits-and-namespaces", presses=(("Hint", "Hint 1 of"),)),
    wrong("03_images_and_containers", "03-writable-layer", "removed-before-the-copy"),
    wrong("04_first_dockerfile", "04-first-dockerfile", "installs-before-copying"),
    wrong("05_run_cmd_entrypoint", "05-cmd-entrypoint", "cmd-in-shell-form"),
    right(
        "06_layer_order",
        "06-layer-order",
        "tests/right/06-layer-order/owner-on-copy",
        ("Solution", "From yours to the course's"),
    ),
    wrong("07_core_commands", "07-run-and-publish", "sides-of-the-port-swapped"),
    wrong("08_dockerignore", "08-dockerignore", "repository-forgotten"),
    wrong("09_multi_stage", "09-multi-stage", "all-of-app-copied", ("Changes", "Your changes")),
    right("10_registry", "10-push-and-pull", "solutions/10-push-and-pull"),
    Scene("11_pitfalls", "11-non-root", presses=(("Solution", "See the solution?"),)),
    wrong("12_capstone", "12-capstone", "shell-as-main-process"),
)


@contextmanager
def lab() -> Iterator[tuple[Path, str]]:
    """Run JupyterLab in a new folder, for a learner who has done nothing yet; give the folder and the address."""
    with tempfile.TemporaryDirectory(prefix="labkit-shots-") as name:
        home = Path(name)
        own = {f"LABKIT_{each.upper()}": str(home / each) for each in ("work", "data", "state")}
        own |= {f"JUPYTER_{each.upper()}_DIR": str(home / each) for each in ("config", "runtime")}
        own |= {f"JUPYTERLAB_{each.upper()}_DIR": str(home / each) for each in ("settings", "workspaces")}
        own["PYTHONPATH"] = str(ROOT)
        settings = home / "settings" / "@jupyterlab" / "apputils-extension" / "themes.jupyterlab-settings"
        settings.parent.mkdir(parents=True)
        settings.write_text(json.dumps(SETTINGS), encoding="utf-8")
        # This process asks where the server is, so it must know the same folders.
        with patch.dict(os.environ, own), jupyter(home, dict(os.environ), browser=False, port=0) as (_, address):
            yield home, address


def hand_in(scene: Scene) -> None:
    """Lay a submission into the learner's folder."""
    exercise = course.exercise(scene.exercise, ROOT)
    workspace = Workspace(ROOT)
    workspace.start(exercise)
    for name, path in files_below(ROOT / scene.files).items() if scene.files else ():
        if name in exercise.files:
            workspace.write(exercise, name, path.read_text(encoding="utf-8"))


def opened(browser: Browser, home: Path, address: str, scene: Scene) -> tuple[Page, Locator]:
    """Open a notebook that holds the panel's cell alone, and run it."""
    cell = nbformat.v4.new_code_cell(f'from labkit import lab\nex = lab("{scene.exercise}")')  # type: ignore[no-untyped-call]
    notebook = nbformat.v4.new_notebook(cells=[cell])  # type: ignore[no-untyped-call]
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, home / f"{scene.notebook}.ipynb")  # type: ignore[no-untyped-call]
    page = browser.new_page(viewport=VIEW, device_scale_factor=SCALE, color_scheme="light")  # type: ignore[arg-type]
    # Chromium loses what it is about whenever a container's network comes or goes.
    lost = page.get_by_role("dialog", name=re.compile("Server Connection Error"))
    page.add_locator_handler(lost, lambda: lost.get_by_role("button", name="Dismiss").click())
    page.goto(re.sub(r"/tree/[^?]*", f"/tree/{scene.notebook}.ipynb", address) + "&reset")
    expect(page.locator("#jp-main-statusbar")).to_contain_text("Idle", timeout=LIMIT)
    page.keyboard.press("Control+B")  # the file browser
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    panel = page.locator(".labkit-panel")
    expect(panel).to_be_visible(timeout=LIMIT)
    return page, panel


def photograph(page: Page, panel: Locator, target: Path) -> None:
    """Take the panel's picture, with a little of the page around it."""
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement?.blur()")
    page.evaluate("document.fonts.ready")
    page.wait_for_timeout(500)  # the theme's style sheet, and the buttons' transitions
    box = panel.bounding_box()
    if box is None:
        raise SystemExit(f"{target.name}: the panel is not on the page.")
    clip: FloatRect = {
        "x": box["x"] - MARGIN,
        "y": box["y"] - MARGIN,
        "width": box["width"] + 2 * MARGIN,
        "height": box["height"] + 2 * MARGIN,
    }
    picture = Image.open(BytesIO(page.screenshot(clip=clip))).convert("RGB")
    few = picture.quantize(COLORS, dither=Image.Dither.NONE).convert("RGB")
    few.save(target, lossless=True, method=6)


def play(browser: Browser, home: Path, address: str, scene: Scene) -> None:
    """Bring a panel to its state, and photograph it in both themes."""
    hand_in(scene)
    page, panel = opened(browser, home, address, scene)
    for name, words in scene.presses:
        panel.get_by_role("button", name=name, exact=True).first.click()
        expect(panel.get_by_text(words).first).to_be_visible(timeout=LIMIT)
    for theme, light in (("light", "true"), ("dark", "false")):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        expect(page.locator("body")).to_have_attribute("data-jp-theme-light", light)
        photograph(page, panel, IMAGES / f"{scene.notebook}-{theme}.webp")
    page.close()


@click.command()
@click.argument("notebooks", nargs=-1)
def main(notebooks: tuple[str, ...]) -> None:
    """Make the pictures of NOTEBOOKS; of all where none is named."""
    IMAGES.mkdir(exist_ok=True)
    with lab() as (home, address), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(BROWSER_FLAGS))
        for scene in SCENES:
            if not notebooks or scene.notebook in notebooks:
                click.echo(scene.notebook)
                play(browser, home, address, scene)
        browser.close()
    click.echo(f"{sum(path.stat().st_size for path in IMAGES.iterdir()) / 1e6:.2f} MB in {IMAGES}")


if __name__ == "__main__":
    main()
