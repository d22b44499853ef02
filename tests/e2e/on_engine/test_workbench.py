"""JupyterLab's launcher, and the two views at the left: where one is in the course, and one's containers."""

from __future__ import annotations

import re
import shutil

import pytest
from own_jupyterlab import GRAVE, axe
from someone import LIMIT

expect = pytest.importorskip("playwright.sync_api").expect

SERVES = "mkdir /w && echo Ahoy from a container > /w/index.html && echo listening && httpd -f -p 80 -h /w"


@pytest.fixture(scope="module")
def page(learner):
    """JupyterLab with nothing open but the launcher."""
    shutil.rmtree(learner.folder / "data", ignore_errors=True)
    it = learner.page(f"lab?token={learner.token}&reset")
    expect(it.locator(".jp-LauncherCard").first).to_be_visible(timeout=LIMIT)
    yield it
    it.close()


def view(page, name):
    shown = page.locator(f"#labkit-{name}")
    if not shown.is_visible():  # a second click would fold it
        page.locator(f"[data-id=labkit-{name}]").click()
    expect(shown).to_be_visible()
    return shown


def test_a_newcomer_begins_at_the_launcher(page, learner):
    """The first card leads to the first exercise; what is passed then is seen without being asked for."""
    standing = view(page, "standing")
    expect(standing).to_contain_text(re.compile("0 of 18 exercises passed, 0 of [0-9]+ points"))
    assert axe(page, "#labkit-standing") == []
    assert axe(page, ".jp-Launcher", impacts=GRAVE) == []
    page.locator(".jp-LauncherCard", has_text="Continue: Your first check").click()
    cell = page.locator(".jp-Notebook .jp-Cell.jp-mod-active", has_text='lab("first-check")')
    expect(cell).to_be_visible(timeout=LIMIT)
    learner.labkit("start", "first-check")
    solved = learner.folder / "work/solutions/00-first-check/Dockerfile"
    shutil.copy(solved, learner.folder / "work/work/00-first-check/Dockerfile")
    learner.labkit("check", "first-check")
    expect(standing).to_contain_text("1 of 18 exercises passed", timeout=LIMIT)
    expect(standing.locator(".exercise.done")).to_contain_text("Your first check")
    expect(standing.get_by_role("button", name="Continue: The same everywhere")).to_be_visible()


def test_the_files_where_one_stopped(page, learner):
    learner.labkit("start", "non-root")
    standing = view(page, "standing")
    standing.get_by_role("button", name="Open your files of Run without root, and stop when asked").click()
    expect(page.locator(".lm-TabBar-tabLabel", has_text="Dockerfile")).to_be_visible(timeout=LIMIT)
    standing.get_by_role("button", name="The order of layers", exact=True).click()
    expect(page.locator(".lm-TabBar-tabLabel", has_text="06_layer_order")).to_be_visible(timeout=LIMIT)


@pytest.fixture
def terminal(page):
    """A terminal of JupyterLab's, typed into."""
    page.get_by_role("menuitem", name="File", exact=True).click()
    page.get_by_text("New", exact=True).hover()
    page.get_by_role("menuitem", name="Terminal", exact=True).click()
    window = page.locator(".jp-Terminal-body .xterm-helper-textarea").last
    window.wait_for(state="attached", timeout=LIMIT)
    window.focus()

    def run(command):
        window.focus()
        page.keyboard.type(f"{command}\n")

    return run


def test_a_container_from_the_terminal_is_seen_opened_stopped_and_removed(page, terminal):
    live = view(page, "live")
    expect(live).to_contain_text("No container yet.", timeout=LIMIT)
    terminal(f"docker run -d --name shop -p 8093:80 alpine:3.20 sh -c '{SERVES}'")
    card = live.locator(".card", has_text="shop")
    expect(card).to_contain_text("running", timeout=LIMIT)
    expect(card).to_contain_text(re.compile("CPU [0-9.]+ %"), timeout=LIMIT)
    assert card.get_by_role("link", name="Open port 8093 of this machine").get_attribute("href").endswith(":8093/")
    with page.context.expect_page() as opened:
        card.get_by_role("link", name="through the notebook's server").click()
    expect(opened.value.locator("body")).to_contain_text("Ahoy from a container", timeout=LIMIT)
    opened.value.close()
    card.get_by_role("button", name="Logs of shop").click()
    expect(card.locator(".logs")).to_contain_text("listening")
    assert axe(page, "#labkit-live") == []
    card.get_by_role("button", name="Stop shop").click()
    expect(card).to_contain_text("exited", timeout=LIMIT)
    expect(live.get_by_role("status")).to_contain_text("shop: exited")
    card.get_by_role("button", name="Remove shop").click()
    expect(card).to_have_count(0, timeout=LIMIT)
    expect(live.get_by_role("status")).to_contain_text("shop is gone")


def test_an_image_in_use_stays_and_another_goes_by_keyboard(page, terminal):
    live = view(page, "live")
    terminal("printf 'FROM alpine:3.20\\nRUN echo 1 > /1\\n' | docker build -q -t kept:1 -")
    terminal("docker tag kept:1 spare:1; docker run --name user kept:1 true")
    kept = live.locator(".images li", has_text="kept:1")
    expect(kept).to_contain_text("in use", timeout=LIMIT)
    live.get_by_role("button", name="Remove user").press("Enter")
    button = kept.get_by_role("button", name=re.compile("Remove .*kept:1"))
    expect(button).to_be_visible(timeout=LIMIT)
    button.press("Enter")
    expect(live).to_contain_text("No image of yours yet.", timeout=LIMIT)


def test_without_an_engine_the_view_says_so_and_goes_on_afterwards(page, learner):
    live = view(page, "live")
    learner.way.close()
    try:
        expect(live.get_by_role("alert")).to_contain_text("What to do:", timeout=LIMIT)
    finally:
        learner.way.open()
    expect(live.get_by_role("alert")).to_be_hidden(timeout=LIMIT)


def test_a_view_that_is_hidden_asks_for_nothing(page):
    view(page, "live")
    view(page, "standing")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    with page.expect_response(re.compile("labkit/api/standing")):
        pass
    with page.expect_response(re.compile("labkit/api/standing")):
        pass
    assert [url for url in asked if "labkit/api/live" in url] == []


@pytest.mark.usefixtures("page")
def test_the_same_in_the_terminal(learner):
    assert "1 of 18 exercises passed." in learner.labkit("progress")
