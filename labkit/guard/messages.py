"""The words that the guard's parts speak to each other: a request, calls of the engine, a decision."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass
from enum import Enum
from typing import Any

Json = Any  # what json.loads returns
Query = tuple[tuple[str, str], ...]
NOTHING: Json = object()  # a view's answer for "leave this out"; None is JSON's null


End = tuple[asyncio.StreamReader, asyncio.StreamWriter]
CarryOut = Callable[[Generator["Call", "Reply", Any]], Coroutine[Any, Any, Any]]
Mediator = Callable[[End, End, CarryOut], Coroutine[Any, Any, None]]  # of the client's end and the engine's


class Body(Enum):
    """How a request's body is read."""

    NONE = "none"  # a client's bytes, if any, are read and dropped
    JSON = "json"  # read whole, at most a mebibyte, one strict JSON document
    STREAM = "stream"  # handed on as it comes, through an inspector


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks for, parsed.

    Attributes:
        method: in capitals.
        version: of the API, such as "1.41"; the newest that both sides know where the client named none.
        path: segments after the version, decoded.
        query: pairs, decoded, in the client's order.
        headers: pairs, names in small letters.
        body: the JSON document, where the route has one; else None.
    """

    method: str
    version: str
    path: tuple[str, ...]
    query: Query = ()
    headers: Query = ()
    body: Json = None

    def get(self, name: str, default: str = "") -> str:
        """Give a query value, or ``default``."""
        return next((value for key, value in self.query if key == name), default)

    def flag(self, name: str) -> bool:
        """Read a query value as the engine does (source: moby, httputils.BoolValue)."""
        return self.get(name).strip().lower() not in ("", "0", "no", "false", "none")


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the engine.

    Attributes:
        method: in capitals.
        path: without the version.
        query: pairs; encoded when sent.
        body: a JSON document, or None.
        headers: beside those that every call has.
    """

    method: str
    path: str
    query: Query = ()
    body: Json = None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """The engine's answer to a call, read whole.

    Attributes:
        status: HTTP's.
        body: parsed JSON; text where it is none; None where it is empty.
        headers: those of the engine's own that a client may see.
    """

    status: int
    body: Json = None
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def ok(self) -> bool:
        """True where it did what it was asked."""
        return self.status < 400  # noqa: PLR2004  HTTP's first error


@dataclass(frozen=True, slots=True)
class Answer:
    """What the client gets, whole."""

    status: int = 200
    body: Json = None
    headers: tuple[tuple[str, str], ...] = ()


class Shape(Enum):
    """How the engine's answer to a call reaches the client."""

    BYTES = "bytes"  # flushed as it comes, unchanged
    LINES = "lines"  # a stream of JSON documents, each through a view
    HIJACK = "hijack"  # after its head, bytes both ways
    TAR = "tar"  # a tar, through an editor


@dataclass(frozen=True, slots=True)
class Relay:
    """The client gets the engine's answer to one call as it comes.

    Attributes:
        call: what to ask.
        shape: how the answer is handed on.
        protocol: for HIJACK, what the bytes are.
        mediate: for HIJACK, who speaks for each side to the other; without, bytes go on as they are.
        view: for LINES, from one JSON document to what the client sees of it, or NOTHING.
        upload: for a request with a streamed body, what it goes through (an object with ``feed`` and ``close``).
        download: for TAR, what the answer goes through.
        then: calls to make when the answer has come to its end; what it returns is sent as further lines.
        failed: where the engine refuses: gives the answer that says it, and tidies up; without, its words are told.
        ended: told when it is over: True where it came to its end, False where it was cut off.
    """

    call: Call
    shape: Shape
    view: Callable[[Json], Json] | None = None
    upload: Any = None
    download: Any = None
    then: Callable[[], Generator[Call, Reply, list[Json]]] | None = None
    failed: Callable[[Reply], Generator[Call, Reply, Answer]] | None = None
    ended: Callable[[bool], None] | None = None
    protocol: str = "tcp"
    mediate: Mediator | None = None


Decision = Answer | Relay
Plan = Generator[Call, Reply, Decision]
