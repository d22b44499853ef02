"""What is read from the engine's answers about a container."""

from __future__ import annotations

import pytest

from labkit.container import Process, by_start


@pytest.mark.parametrize(
    ("pids", "main", "order"),
    [
        ([12, 10, 11], 10, [10, 11, 12]),
        ([305, 32760, 32767, 301], 32760, [32760, 32767, 301, 305]),  # the numbers began anew
        ([7, 5], 0, [5, 7]),  # it ended meanwhile: the engine gives no number
    ],
)
def test_processes_by_their_start(pids, main, order):
    found = by_start([Process(0, "sleep", pid) for pid in pids], main)
    assert [each.pid for each in found] == order
