"""The notebook in headless Chromium, with nothing but its own server to talk to."""

from __future__ import annotations

import json

import pytest
from own_jupyterlab import CHROMIUM, FLAGS, HERE, Lab, jupyter, write_notebook

CHANGED = "ERR_NETWORK_CHANGED"  # the browser's word for a container's network that comes or goes on this machine


def pytest_collection_modifyitems(items):
    missing = []
    try:
        import playwright.sync_api  # noqa: F401, PLC0415
    except ModuleNotFoundError:
        missing.append("playwright (pip install 'labkit[test]')")
    if CHROMIUM is None:
        missing.append("Chromium (apt-get install chromium)")
    if missing:
        for item in items:
            if HERE in item.path.parents:
                item.add_marker(pytest.mark.skip(reason=f"there is no {' and no '.join(missing)}"))


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
    page.on(
        "console",
        lambda message: message.type == "error" and CHANGED not in message.text and it.errors.append(message.text),
    )
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
