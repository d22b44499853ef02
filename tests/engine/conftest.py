"""How the tests are shared out to processes: an exercise's all to one, so that builds reuse each other's layers."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

from labkit import course


class ByExercise(LoadScopeScheduling):
    """Of what belongs to no exercise, a file's all to one."""

    def _split_scope(self, nodeid):
        return next((each.slug for each in course.exercises() if each.slug in nodeid), nodeid.partition("::")[0])


def pytest_xdist_make_scheduler(config, log):
    return ByExercise(config, log)
