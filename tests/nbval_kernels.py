"""A pytest plugin: what the kernels of nbval need.

They begin as if nobody had done an exercise yet, whatever the person who runs the tests has done.

They are reached over sockets in a folder, not over TCP ports: a kernel is told the ports it shall use, found free a
moment before. Where several processes start kernels, and an engine publishes ports beside them, one of these can be
taken by then, and the kernel dies before its first cell.

source: jupyter/jupyter_client#487
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import nbval.kernel
import pytest
from jupyter_client.manager import KernelManager

from labkit.cli_dev import starter_state


def pytest_configure(config):
    # Short: the path of a socket has at most 107 bytes (source: unix(7)).
    folder = tempfile.TemporaryDirectory(prefix="labkit-kernels-")
    config.add_cleanup(folder.cleanup)

    def manager(**options):
        own = tempfile.mkdtemp(dir=folder.name)
        return KernelManager(transport="ipc", ip=str(Path(own, "kernel")), **options)

    patch = pytest.MonkeyPatch()
    config.add_cleanup(patch.undo)
    for name, place in starter_state(folder.name).items():
        patch.setenv(name, place)
    patch.setattr(nbval.kernel, "KernelManager", manager)
