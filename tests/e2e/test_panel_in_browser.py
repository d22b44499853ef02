"""What a learner does with the panel, in JupyterLab, in both themes, by mouse and by keyboard."""

from __future__ import annotations

import re

import pytest
from own_jupyterlab import axe

try:
    from playwright.sync_api import expect
except ModuleNotFoundError:  # conftest says so, and skips
    expect = None

# Elements whose content sticks out of them without being scrolled there.
WIDE = """panel => [panel, ...panel.querySelectorAll("*")].filter((element) => {
  const {overflowX, display} = getComputedStyle(element);
  return display !== "inline" && overflowX === "visible" && element.scrollWidth > element.clientWidth + 1;
}).map((element) => element.outerHTML.slice(0, 80))"""
FIXED = 'FROM node:20-alpine\nWORKDIR /app\nCOPY package*.json ./\nRUN npm ci --omit=dev\nCOPY . .\nCMD ["node"]'


def button(panel, name):
    return panel.get_by_role("button", name=name, exact=True)


def retype(lab, panel, text):
    panel.get_by_role("textbox").click()
    lab.page.keyboard.press("Control+A")
    lab.page.keyboard.insert_text(text)


def test_from_not_yet_to_done_by_keyboard(lab):
    panel = lab.panel("06-path")
    expect(panel.locator(".pill")).to_contain_text("to do")
    button(panel, "Check").click()
    expect(panel.get_by_role("status")).to_contain_text("Not yet. 1 of 2 checks passed.")
    expect(panel.locator(".finding.fail")).to_contain_text("Each install costs minutes & bandwidth, for <every> edit.")
    button(panel, "Hint").click()
    expect(panel.get_by_role("status")).to_contain_text("Hint 1 of 2.")
    lab.shot("1-not-yet", panel)
    retype(lab, panel, FIXED)
    expect(panel.locator(".stale")).to_be_visible()
    lab.page.keyboard.press("Control+Enter")
    expect(panel.locator(".pill")).to_contain_text("done")
    expect(panel.get_by_role("status")).to_contain_text("Well done. 2 of 2 checks passed.")
    assert (lab.folder / "06-path/Dockerfile").read_text() == FIXED
    lab.page.keyboard.press("Escape")
    expect(button(panel, "Check")).to_be_focused()
    lab.page.keyboard.press("Tab")
    lab.page.keyboard.press("Enter")
    expect(panel.get_by_role("status")).to_contain_text("Hint 2 of 2.")
    button(panel, "Solution").click()  # after a pass nothing is asked
    expect(panel.get_by_role("group", name="Solution")).to_contain_text("The packages first.")
    lab.shot("2-done", panel)


def test_the_same_files_again_and_a_build_that_fails(lab):
    panel = lab.panel("06-path")
    button(panel, "Check").click()
    expect(panel.get_by_role("status")).to_contain_text("These files were checked on 2026-03-01")
    button(panel, "Check all the same").click()
    expect(button(panel, "Check all the same")).to_be_hidden()
    retype(lab, panel, "FROM node:20-alpine\n\nRUN echo fine\nRUN false\n")
    button(panel, "Check").click()
    expect(panel.locator(".step.failed[open]")).to_contain_text("RUN false")
    expect(panel.locator(".cm-fault")).to_have_text("RUN false")
    lab.shot("2-failed", panel)
    button(panel, "Go to line 4 of Dockerfile").click()
    expect(panel.get_by_role("textbox")).to_be_focused()
    lab.page.keyboard.insert_text("# ")
    expect(panel.locator(".cm-fault")).to_have_count(0)
    button(panel, "Changes").click()
    changes = panel.get_by_role("group", name="Your changes")
    expect(changes).to_be_focused()
    expect(changes.locator("del").first).to_contain_text("- WORKDIR /app")
    lab.shot("2-changes", changes)
    lab.page.keyboard.press("Tab")
    lab.page.keyboard.press("Enter")
    expect(changes).to_be_hidden()


def test_reset_and_solution_ask_first(lab):
    panel = lab.panel("06-questions")
    retype(lab, panel, "FROM scratch")
    button(panel, "Solution").click()
    expect(button(panel, "Show the solution")).to_be_focused()
    lab.page.keyboard.press("Escape")
    expect(button(panel, "Show the solution")).to_be_hidden()
    expect(button(panel, "Solution")).to_be_focused()
    expect(panel.get_by_role("group", name="Solution")).to_be_hidden()
    button(panel, "Reset").click()
    lab.shot("3-question", panel)
    panel.get_by_role("group", name="Put the starter").get_by_role("button", name="Reset").click()
    expect(panel.get_by_role("textbox")).to_contain_text("EXPOSE 3000")
    expect(panel.get_by_role("status")).to_contain_text("The starter files are back. Your files are kept in")
    button(panel, "Solution").click()
    button(panel, "Show the solution").click()
    expect(panel.get_by_role("group", name="Solution")).to_contain_text("COPY package*.json")


def test_files_as_tabs_and_progress_while_a_check_runs(lab):
    panel = lab.panel("06-files")
    tabs = panel.get_by_role("tab")
    expect(tabs).to_have_text(["Dockerfile", ".dockerignore"])
    tabs.first.focus()
    lab.page.keyboard.press("ArrowRight")
    expect(tabs.nth(1)).to_be_focused()
    expect(panel.get_by_role("tabpanel")).to_contain_text("node_modules")
    retype(lab, panel, "node_modules\n.git\n")
    button(panel, "Check").click()
    expect(panel.get_by_role("progressbar", name="Check")).to_have_attribute("value", "4")
    expect(panel).to_contain_text("build: 4 of 6")
    steps = panel.locator(".step")
    expect(steps).to_have_count(4)  # the one under way is open, and no other
    expect(panel.locator(".step[open]")).to_have_text(re.compile("RUN npm ci .*4 of 6, running.*RUN says <something>"))
    expect(button(panel, "Hint")).to_have_attribute("aria-disabled", "true")
    lab.shot("4-running", panel)
    (lab.folder / "06-files/go").touch()
    expect(panel.locator(".pill")).to_contain_text("not yet")
    expect(steps).to_have_count(6)
    expect(steps.first).to_be_hidden()  # folded away
    expect(button(panel, "Hint")).to_have_attribute("aria-disabled", "false")
    assert (lab.folder / "06-files/.dockerignore").read_text() == "node_modules\n.git\n"


def test_an_edit_elsewhere_is_shown_and_never_overwritten(lab):
    panel, file = lab.panel("06-trouble"), lab.folder / "06-trouble/Dockerfile"
    box = panel.get_by_role("textbox")
    file.write_text("FROM elsewhere\n")
    box.click()  # the focus comes back from the other editor
    expect(box).to_contain_text("FROM elsewhere")
    file.write_text("FROM elsewhere-again\n")
    lab.page.keyboard.insert_text("# mine\n")
    conflict = panel.get_by_role("group", name="Dockerfile was changed outside this panel")
    expect(conflict).to_be_visible()
    assert file.read_text() == "FROM elsewhere-again\n"
    lab.shot("5-conflict", panel)
    button(panel, "Keep the one here").click()
    expect(conflict).to_be_hidden()
    button(panel, "Check").click()
    expect(panel.get_by_role("status")).to_contain_text("The engine does not answer.")
    expect(panel.get_by_role("status")).to_contain_text("What to do: start it & try again")
    assert "# mine" in file.read_text()
    lab.shot("6-trouble", panel)


def test_the_file_opens_in_jupyterlabs_own_editor(lab):
    button(lab.panel("06-path"), "Open in editor").click()
    tab = lab.page.get_by_role("tab", name="Dockerfile").and_(lab.page.locator(".lm-TabBar-tab"))
    expect(tab).to_be_visible()
    expect(lab.page.locator(".jp-FileEditor")).to_be_visible()
    lab.shot("7-editor")
    tab.locator(".lm-TabBar-tabCloseIcon").click()
    expect(tab).to_have_count(0)


@pytest.mark.parametrize("width", [1280, 800])
def test_no_panel_is_wider_than_its_place(lab, width):
    before = lab.page.viewport_size
    lab.page.set_viewport_size({"width": width, "height": 1200})
    panels = lab.page.locator(".labkit-panel")
    for number in range(panels.count()):
        panel = panels.nth(number)
        panel.scroll_into_view_if_needed()
        wide = panel.evaluate(WIDE)
        assert wide == []
    lab.shot(f"9-{width}", panels.first)
    lab.page.set_viewport_size(before)


def test_accessible_by_axe(lab):
    pictures = lab.page.locator(".jp-OutputArea-output svg[role=img]")
    expect(pictures).to_have_count(4)
    pictures.first.scroll_into_view_if_needed()
    lab.shot("8-pictures")
    assert axe(lab.page, ".labkit-panel", ".jp-OutputArea-output svg[role=img]") == []


def test_pictures_follow_the_theme(lab):
    color = lab.page.locator(".jp-OutputArea-output svg[role=img] text").first.evaluate("e => getComputedStyle(e).fill")
    brightness = sum(float(part) for part in re.findall(r"[\d.]+", color)[:3])
    assert (brightness > 380) == (lab.theme == "dark"), color  # three channels of 255


def test_nothing_outside_was_asked_and_nothing_complained(lab):
    """Neither by the browser, nor by JupyterLab's server and its kernels."""
    assert lab.outside == []
    asked = lab.folder.parents[1] / "home" / "asked-outside"
    assert not asked.exists(), asked.read_text()
    assert lab.errors == []
