"""A run's folder, where a sweep may come at any moment."""

from __future__ import annotations

import shutil
from types import SimpleNamespace

import pytest

from labkit import ledger


@pytest.mark.parametrize("when", ["before its lock", "while it waits for it"])
def test_a_sweep_that_takes_a_new_run_for_a_dead_one(when, monkeypatch, tmp_path):
    monkeypatch.setenv("LABKIT_STATE", str(tmp_path))
    acquire, taken = ledger.FileLock.acquire, []

    def late(lock, **options):
        if not taken and when == "before its lock":
            taken.append(shutil.rmtree(tmp_path / "runs"))
        acquire(lock, **options)
        if not taken:
            taken.append(shutil.rmtree(tmp_path / "runs"))

    monkeypatch.setattr(ledger.FileLock, "acquire", late)
    run = ledger.Run(SimpleNamespace(url="unix:///nowhere"))
    assert taken
    assert [path.name for path in (tmp_path / "runs").iterdir()] == [run.id]
    assert (run.folder / "journal").read_text().startswith('{"engine"')
