"""A session inside of BuildKit's own door (Control.Session): HTTP/2 in the messages of one call.

Buildx opens one where several builds of one command share a folder, as `docker compose build` has them.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labkit.guard.buildkit.rpc import Budget, framed, messages
from labkit.guard.buildkit.schema import MESSAGE
from labkit.guard.dockerfile import Dockerfile
from labkit.guard.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from labkit.guard.buildkit.wire import Stream
    from labkit.guard.seat import Seat

STEP = 32 << 10
UNKNOWN = "$"  # an argument's value that no image's name has: whoever puts it into one is refused


class Tube:
    """A stream of messages with bytes, as an HTTP/2 connection reads and writes them.

    Args:
        stream: of gRPC.
        budget: of unfinished messages.
    """

    def __init__(self, stream: Stream, budget: Budget) -> None:
        self._stream, self._messages = stream, messages(stream, budget)
        self._held = bytearray()
        self._turn = asyncio.Lock()
        self._closing = False

    async def read(self, _most: int) -> bytes:
        """Give what comes next, ``b""`` at the end."""
        async for body in self._messages:
            if data := MESSAGE["Bytes"].FromString(body).data:
                return bytes(data)
        return b""

    def write(self, data: bytes) -> None:
        """Take in what is to be sent."""
        self._held += data

    async def drain(self) -> None:
        """Send it as the peer takes it."""
        async with self._turn:  # what was written first is sent first
            data, self._held = bytes(self._held), bytearray()
            for at in range(0, len(data), STEP):
                await self._stream.send(framed(MESSAGE["Bytes"](data=data[at : at + STEP]).SerializeToString()))

    def close(self) -> None:
        """Write no more; the call itself is ended by whoever serves it."""
        self._closing = True

    def is_closing(self) -> bool:
        """Tell whether it was closed."""
        return self._closing


class _Unknown(dict[str, str]):
    """Arguments of which nobody knows any."""

    def get(self, _name: str, _default: object = None, /) -> str:
        return UNKNOWN


@dataclass
class Shared:
    """What several builds, each with its own arguments, take one Dockerfile from.

    The engine asks for it once, for all of them; an image that an argument names is written out in it (see
    `Dockerfile`), so it must be the same one for all.

    Attributes:
        seat: whose session it is.
        arguments: the builds'; one that they do not agree on is `UNKNOWN`.
        depends: whether a Dockerfile that was given out would be another one with other arguments.
    """

    seat: Seat
    arguments: dict[str, str] | None = None
    depends: bool = False

    def agree(self, arguments: Mapping[str, str]) -> None:
        """Take in a build's arguments.

        Raises:
            Refused: the Dockerfile was given out already, as it is with others.
        """
        before = arguments if self.arguments is None else self.arguments
        if arguments != before and self.depends:
            raise Refused(
                "The lab does not build one Dockerfile at once with arguments that choose different images.",
                why="The engine reads it once for all builds of the command, so one would begin from another's image.",
                instead="Build them one after another, for example `docker compose build web`, then the next.",
            )
        names = {*arguments, *before}
        same = {name for name in names if arguments.get(name) == before.get(name)}
        self.arguments = {name: arguments[name] if name in same else UNKNOWN for name in names}

    def rewrite(self, content: bytes) -> bytes:
        """Write a Dockerfile anew.

        Raises:
            Refused: as `Dockerfile.rewrite`.
        """
        found = Dockerfile(self.seat, self.arguments or {}, kit=True).rewrite(content)
        try:
            self.depends |= Dockerfile(self.seat, _Unknown(), kit=True).rewrite(content) != found
        except Refused:
            self.depends = True
        return found
