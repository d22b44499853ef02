"""The server's addresses below ``labkit/api``; each asks for the server's own login, and none blocks it."""

from __future__ import annotations

import asyncio
import atexit
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web

from labkit.errors import LabError
from labkit.workbench.live import Live
from labkit.workbench.standing import standing
from labkit.workbench.words import words

if TYPE_CHECKING:
    from collections.abc import Callable

    from tornado.web import Application

ID = r"(?:sha256:)?[0-9a-f]{12,64}"
TROUBLE, GONE = 503, 204


class _Handler(APIHandler):
    """Answers with a document, or with the three sentences of what went wrong."""

    async def tell(self, work: Callable[[], Any]) -> None:
        """Do work in a thread, and send what comes of it."""
        try:
            found = await asyncio.to_thread(work)
        except LabError as error:
            self.set_status(TROUBLE)
            self.finish(json.dumps({"what": error.what, "why": error.why, "fix": error.fix}))
            return
        if found is None:
            self.set_status(GONE)
            self.finish()
        else:
            self.finish(json.dumps(found))


class _Standing(_Handler):
    def initialize(self, root: Path) -> None:
        self.root = root

    @web.authenticated
    async def get(self) -> None:
        """Give the course, and where the learner is."""
        await self.tell(lambda: standing(self.root))


class _Live(_Handler):
    def initialize(self, live: Live) -> None:
        self.live = live

    @web.authenticated
    async def get(self) -> None:
        """Give the containers and images that there are."""
        await self.tell(self.live.look)


class _Container(_Live):
    @web.authenticated
    async def get(self, container: str) -> None:
        """Give the end of its logs."""
        await self.tell(lambda: {"logs": self.live.logs(container)})

    @web.authenticated
    async def post(self, container: str) -> None:
        """Stop it."""
        await self.tell(lambda: self.live.stop(container))

    @web.authenticated
    async def delete(self, container: str) -> None:
        """Remove it."""
        await self.tell(lambda: self.live.remove(container))


class _Image(_Live):
    @web.authenticated
    async def delete(self, image: str) -> None:
        """Remove it."""
        await self.tell(lambda: self.live.remove_image(image))


def add(application: Application, root: str) -> None:
    """Add the addresses to a server, and to its pages the words that the browser shows.

    Args:
        application: the server's.
        root: the folder that it serves.
    """
    base = url_path_join(application.settings["base_url"], "labkit", "api")
    live = Live()
    atexit.register(live.close)
    application.settings.setdefault("page_config_data", {})["labkitWords"] = words()
    application.add_handlers(
        ".*$",
        [
            (url_path_join(base, "standing"), _Standing, {"root": Path(root).resolve()}),
            (url_path_join(base, "live"), _Live, {"live": live}),
            (url_path_join(base, "live", "containers", f"({ID})"), _Container, {"live": live}),
            (url_path_join(base, "live", "images", f"({ID})"), _Image, {"live": live}),
        ],
    )
