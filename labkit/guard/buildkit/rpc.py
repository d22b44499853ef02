"""gRPC on an HTTP/2 stream: messages with their length before them, and how a call ends.

source: the gRPC project's PROTOCOL-HTTP2 document.
"""

from __future__ import annotations

import re
import struct
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from labkit.guard.buildkit.wire import Headers, Stream

LARGEST = 16 << 20  # bytes of one message, as BuildKit itself allows
LONGEST_TEXT = 4096  # of an error's message in a header
CODE = re.compile(r"[0-9]{1,3}")
_HEAD = struct.Struct(">BL")


class Code(IntEnum):
    """How a call ended."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    NOT_FOUND = 5
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14


class Fault(Exception):  # noqa: N818  it is an answer
    """A call that does not end well.

    Args:
        code: gRPC's; one that `Code` does not have is allowed, since an engine may give any.
        text: for a person.
        details: gRPC's own, serialised; may be empty.
    """

    def __init__(self, code: int, text: str, details: bytes = b"") -> None:
        super().__init__(text)
        self.code, self.text, self.details = code, text, details


@dataclass
class Budget:
    """How many bytes of messages all calls of one connection may hold at once.

    Attributes:
        left: bytes.
    """

    left: int = 2 * LARGEST

    @contextmanager
    def holding(self, count: int) -> Iterator[None]:
        """Set bytes aside for a while.

        Raises:
            Fault: there are not so many.
        """
        if count > self.left:
            raise Fault(Code.RESOURCE_EXHAUSTED, "Too many large messages at once.")
        self.left -= count
        try:
            yield
        finally:
            self.left += count


async def messages(stream: Stream, budget: Budget, largest: int = LARGEST) -> AsyncIterator[bytes]:
    """Give a stream's messages as they come.

    Raises:
        Fault: one is too large, packed, or cut off.
    """
    held = bytearray()
    while True:
        if not await _fill(stream, held, _HEAD.size):
            return
        packed, length = _HEAD.unpack_from(held)
        if packed:
            raise Fault(Code.UNIMPLEMENTED, "Compressed messages are not supported.")
        if length > largest:
            raise Fault(Code.RESOURCE_EXHAUSTED, f"A message of {length} bytes is larger than {largest}.")
        with budget.holding(length):
            if not await _fill(stream, held, _HEAD.size + length):
                raise Fault(Code.INVALID_ARGUMENT, "A message was cut off.")
            body = bytes(held[_HEAD.size : _HEAD.size + length])
            del held[: _HEAD.size + length]
        yield body


async def _fill(stream: Stream, held: bytearray, count: int) -> bool:
    """Read until ``count`` bytes are held; False where the stream ends with none."""
    while len(held) < count:
        data = await stream.read()
        if not data and stream.ended:
            if held:
                raise Fault(Code.INVALID_ARGUMENT, "A message was cut off.")
            return False
        held += data
    return True


async def only(stream: Stream, budget: Budget, largest: int = LARGEST) -> bytes:
    """Read the one message of a stream.

    Raises:
        Fault: there is none, or another one.
    """
    found: list[bytes] = []
    async for each in messages(stream, budget, largest):
        found.append(each)
        if len(found) > 1:
            raise Fault(Code.INVALID_ARGUMENT, "Exactly one message is expected.")
    if not found:
        raise Fault(Code.INVALID_ARGUMENT, "A message is missing.")
    return found[0]


def framed(body: bytes) -> bytes:
    """Put a message's length before it."""
    return _HEAD.pack(0, len(body)) + body


def request(path: str, *more: tuple[str, str]) -> Headers:
    """Give the headers of a call."""
    return [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "localhost"),
        ("te", "trailers"),
        ("content-type", "application/grpc"),
        ("user-agent", "labkit-guard"),
        *more,
    ]


ANSWER: Headers = [(":status", "200"), ("content-type", "application/grpc")]


def ending(fault: Fault | None) -> Headers:
    """Give the trailers of a call."""
    if not fault:
        return [("grpc-status", "0")]
    return [
        ("grpc-status", str(fault.code)),
        ("grpc-message", quote(fault.text[:LONGEST_TEXT], safe=" !#$&'()*+,/:;<=>?@[]^`{|}~\"")),
    ]


def fault_of(stream: Stream) -> Fault | None:
    """Read from a stream's trailers how the call ended, None where it went well."""
    found = stream.trailers or stream.headers  # an answer without messages has both in one
    status = found.get("grpc-status", "")
    if status == "0":
        return None
    if not CODE.fullmatch(status):
        return Fault(Code.INTERNAL, "The engine ended a call without saying how.")
    details = found.get("grpc-status-details-bin", "")
    return Fault(int(status), unquote(found.get("grpc-message", "")), details.encode())
