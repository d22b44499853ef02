"""How the tests are shared out to processes: an exercise's all to one, so that builds reuse each other's layers."""

from __future__ import annotations

import pytest
from xdist.scheduler import LoadScopeScheduling

from labkit import course
from labkit.kept import Kept


class ByExercise(LoadScopeScheduling):
    """Of what belongs to no exercise, a file's all to one."""

    slugs = tuple(each.slug for each in course.exercises())  # once: the scheduler asks for all tests again and again

    def _split_scope(self, nodeid):
        file = nodeid.partition("::")[0]
        if file.endswith("test_cli.py"):
            return "06-layer-order"  # which it checks, and then looks whether all of it is gone
        return next((slug for slug in self.slugs if slug in nodeid), file)


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
