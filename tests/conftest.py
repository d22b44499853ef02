"""Fixtures for tests on a real engine: whichever `connect` finds."""

from __future__ import annotations

import pytest

from labkit.engine import connect


@pytest.fixture(scope="session")
def engine():
    return connect()


@pytest.fixture(autouse=True)
def own_state(tmp_path, monkeypatch):
    """A seat of its own: none sees or sweeps another's runs."""
    monkeypatch.setenv("LABKIT_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("LABKIT_WORK", str(tmp_path / "work"))
    monkeypatch.setenv("LABKIT_DATA", str(tmp_path / "data"))


@pytest.fixture(autouse=True, scope="session")
def english():
    """What tests compare is English, whatever the person who runs them speaks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LABKIT_LANG", "en")
        yield
