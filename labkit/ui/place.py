"""Where a file is for JupyterLab, whose paths begin at its server's root folder."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path


@cache
def server_root() -> Path | None:
    """The root folder of the server that started this kernel, or None where that is not known."""
    from jupyter_server.serverapp import list_running_servers  # noqa: PLC0415  costs time, only a notebook needs it

    parent = os.environ.get("JPY_PARENT_PID", "")  # source: jupyter_client, LocalProvisioner.pre_launch
    for server in list_running_servers():
        if str(server.get("pid")) == parent:
            return Path(server["root_dir"]).resolve()
    return None


def lab_path(path: Path, root: Path | None) -> str:
    """A file's path for JupyterLab's own editor, or "" where that cannot open it."""
    if root is None or not path.resolve().is_relative_to(root):
        return ""
    return path.resolve().relative_to(root).as_posix()
