"""JupyterLab with the whole course in it, before the real engine."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from own_jupyterlab import CHROMIUM, FLAGS, jupyter
from someone import Learner, Way

from labkit.engine import connect
from labkit.station import Station, clear

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def learner(tmp_path_factory, engine):
    """Someone whose JupyterLab serves the course, and whose terminals speak to the guard, as with `./lab`."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("learner")
    for name in ("exercises", "solutions", "notebooks"):
        shutil.copytree(ROOT / name, folder / "work" / name)
    way = Way(folder / "engine.sock", engine)
    way.open()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LABKIT_ENGINE", f"unix://{way.path}")
        patch.setenv("LABKIT_COURSE", str(folder / "work"))
        patch.setenv("LABKIT_WORK", str(folder / "work" / "work"))
        for name in ("DATA", "STATE"):
            patch.setenv(f"LABKIT_{name}", str(folder / name.lower()))
        station = Station(connect())
        settled = dict(os.environ)
        station.settle_in(settled)
        for name, value in settled.items():
            patch.setenv(name, value)
        with jupyter(folder) as (address, token), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            context = browser.new_context(viewport={"width": 1280, "height": 1400})
            yield Learner(context, folder, address, token, way)
            browser.close()
        station.close()
        clear(connect())
    way.close()
