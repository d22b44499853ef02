"""Fixtures for tests on a real engine: whichever `connect` finds."""

from __future__ import annotations

import os

import pytest

from labkit.engine import connect

# What tests compare is English, whatever the person who runs them speaks; before any test is imported, since some load
# an exercise then, and for all processes that they start.
os.environ["LABKIT_LANG"] = "en"


@pytest.fixture(scope="session")
def engine():
    return connect()


@pytest.fixture(autouse=True)
def own_state(tmp_path, monkeypatch):
    """A seat of its own: none sees or sweeps another's runs."""
    monkeypatch.setenv("LABKIT_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("LABKIT_WORK", str(tmp_path / "work"))
    monkeypatch.setenv("LABKIT_DATA", str(tmp_path / "data"))
