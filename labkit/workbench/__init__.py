"""What JupyterLab shows of the course beside its notebooks: a launcher, the learner's progress, the live containers.

__init__      tells the server, and JupyterLab, what there is
routes        the server's addresses below ``labkit/api``
standing      the course and where the learner is, as data
live          the learner's containers and images, through the guard
src/          what runs in the browser (TypeScript); ``npm run build`` writes labextension/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "labkit"}]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "labkit.workbench"}]


def _load_jupyter_server_extension(server: ServerApp) -> None:
    from labkit.workbench.routes import add  # noqa: PLC0415  JupyterLab also asks what there is without a server

    add(server.web_app, server.root_dir)
