"""What JupyterLab's part costs: its bytes, how soon a check is seen to go on, and the views at the side while idle.

`python -m benchmarks.browser` takes about four minutes, needs Chromium, and prints tables for README.md.
"""

from __future__ import annotations

import gzip
import os
import secrets
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import click
import nbformat
import psutil
from playwright.sync_api import expect, sync_playwright

from labkit import course
from labkit.devtools import BROWSER_FLAGS, chromium
from labkit.engine import connect
from labkit.launch import guarded, jupyter
from labkit.notebook import mine
from labkit.sandbox import Sandbox
from labkit.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

ROOT = Path(__file__).parents[1]
LIMIT = 120_000  # ms
QUIET = 35_000  # ms after which the views take it that nothing is done (labkit/workbench/src/view.ts)
EXERCISE = "00-first-check"
BUNDLES = {
    "exercise panel": [ROOT / "labkit/ui/static/panel.js"],
    "launcher and views": sorted((ROOT / "labkit/workbench/labextension/static").glob("*.js")),
}
# Notes when the button was pressed, when the first step was there, and when the verdict was.
WATCH = """() => {
  const panel = document.querySelector(".labkit-panel"), seen = (window.seen = {});
  const button = [...panel.querySelectorAll("button")].find((each) => each.textContent === "Check");
  button.addEventListener("click", () => (seen.click = performance.now()), {capture: true, once: true});
  new MutationObserver(() => {
    if (!seen.click) return;
    seen.anew ||= !panel.querySelector(".step"); // what the last check said is gone
    if (!seen.anew) return;
    if (!seen.step && panel.querySelector(".step.running, .step.reused")) seen.step = performance.now();
    const said = panel.querySelector("[role=status]").textContent;
    if (seen.step && !seen.verdict && said.includes("Well done.")) seen.verdict = performance.now();
  }).observe(panel, {subtree: true, childList: true, characterData: true, attributes: true});
}"""


def spent(state: Path) -> dict[str, float]:
    """Processor seconds so far, by who spent them: what this process has started, and the guard of its state."""
    ours = psutil.Process().children(recursive=True)
    guards = [each for each in psutil.process_iter() if each not in ours and str(state) in " ".join(_argv(each))]
    found: dict[str, float] = {}
    for each in (*ours, *guards):
        try:
            times, argv = each.cpu_times(), " ".join(_argv(each))
        except psutil.NoSuchProcess:
            continue
        who = "guard" if "labkit.guard" in argv else "server" if "jupyterlab" in argv else "browser"
        found[who] = found.get(who, 0.0) + times.user + times.system
    return found


def _argv(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def share(state: Path, seconds: float) -> dict[str, float]:
    """Percent of a core that each spends while nothing is done."""
    before = spent(state)
    time.sleep(seconds)
    after = spent(state)
    return {who: 100 * (after[who] - before.get(who, 0.0)) / seconds for who in sorted(after)}


def idle(page: Page, state: Path, seconds: float) -> Iterator[tuple[str, dict[str, float]]]:
    """Measure JupyterLab with both views hidden, and with each shown; the live one also with two containers."""
    page.wait_for_timeout(QUIET)
    yield "both hidden", share(state, seconds)
    for name, view in (("progress shown", "standing"), ("containers shown, none there", "live")):
        page.locator(f"[data-id=labkit-{view}]").click()
        expect(page.locator(f"#labkit-{view}")).to_be_visible()
        page.wait_for_timeout(QUIET)
        yield name, share(state, seconds)
    endpoint = mine()._engine  # noqa: SLF001  the same containers as a learner's
    made = [endpoint.create("alpine:3.20", ["sleep", "600"], name=f"idle-{number}") for number in (1, 2)]
    for each in made:
        endpoint.start(each)
    expect(page.locator("#labkit-live .card")).to_have_count(2, timeout=LIMIT)
    page.wait_for_timeout(QUIET)
    yield "containers shown, two idle", share(state, seconds)
    for each in made:
        endpoint.remove(each)


def checks(page: Page, rounds: int) -> list[dict[str, float]]:
    """Check an exercise again and again, each time with another Dockerfile; give milliseconds from the click."""
    panel = page.locator(".labkit-panel")
    expect(panel).to_be_visible(timeout=LIMIT)
    text = Workspace(course.root()).solution(course.exercise(EXERCISE)).text("Dockerfile")
    found = []
    for number in range(rounds + 1):
        panel.get_by_role("textbox").focus()
        page.keyboard.press("Control+A")
        page.keyboard.insert_text(f'{text.rstrip()}\nENV ROUND="{number}-{secrets.token_hex(3)}"\n')
        page.evaluate(WATCH)
        panel.get_by_role("button", name="Check", exact=True).click()
        page.wait_for_function("seen.verdict", timeout=LIMIT)
        seen: dict[str, float] = page.evaluate("seen")
        found.append({name: seen[name] - seen["click"] for name in ("step", "verdict")})
    return found[1:]


def run(page: Page, address: str, home: Path, seconds: float, rounds: int) -> None:
    """Measure all, and print it."""
    click.echo("| what the browser loads | bytes | compressed |\n|---|--:|--:|")
    for name, paths in BUNDLES.items():
        data = [path.read_bytes() for path in paths]
        click.echo(f"| {name} | {sum(map(len, data)):,} | {sum(len(gzip.compress(each)) for each in data):,} |")
    base, token = address.partition("/lab/")[0], address.rpartition("?")[2]
    page.goto(f"{base}/lab?{token}&reset")
    expect(page.locator(".jp-LauncherCard").first).to_be_visible(timeout=LIMIT)
    click.echo("\n| percent of a core, idle | browser | server | guard |\n|---|--:|--:|--:|")
    for name, who in idle(page, home / "state", seconds):
        click.echo(f"| {name} | {' | '.join(f'{who.get(each, 0.0):.1f}' for each in ('browser', 'server', 'guard'))} |")
    page.goto(f"{base}/lab/tree/check.ipynb?{token}&reset")
    expect(page.locator("#jp-main-statusbar")).to_contain_text("Idle", timeout=LIMIT)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    found = checks(page, rounds)
    step, verdict = (statistics.median(each[name] for each in found) for name in ("step", "verdict"))
    click.echo(f"\nfrom the click to the first build line {step:.0f} ms, to the verdict {verdict:.0f} ms")


@click.command()
@click.option("--seconds", default=30.0, show_default=True, help="How long to look at each idle state.")
@click.option("--rounds", default=5, show_default=True, help="Checks after a first one that warms up.")
def main(seconds: float, rounds: int) -> None:
    """Measure what JupyterLab's part costs."""
    with tempfile.TemporaryDirectory(prefix="labkit-browser-") as name:
        home = Path(name)
        own: dict[str, Any] = {f"LABKIT_{each.upper()}": str(home / each) for each in ("work", "data", "state")}
        own |= {f"JUPYTER_{each.upper()}_DIR": str(home / each) for each in ("config", "runtime")}
        cell = nbformat.v4.new_code_cell(f"from labkit import lab\nex = lab({EXERCISE!r})")
        notebook = nbformat.v4.new_notebook(cells=[cell])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, home / "check.ipynb")
        with patch.dict(os.environ, own), guarded(connect()) as env, sync_playwright() as playwright:
            os.environ.update(env)
            with jupyter(home, env, browser=False, port=0) as (_, address):
                browser = playwright.chromium.launch(executable_path=chromium(), args=list(BROWSER_FLAGS))
                run(browser.new_page(viewport={"width": 1280, "height": 1000}), address, home, seconds, rounds)
                browser.close()
            Sandbox(connect()).close()  # sweeps what a check has left


if __name__ == "__main__":
    main()
