"""A build context on its way: its Dockerfile is written anew, and must be the one that the engine will read."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

from labkit.guard.refusal import Malformed, Refused
from labkit.guard.tars import Gunzip, Plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from labkit.guard.dockerfile import Dockerfile
    from labkit.guard.seat import Seat


class Context(Gunzip):
    """A build context.

    Args:
        seat: whose build it is.
        dockerfile: the Dockerfile's path in it, `cleaned`.
        rewriter: what it goes through.
    """

    def __init__(self, seat: Seat, dockerfile: str, rewriter: Dockerfile) -> None:
        super().__init__(_Tar(seat, dockerfile, rewriter))


class _Tar(Plain):
    def __init__(self, seat: Seat, dockerfile: str, rewriter: Dockerfile) -> None:
        super().__init__(seat.bounds.upload)
        self._rewriter, self._seen = rewriter, False
        # The engine looks for "dockerfile" too (source: moby, builder/remotecontext, openAt).
        self._paths = {dockerfile, dockerfile.lower()} if dockerfile == "Dockerfile" else {dockerfile}
        parts = dockerfile.split("/")
        self._above = {"/".join(parts[:count]) for count in range(1, len(parts))}

    def edit(self, name: str, info: tarfile.TarInfo) -> Callable[[bytes], bytes | None] | None:
        if name in self._above and info.type != tarfile.DIRTYPE:
            raise Refused(f"The lab does not take {name[-60:]!r} in a context: the Dockerfile is below it.")
        if name not in self._paths:
            return None
        self._seen = True
        return self._rewriter.rewrite

    def close(self) -> bytes:
        if not self._seen:
            raise Malformed(f"Cannot locate specified Dockerfile: {min(self._paths)}")
        return super().close()
