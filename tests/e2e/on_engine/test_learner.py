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


class Mouse:
    """Chooses and presses with the mouse."""

    def __init__(self, page, panel):
        self.page, self.panel = page, panel

    def write(self, path, text):
        tab = self.panel.get_by_role("tab", name=path)
        if tab.count():
            tab.click()
        self.panel.get_by_role("textbox").click()
        retype(self.page, self.panel, text)

    def press(self, name, within=None):
        button(within or self.panel, name).click()


class Keyboard(Mouse):
    """Has no mouse: from where the focus is, Tab, the arrows and Enter lead everywhere."""

    def write(self, path, text):
        tabs = self.panel.get_by_role("tab")
        if tabs.count():
            self.panel.get_by_role("tab", selected=True).focus()
            while path not in self.panel.get_by_role("tab", selected=True).inner_text():
                self.page.keyboard.press("ArrowRight")
            self._tab_to(self.panel.get_by_role("textbox"))
        else:
            self.panel.get_by_role("textbox").focus()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)

    def press(self, name, within=None):
        if name == "Check":
            self.page.keyboard.press("Control+Enter")
            return
        if not within:
            self.page.keyboard.press("Escape")  # out of the editor, whose Tab indents
            expect(button(self.panel, "Check")).to_be_focused()
        self._tab_to(button(within or self.panel, name))
        self.page.keyboard.press("Enter")

    def _tab_to(self, target):
        for _ in range(8):
            if target.evaluate("(element) => element === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        expect(target).to_be_focused()


# One exercise of each kind, with files that are wrong: a Dockerfile, commands, commands and facts.
KINDS = {
    "00-first-check": {"Dockerfile": DOCKERFILE.replace("Ahoy", "Hi")},
    "07-run-and-publish": {"commands.sh": "docker run nothing-of-this-name\n"},
    "07-debug-a-container": {"found.toml": 'stuck_parcel = "1"\ntariffs = "2"\nport = "3"\n'},
}


@pytest.mark.parametrize("exercise", KINDS)
def test_each_kind_wrong_then_right_by_mouse_and_by_keyboard(learner, exercise):
    page, panel = learner.open(exercise.partition("-")[2])
    for hand in (Mouse(page, panel), Keyboard(page, panel)):
        panel.get_by_role("textbox").focus()
        hand.press("Reset")
        hand.press("Reset", within=panel.locator(".question"))
        says(panel, "The starter files are back.")
        mark = f"# by {type(hand).__name__}\n"  # else what was found for the same files would be said again
        for path, text in KINDS[exercise].items():
            hand.write(path, text + mark)
        hand.press("Check")
        says(panel, "Not yet.")
        expect(panel.locator(".finding.fail").first).to_be_visible()
        for path in sorted((ROOT / "solutions" / exercise).glob("*[!d]")):  # not WHY.md
            hand.write(path.name, path.read_text() + mark)
        hand.press("Check")
        says(panel, "Well done.")
        hand.press("Changes")
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
