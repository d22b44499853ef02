"""Make docs/screenshot.png from the real course on the real engine: python tests/e2e/screenshot.py.

Beside each other: exercise 06 after a check that did not pass, and after the solution passed.
"""

from __future__ import annotations

import base64
import os
import re
import shutil
import tempfile
from pathlib import Path

from own_jupyterlab import CHROMIUM, FLAGS, jupyter
from playwright.sync_api import expect, sync_playwright

ROOT = Path(__file__).parents[2]
NOTEBOOK, EXERCISE = "06_layer_order", "06-layer-order"
VIEW = {"width": 860, "height": 1130}
LIMIT = 240_000  # ms for all cells, or a check
PAGE = """<!doctype html><body style="margin:0;display:flex;align-items:flex-start;gap:12px;background:#777">
<img style="width:calc(50% - 6px)" src="{}"><img style="width:calc(50% - 6px)" src="{}">"""


def check(page, panel, text, status):
    """Type a Dockerfile, check it, and photograph how it ended."""
    panel.get_by_role("textbox").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(text)
    page.keyboard.press("Control+Enter")
    expect(panel.locator(".pill")).to_contain_text(status, timeout=LIMIT)
    page.keyboard.press("Escape")
    panel.evaluate("e => e.closest('.jp-Cell').scrollIntoView({block: 'start'})")
    page.mouse.move(0, 0)
    return "data:image/png;base64," + base64.b64encode(page.screenshot()).decode()


def main():
    """Write the picture."""
    tmp = Path(tempfile.mkdtemp(prefix="labkit-screenshot-"))
    course = tmp / "work"
    for folder in ("notebooks", "exercises", "solutions"):
        shutil.copytree(ROOT / folder, course / folder)
    os.environ["LABKIT_COURSE"] = str(course)
    try:
        with jupyter(tmp) as (address, token), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = browser.new_page(viewport=VIEW)
            page.goto(f"{address}/lab/tree/notebooks/{NOTEBOOK}.ipynb?token={token}&reset")
            expect(page.locator("#jp-main-statusbar")).to_contain_text("Idle", timeout=LIMIT)
            page.keyboard.press("Control+B")  # the file browser
            page.get_by_role("menuitem", name="Run", exact=True).click()
            page.get_by_text("Run All Cells", exact=True).click()
            panel = page.locator(".labkit-panel")
            expect(panel).to_be_attached(timeout=LIMIT)
            last = page.locator(".jp-CodeCell .jp-InputPrompt").last
            expect(last).to_have_text(re.compile(r"\[\d+\]:"), timeout=LIMIT)
            starter = (course / "exercises" / EXERCISE / "Dockerfile").read_text()
            solution = (course / "solutions" / EXERCISE / "Dockerfile").read_text()
            before = check(page, panel, starter.replace("npm ci", "npm ci --no-audit"), "not yet")
            after = check(page, panel, solution, "done")
            page = browser.new_page(viewport={"width": 1400, "height": 100})
            page.set_content(PAGE.format(before, after))
            page.screenshot(path=ROOT / "docs" / "screenshot.png", full_page=True)
            browser.close()
    finally:
        shutil.rmtree(tmp, ignore_errors=True)


if __name__ == "__main__":
    main()
