"""A build context on its way: its Dockerfile may begin from the seat's images and the course's alone."""

from __future__ import annotations

import io
import posixpath
import re
from typing import TYPE_CHECKING

from dockerfile_parse import DockerfileParser

from labkit.guard.names import parse
from labkit.guard.refusal import Malformed, Missing, Refused
from labkit.guard.tars import Gunzip, Plain

if TYPE_CHECKING:
    import tarfile
    from collections.abc import Callable, Mapping

    from labkit.guard.seat import Seat

VARIABLE = re.compile(r"\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)(?::?-([^{}$]*))?\})")
FROM_FLAG = re.compile(r"(--from=)(\S+)")


class Context(Gunzip):
    """A build context.

    Args:
        seat: whose build it is.
        dockerfile: the Dockerfile's path in it, or "" where it is not to be looked at.
        arguments: ``--build-arg``.
    """

    def __init__(self, seat: Seat, dockerfile: str, arguments: Mapping[str, str]) -> None:
        super().__init__(_Tar(seat, dockerfile, arguments))


class _Tar(Plain):
    def __init__(self, seat: Seat, dockerfile: str, arguments: Mapping[str, str]) -> None:
        super().__init__(seat.bounds.upload)
        self._seat, self._arguments, self._seen = seat, arguments, False
        path = posixpath.normpath("/" + dockerfile).lstrip("/") if dockerfile else ""
        # The engine looks for "dockerfile" too (source: moby, builder/remotecontext, openAt).
        self._paths = {path, path.lower()} - {""} if path == "Dockerfile" else {path} - {""}

    def edit(self, name: str, info: tarfile.TarInfo) -> Callable[[bytes], bytes | None] | None:  # noqa: ARG002
        if name not in self._paths:
            return None
        self._seen = True
        return lambda content: resolve(content, self._seat, self._arguments)

    def close(self) -> bytes:
        if self._paths and not self._seen:
            raise Malformed(f"Cannot locate specified Dockerfile: {min(self._paths)}")
        return super().close()


def resolve(content: bytes, seat: Seat, arguments: Mapping[str, str]) -> bytes:
    """Write an image's name on the engine in the place of each name in FROM and ``--from``.

    Args:
        content: a Dockerfile.
        seat: whose build it is.
        arguments: ``--build-arg``, for names with variables.

    Raises:
        Refused: it begins from an image that this seat does not see.
    """
    text = content.decode("utf-8", "surrogateescape")
    if re.search(r"^\s*#\s*escape\s*=\s*[^\\\s]", text, re.IGNORECASE | re.MULTILINE):
        raise Refused("The lab does not take another escape character.", instead="Leave `# escape=` out.")
    lines = text.splitlines(keepends=True)
    variables: dict[str, str] = {}
    stages: list[str] = []
    for entry in DockerfileParser(fileobj=io.BytesIO(content)).structure:
        kind, value = entry["instruction"].upper(), entry["value"]
        span = slice(entry["startline"], entry["endline"] + 1)
        if kind == "ARG" and not stages:
            name, _, default = value.partition("=")
            variables[name.strip()] = arguments.get(name.strip(), default.strip().strip("\"'"))
        elif kind == "FROM":
            line, stage = _from(value, seat, variables, stages)
            stages.append(stage.lower())
            _replace(lines, span, line)
        elif kind in ("COPY", "ADD") and "--from" in value:
            _replace(lines, span, f"{kind} " + FROM_FLAG.sub(lambda found: _flag(found, seat, stages), value))
        elif kind == "ONBUILD" and re.search(r"--from|--mount", value):
            raise Refused("The lab does not take ONBUILD with --from.", instead="Write it without ONBUILD.")
    return "".join(lines).encode("utf-8", "surrogateescape")


def _replace(lines: list[str], span: slice, line: str) -> None:
    """Put one line where an instruction was, and keep the number of lines."""
    lines[span] = [line + "\n", *["\n"] * (span.stop - span.start - 1)]


def _flag(found: re.Match[str], seat: Seat, stages: list[str]) -> str:
    name = found[2]
    return found[0] if name.lower() in stages or name.isdigit() else found[1] + _image(name, seat)


def _from(value: str, seat: Seat, variables: Mapping[str, str], stages: list[str]) -> tuple[str, str]:
    words = value.split()
    flags = [word for word in words if word.startswith("--")]
    rest = [_filled(word, variables) for word in words[len(flags) :]]
    if not rest:
        return f"FROM {value}", ""
    name, *after = rest
    if name != "scratch" and name.lower() not in stages:
        name = _image(name, seat)
    named = after[1] if len(after) == 2 and after[0].upper() == "AS" else ""  # noqa: PLR2004
    return " ".join(["FROM", *flags, name, *after]), named


def _filled(word: str, variables: Mapping[str, str]) -> str:
    filled = VARIABLE.sub(lambda found: variables.get(found[1] or found[2]) or found[3] or "", word)
    if "$" in filled:
        raise Refused(f"The lab's guard cannot tell which image {word[:80]!r} is.", instead="Write the name itself.")
    return filled.strip("\"'")


def _image(name: str, seat: Seat) -> str:
    try:
        image, ref = seat.image_and_tag(name)
    except Missing:
        raise Refused(
            f"There is no image {name[:80]!r} here, and the lab does not pull it.",
            why="An image from outside may hold anything, and the course works without a network.",
            instead=f"FROM can name: {', '.join(sorted({*seat.course, *seat.tags()})) or 'scratch'}.",
            status=404,
        ) from None
    return seat.names.image(parse(ref)) if ref in seat.tags() else ref or image
