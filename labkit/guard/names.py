"""Names on the engine are for all; a seat's names are its own. From one to the other and back.

    container, network, volume   web             ↔  lk-<seat>-web
    image                        shop/web:1      ↔  labkit.invalid/<seat>/o/shop/web:1
    image with a registry        host:5000/a:1   ↔  labkit.invalid/<seat>/h/host__5000/a:1
    the same by its digest       host:5000/a@sha256:<hex>  ↔  labkit.invalid/<seat>/d/host__5000/a:<hex>

No name of one seat is the beginning of another's: a seat's name has letters and digits only. ``.invalid`` is a domain
that never exists (source: RFC 2606), so no engine asks a registry for such an image.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labkit.guard.refusal import Malformed

if TYPE_CHECKING:
    from labkit.guard.messages import Json

SEAT = re.compile(r"[a-z0-9]{1,32}")
_OBJECT = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}")
_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_PATH = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT}){{0,8}}")
_HOST = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*(?::[0-9]{1,5})?")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_HEX = re.compile(r"[0-9a-f]{4,64}")
_HUB = ("docker.io/", "index.docker.io/")
_OFFICIAL = "library/"  # what the hub puts before a name of one part
OURS = "labkit.invalid"
ID = re.compile(r"(?:sha256:)?[0-9a-f]{1,64}")
LONGEST = 200
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Ref:
    """An image's name in short form.

    Attributes:
        host: of the registry with its port, or "" for Docker Hub.
        path: such as ``shop/web``.
        tag: such as ``latest``.
    """

    host: str
    path: str
    tag: str

    @property
    def name(self) -> str:
        """All but the tag."""
        return f"{self.host}/{self.path}" if self.host else self.path

    def __str__(self) -> str:
        return f"{self.name}:{self.tag}"


@dataclass(frozen=True, slots=True)
class Pin:
    """An image's name with the digest that a registry gave it.

    Attributes:
        host: of the registry with its port.
        path: such as ``shop/web``.
        hex: the digest, without ``sha256:``.
    """

    host: str
    path: str
    hex: str

    @property
    def name(self) -> str:
        """All but the digest."""
        return f"{self.host}/{self.path}" if self.host else self.path

    def __str__(self) -> str:
        return f"{self.name}@sha256:{self.hex}"


def parse_any(text: str) -> Ref | Pin:
    """Read an image's name with a tag or with a digest; beside a digest a tag says nothing.

    Raises:
        Malformed: it is none.
    """
    name, at, digest = text.partition("@")
    if not at:
        return parse(text)
    found = _DIGEST.fullmatch(digest)
    if not found:
        raise Malformed(f"invalid reference format: {digest[:80]!r} is no digest.")
    ref = parse(name)
    return Pin(ref.host, ref.path, found[1])


def parse(text: str) -> Ref:
    """Read an image's name as the engine does (source: distribution/reference, ParseNormalizedNamed).

    Raises:
        Malformed: it is none, or one with a digest.
    """
    name, _, tag = text.rpartition(":") if ":" in text.rsplit("/", 1)[-1] else (text, "", "latest")
    for prefix in _HUB:
        if name.startswith(prefix):
            name = name.removeprefix(prefix)
            break
    if "/" not in name.removeprefix(_OFFICIAL):
        name = name.removeprefix(_OFFICIAL)
    first, _, rest = name.partition("/")
    host, path = (first, rest) if rest and ("." in first or ":" in first or first == "localhost") else ("", name)
    if len(text) > LONGEST or not _PATH.fullmatch(path) or not _TAG.fullmatch(tag):
        raise Malformed(f"invalid reference format: {text[:80]!r} is no name for an image.")
    if host and not _HOST.fullmatch(host):
        raise Malformed(f"invalid reference format: {host[:80]!r} is no registry.")
    return Ref(host, path, tag)


def parse_new(text: str) -> Ref:
    """Read a name that is to be given to an image; one that reads like an id would hide images (see `parse`)."""
    ref = parse(text)
    if _HEX.fullmatch(ref.name):
        raise Malformed(f"{ref.name!r} reads like an image's id; choose a name with another letter.")
    if ref.host == OURS:
        raise Malformed(f"{OURS} is the lab's own; choose another registry's name, or none.")
    return ref


def check_object(name: str) -> str:
    """Check the name of a container, network or volume that is to be made.

    Raises:
        Malformed: the engine would not take it, or it reads like an id.
    """
    name = name.removeprefix("/")
    if not _OBJECT.fullmatch(name):
        raise Malformed(f"Invalid name ({name[:80]!r}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed, at most 63.")
    if re.fullmatch(r"[0-9a-f]{12,}", name):
        raise Malformed(f"{name!r} reads like an id; choose a name with another letter.")
    return name


@dataclass(frozen=True, slots=True)
class Names:
    """One seat's names.

    Args:
        seat: its name: small letters and digits.
    """

    seat: str

    @property
    def prefix(self) -> str:
        """What stands before a container's, network's or volume's name on the engine."""
        return f"lk-{self.seat}-"

    @property
    def repository(self) -> str:
        """What stands before an image's name on the engine."""
        return f"{OURS}/{self.seat}/"

    def image(self, ref: Ref | Pin) -> str:
        """Give an image's name on the engine."""
        host = ref.host.replace(":", "__")
        if isinstance(ref, Pin):
            return f"{self.repository}d/{host}/{ref.path}:{ref.hex}"
        where = f"h/{host}" if host else "o"
        return f"{self.repository}{where}/{ref.path}:{ref.tag}"

    def plain(self, text: str) -> str:
        """Give a text of the engine with the seat's names as the seat knows them."""
        text = text.replace(self.prefix, "")
        if self.repository in text:
            text = text.replace(f"{self.repository}o/", "")
            where = r"([a-z0-9.-]+?)(?:__([0-9]+))?/"
            pinned = re.compile(rf"({re.escape(self.repository)})d/({where}[a-z0-9._/-]+):([0-9a-f]{{64}})\b")
            text = pinned.sub(lambda found: f"{found[1]}h/{found[2]}@sha256:{found[5]}", text)
            there = re.compile(rf"{re.escape(self.repository)}h/{where}")
            text = there.sub(lambda found: found[1] + (f":{found[2]}" if found[2] else "") + "/", text)
        return text

    def view(self, value: Json) -> Json:
        """Give a document of the engine with the seat's names as the seat knows them, without the guard's labels."""
        if isinstance(value, str):
            return self.plain(value)
        if isinstance(value, list):
            return [self.view(each) for each in value]
        if isinstance(value, dict):
            return {self.plain(k): self.view(v) for k, v in value.items() if not k.startswith(RESERVED)}
        return value


RESERVED = "labkit."  # labels that only the lab gives
OWNER = "labkit.guard"  # label: the seat
MAKER = "labkit.guard.maker"  # label: the seat that built an image, where nobody else is to make the same
INTENT = "labkit.guard.intent"  # label: a random word that was written down before the engine was asked
