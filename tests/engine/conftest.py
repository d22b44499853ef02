"""How the tests are shared out to two processes: an exercise's all to one, so that builds reuse each other's layers."""

from __future__ import annotations

import pytest

from labkit import course


def pytest_collection_modifyitems(items):
    slugs = [exercise.slug for exercise in course.exercises()]
    for item in items:
        group = next((slug for slug in slugs if slug in item.nodeid), item.path.stem)
        item.add_marker(pytest.mark.xdist_group(group))
