"""How the tests are shared out to processes: an exercise's all to one, so that builds reuse each other's layers."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

from labkit import course


class ByExercise(LoadScopeScheduling):
    """Of what belongs to no exercise, a file's all to one."""

    def _split_scope(self, nodeid):
        file = nodeid.partition("::")[0]
        if file.endswith("test_cli.py"):
            return "06-layer-order"  # which it checks, and then looks whether all of it is gone
        return next((each.slug for each in course.exercises() if each.slug in nodeid), file)


def pytest_xdist_make_scheduler(config, log):
    return ByExercise(config, log)
