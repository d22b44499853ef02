"""The two ends of a connection: where its bytes come from and where they go."""

from __future__ import annotations

from typing import Protocol


class Gone(ConnectionError):  # noqa: N818
    """The peer has reset the stream or closed the connection."""


class Source(Protocol):
    """Where a connection's bytes come from, as `asyncio.StreamReader` gives them."""

    async def read(self, n: int, /) -> bytes:
        """Give what comes next, ``b""`` at the end."""


class Sink(Protocol):
    """Where a connection's bytes go, as `asyncio.StreamWriter` takes them."""

    def write(self, data: bytes, /) -> None:
        """Take in what is to be sent."""

    async def drain(self) -> None:
        """Wait while the peer is slow."""

    def close(self) -> None:
        """Write no more."""

    def is_closing(self) -> bool:
        """Tell whether it was closed."""


Ends = tuple[Source, Sink]
