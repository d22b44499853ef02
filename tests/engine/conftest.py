"""How the tests are shared out to processes: an exercise's all to one, so that builds reuse each other's layers.

What takes long begins first (``--no-loadscope-reorder`` leaves the order to us): no process is left with it alone.
"""

from __future__ import annotations

import pytest
from xdist.scheduler import LoadScopeScheduling

from labkit import course
from labkit.kept import Kept

# Those whose packages are many, or whose commands wait; a minute each or more.
LONGEST = ("12-capstone", "09-multi-stage", "06-layer-order", "test_hostile", "test_registry", "11-pin", "10-", "07-")


def scope(nodeid):
    """What goes to one process: an exercise's tests; of what belongs to none, a file's."""
    file = nodeid.partition("::")[0]
    if file.endswith("test_cli.py"):
        return "06-layer-order"  # which it checks, and then looks whether all of it is gone
    return next((each.slug for each in course.exercises() if each.slug in nodeid), file)


class ByExercise(LoadScopeScheduling):
    """Shares tests out by their scope."""

    def _split_scope(self, nodeid):
        return scope(nodeid)


def pytest_collection_modifyitems(items):
    """Put first what takes long; else the order stays."""

    def rank(item):
        return next((n for n, name in enumerate(LONGEST) if name in scope(item.nodeid)), len(LONGEST))

    items.sort(key=rank)


def pytest_xdist_make_scheduler(config, log):
    return ByExercise(config, log)


@pytest.fixture(scope="session")
def shared_state(tmp_path_factory, engine):
    """One state for a process's tests: what is kept of one build makes the next one quick, as it does for a learner."""
    state = tmp_path_factory.mktemp("state")
    yield state
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LABKIT_STATE", str(state))
        Kept(engine).forget()


@pytest.fixture
def use_shared_state(shared_state, own_state, monkeypatch):  # noqa: ARG001  after the one it overrides
    monkeypatch.setenv("LABKIT_STATE", str(shared_state))
