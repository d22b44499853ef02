"""The lab as a learner uses it, in a browser and on the real engine: wrong, then right, and through trouble."""

from __future__ import annotations

from pathlib import Path

import pytest
from someone import LIMIT, button, retype, run, run_all, says

expect = pytest.importorskip("playwright.sync_api").expect

ROOT = Path(__file__).parents[3]
DOCKERFILE = (ROOT / "solutions/00-first-check/Dockerfile").read_text()


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
    other = learner.page(f"lab/tree/first-check.ipynb?token={learner.token}")
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


PREDICTIONS = """
from labkit import predict
which = predict("Which comes first?", choices=("build", "run"))
many = predict("How many layers?", number="layers")
order = predict("In which order?", order=("build", "run", "stop"))
"""


def test_predictions_by_mouse_and_by_keyboard(learner):
    page = learner.notebook("predictions", PREDICTIONS, 'which.truth("build")', "many.truth(3)")
    run(page, "Run Selected Cell")
    questions = page.locator(".jp-OutputArea-output .widget-vbox")
    expect(questions).to_have_count(3, timeout=LIMIT)
    questions.nth(0).get_by_role("radio", name="run").check()
    button(questions.nth(0), "Commit").click()
    expect(questions.nth(0)).to_contain_text("Your prediction: run.")
    number = questions.nth(1).get_by_role("spinbutton")
    number.focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("3")
    page.keyboard.press("Tab")
    expect(button(questions.nth(1), "Commit")).to_be_focused()
    page.keyboard.press("Enter")
    expect(questions.nth(1)).to_contain_text("Your prediction: 3 layers.")
    button(questions.nth(2), "Commit").click()
    expect(questions.nth(2)).to_contain_text("Each thing once, please.")
    for place, thing in enumerate(("build", "run", "stop")):
        questions.nth(2).get_by_role("combobox").nth(place).select_option(thing)
    button(questions.nth(2), "Commit").press("Enter")
    expect(questions.nth(2)).to_contain_text("Your prediction: build, run, stop.")
    run(page, "Run Selected Cell and All Below")
    truths = page.locator(".jp-RenderedHTML")
    expect(truths).to_have_count(2, timeout=LIMIT)
    expect(truths.nth(0)).to_contain_text("You predicted: run")
    expect(truths.nth(0)).to_contain_text("Seen: build")
    expect(truths.nth(1)).to_contain_text("You predicted: 3 layers")
    expect(button(questions.nth(0), "Change")).to_be_disabled()
    page.close()
