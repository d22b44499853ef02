"""A Dockerfile written anew for the engine: an instruction a line, each image by its name there.

What is sent on is what was judged: the builder's own reader and ours may take a text differently, but a line that
begins with a known word, and does not end with a backslash, is that one instruction for both.
"""

from __future__ import annotations

import io
import json
import posixpath
import re
from typing import TYPE_CHECKING

from dockerfile_parse import DockerfileParser

from labkit.guard.names import parse_any
from labkit.guard.refusal import Malformed, Missing, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from labkit.guard.messages import Json
    from labkit.guard.seat import Seat

KNOWN = frozenset(
    (
        *("ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER"),
        *("ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"),
    )
)
VARIABLE = re.compile(r"\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)(?::?-([^{}$]*))?\})")
# The builder takes quotes and backslashes out of a flag, so ``--fr\om`` would be one. Here it is none.
COPY_FLAG = re.compile(
    r"--(?:(from)=([^\s\"'\\$]+)|(?:chown|chmod|exclude)=[^\s\"'\\]+|(?:link|parents)(?:=(?:true|false))?)"
)
RUN_FLAG = re.compile(r"--(?:mount=([^\s\"'\\]+)|network=(?:none|default))")
MOUNT_FIELD = re.compile(r"([A-Za-z-]+)(?:=([^=]*))?")
PLATFORM = "--platform="
FROM_FLAG = re.compile(rf"{PLATFORM}[A-Za-z0-9/${{}}_.-]+")
OWN_PLATFORM = re.compile(r"\$(?:BUILD|TARGET)PLATFORM\b|\$\{(?:BUILD|TARGET)PLATFORM\}")
PLAIN_SOURCE = re.compile(r"[A-Za-z0-9_./@+=,~*?\[\]-]+")
STAGE = re.compile(r"[a-z][a-z0-9_.-]*")
# What stands in a here-document is no instruction for the builder, so a stage in it would be one for us alone.
HEREDOC = re.compile(r"(?:^|\s)[0-9]*<<-?[^<\s]")
ESCAPE = re.compile(r"^\s*#\s*escape\s*=\s*[^\\\s]", re.IGNORECASE | re.MULTILINE)


class Dockerfile:
    """A Dockerfile on its way.

    Args:
        seat: whose build it is.
        arguments: ``--build-arg``, for names with variables.
        kit: whether BuildKit will read it, whose RUN has flags.
    """

    def __init__(self, seat: Seat, arguments: Mapping[str, str], *, kit: bool = False) -> None:
        self._seat, self._arguments, self._kit = seat, arguments, kit
        self._variables: dict[str, str] = {}
        self._stages: list[str] = []
        self.ids: dict[str, str] = {}  # what stands for an image of the seat's own, and its name here

    def rewrite(self, content: bytes) -> bytes:
        """Write it anew; what stood on a line stays on that line.

        Raises:
            Refused: it takes what this seat does not see, or what is outside.
            Malformed: it has an instruction that there is not.
        """
        self._stages = []  # where a context has two, the last one counts, and none sees the other's stages
        self._variables = {}
        content = content.removeprefix(b"\xef\xbb\xbf")
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Malformed("The Dockerfile is not UTF-8.") from error
        if ESCAPE.search(text):
            raise Refused("The lab does not take another escape character.", instead="Leave `# escape=` out.")
        lines = [""] * (text.count("\n") + 1)
        # The parser loses a last line that ends with a backslash, unless an empty one follows.
        for entry in DockerfileParser(fileobj=io.BytesIO(content + b"\n\n")).structure:
            if entry["instruction"] != "COMMENT":
                lines[entry["startline"]] = self._line(entry["instruction"], entry["value"])
        return "\n".join(lines).encode()

    def _line(self, kind: str, value: str) -> str:
        value = value.strip()
        if kind not in KNOWN:
            raise Malformed(f"dockerfile parse error: unknown instruction: {kind[:40]}")
        if "\n" in value or value.endswith("\\"):
            raise Malformed(f"dockerfile parse error: {kind} ends with a backslash")
        if HEREDOC.search(value):
            raise Refused(
                "The lab does not take here-documents (<<) in a Dockerfile.",
                why="Builders read them differently, so nobody could tell where the next instruction begins.",
                instead="Use && between commands, or put the text into a file and COPY it.",
            )
        match kind:
            case "ARG" if not self._stages:
                self._argument(value)
            case "FROM":
                value = self._from(value)
            case "COPY" | "ADD":
                value = self._copy(kind, value, self._stages[:-1])
            case "RUN" if self._kit:
                value = self._run(value, self._stages[:-1])
            case "ONBUILD":
                value = onbuild(value, self._seat)
        return f"{kind} {value}"

    def _argument(self, value: str) -> None:
        for word in value.split():
            name, _, default = word.partition("=")
            self._variables[name] = self._arguments.get(name, default.strip("\"'"))

    def _from(self, value: str) -> str:
        words = value.split()
        flags = [word for word in words if word.startswith("--")]
        if bad := [flag for flag in flags if not FROM_FLAG.fullmatch(flag)]:
            raise Malformed(f"unknown flag of FROM: {bad[0][:40]}")
        for flag in flags:
            self._seat.check_platform(self._filled(OWN_PLATFORM.sub("linux", flag)).removeprefix(PLATFORM))
        if words[: len(flags)] != flags or len(words) == len(flags):
            raise Malformed("FROM needs the name of an image")
        name, *after = (self._filled(word) for word in words[len(flags) :])
        if name != "scratch" and name.lower() not in self._stages:
            name = self._image(name)
        if after and not (len(after) == 2 and after[0].upper() == "AS" and STAGE.fullmatch(after[1].lower())):  # noqa: PLR2004
            raise Malformed("FROM takes the name of an image, and AS with the name of a stage")
        self._stages.append(after[1].lower() if after else "")
        return " ".join([name, *after])

    def _copy(self, kind: str, value: str, done: list[str]) -> str:
        given, rest = _flags(value)
        flags = []
        for flag in given:
            found = COPY_FLAG.fullmatch(flag)
            if not found or (found[1] and kind == "ADD"):
                raise _no_flag(kind, flag)
            flags.append(f"--from={self._origin(found[2], done)}" if found[1] else flag)
        return " ".join([*flags, _local(rest) if kind == "ADD" else rest])

    def _run(self, value: str, done: list[str]) -> str:
        given, rest = _flags(value)
        flags = []
        for flag in given:
            found = RUN_FLAG.fullmatch(flag)
            if not found:
                raise _no_flag("RUN", flag)
            flags.append(f"--mount={self._mount(found[1], done)}" if found[1] else flag)
        return " ".join([*flags, rest])

    def _mount(self, text: str, done: list[str]) -> str:
        fields = []
        for field in text.split(","):
            found = MOUNT_FIELD.fullmatch(field)
            if not found:
                raise _no_flag("RUN", f"--mount={text}")
            fields.append(f"from={self._origin(found[2] or '', done)}" if found[1].lower() == "from" else field)
        return ",".join(fields)

    def _origin(self, name: str, done: list[str]) -> str:
        """Give what ``--from`` names: a stage that is done, by name or number, or an image."""
        by_number = name.isascii() and name.isdecimal() and int(name) < len(done)
        return name if by_number or name.lower() in done else self._image(name)

    def _filled(self, word: str) -> str:
        filled = VARIABLE.sub(lambda found: self._variables.get(found[1] or found[2]) or found[3] or "", word)
        if "$" in filled or not filled:
            raise Refused(
                f"The lab's guard cannot tell which image {word[:80]!r} is.", instead="Write the name itself."
            )
        return filled.strip("\"'")

    def _image(self, name: str) -> str:
        seat = self._seat
        try:
            image, ref = seat.image_and_tag(name)
        except Missing:
            raise Refused(
                f"There is no image {name[:80]!r} here, and the lab does not pull it.",
                why="An image from outside may hold anything, and the course works without a network.",
                instead=f"FROM can name: {', '.join(sorted({*seat.course, *seat.tags()})) or 'scratch'}.",
                status=404,
            ) from None
        if image not in seat.course.values() and not seat.is_harmless(image):
            raise Refused(
                f"The image {name[:80]!r} has triggers (ONBUILD) that the lab does not let run.",
                why="The engine would carry them out as a part of your build, and nobody has looked at them.",
                instead="Build it anew here, from a Dockerfile.",
            )
        if self._kit:
            return self._by_name(image, ref)
        if not ref or (ref in seat.course and ref not in seat.tags()):
            return ref or image
        # By its id: until the builder reads this line, the name may have been given to another image.
        self.ids[image] = ref
        return image

    def _by_name(self, image: str, ref: str) -> str:
        """Give an image's name on the engine: by an id BuildKit would ask a registry for it."""
        known = [ref] if ref else self._seat.image_names(image)
        if not known:
            raise Refused("The lab takes an image without a name only where it builds without BuildKit.")
        own = known[0] in self._seat.tags() or known[0] in self._seat.pins()
        return self._seat.names.image(parse_any(known[0])) if own else known[0]


def _flags(value: str) -> tuple[list[str], str]:
    """Split an instruction's value into its flags, which stand first, and the rest."""
    flags, rest = [], value
    while rest.startswith("--"):
        flag, *left = rest.split(None, 1)
        flags.append(flag)
        rest = left[0] if left else ""
    return flags, rest


def _no_flag(kind: str, flag: str) -> Refused:
    return Refused(f"The lab does not take the flag {flag[:60]!r} of {kind}.", instead="Leave it out.")


def _local(rest: str) -> str:
    """Give ADD's paths as a list: from an address the engine would fetch with the machine's own network."""
    try:
        paths: Json = json.loads(rest) if rest.startswith("[") else rest.split()
    except ValueError:
        paths = rest.split()
    if not isinstance(paths, list) or not all(isinstance(path, str) and PLAIN_SOURCE.fullmatch(path) for path in paths):
        raise Refused(
            f"The lab takes only plain paths with ADD, not {rest[:80]!r}.",
            why="ADD can fetch from an address, and the engine would do that from the machine's own network.",
            instead="Use COPY for files of your own.",
        )
    return json.dumps(paths)


def cleaned(path: str) -> str:
    """Give a Dockerfile's path in its context in the one form that there is for it.

    Raises:
        Refused: it has the name of an ignore file, which is not judged as a Dockerfile.
    """
    found = posixpath.normpath(f"/{path}").lstrip("/")  # the engine, too, reads "a/" as "a"
    if found.endswith(".dockerignore"):
        raise Refused("A Dockerfile's name cannot end with .dockerignore.")
    return found


def onbuild(value: str, seat: Seat) -> str:
    """Write a trigger anew, an instruction that runs in the build of whoever begins from this image.

    Raises:
        Refused: it names an image or a stage: of the build that it will run in, nobody knows now.
        Malformed: it is no instruction.
    """
    kind, _, rest = value.strip().partition(" ")
    if kind.upper() in ("FROM", "ONBUILD", "MAINTAINER"):
        raise Malformed(f"{kind.upper()} isn't allowed as an ONBUILD trigger")
    if any("from" in flag.lower() for flag in _flags(rest.strip())[0]):  # of COPY, and in a mount of RUN
        raise Refused("The lab does not take ONBUILD with --from.", instead="Write it without ONBUILD.")
    return Dockerfile(seat, {}, kit=True)._line(kind.upper(), rest)  # noqa: SLF001  the same judgement for the same words


def is_harmless(triggers: list[str], seat: Seat) -> bool:
    """Tell whether an image's triggers are such as the guard itself writes: only those has it judged."""
    try:
        return all(onbuild(trigger, seat) == trigger for trigger in triggers)
    except Refused:
        return False
