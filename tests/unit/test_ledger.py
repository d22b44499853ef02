"""A run's folder, where a sweep may come at any moment."""

from __future__ import annotations

import shutil
from types import SimpleNamespace

import pytest

from labkit import ledger
from labkit.errors import BuildError, StepTimeout


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


class Nothing:
    """An engine with nothing on it, that notes how often all its images are asked for."""

    url, listed = "unix:///nowhere", 0

    def containers(self, label=None):  # noqa: ARG002
        return []

    networks = volumes = containers

    def images(self, label=None, *, intermediate=False):  # noqa: ARG002
        self.listed += 1
        return []

    def image(self, ref):  # noqa: ARG002
        return None


def cut_off(run):
    with pytest.raises(StepTimeout), run.building():
        raise StepTimeout("It took too long.", fix="-")


def whole(run):
    with run.building():
        pass


def failed(run):
    with pytest.raises(BuildError), run.building():
        raise BuildError("It does not build.", fix="-")


@pytest.mark.parametrize(
    ("builds", "asks"), [((), False), ((whole, failed), False), ((cut_off,), True), ((cut_off, whole), True)]
)
def test_an_engine_is_asked_for_all_its_images_where_a_build_was_cut_off(builds, asks, monkeypatch, tmp_path):
    monkeypatch.setenv("LABKIT_STATE", str(tmp_path))
    run = ledger.Run(engine := Nothing())
    for build in builds:
        build(run)
    run.end(engine)
    assert bool(engine.listed) == asks
    assert not run.folder.exists()
