"""Evidence bundles: one zip file of a learner's files, what the checks found, and what that stands on.

manifest.json     what it is of, and size and sha256 of every other member
signature.json    HMAC-SHA256 of manifest.json with the course's key; only where there is one
report.json       what the checks found
evidence.json     the build's trace, the image's configuration and lists of files; not where nothing was built
files/…           the learner's files, those that the exercise takes

What is read is untrusted: an archive as any other (see `archives`), each member within a limit and held against its
hash, each JSON text held against a model.

A signature tells that nothing was changed on the way, and that is all: it is made where the evidence is made, and who
is root there has the key and can sign whatever they like.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import stat
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from labkit.atomic import replaced
from labkit.errors import LabError
from labkit.grading.archives import DAMAGED, ZipTree
from labkit.grading.bundle_models import (
    EVIDENCE,
    FILES,
    LIMITS,
    MANIFEST,
    MOST_KEYS,
    REPORT,
    SIGNATURE,
    Held,
    Manifest,
    Model,
    SaidAll,
    Signature,
    plain,
    sha256,
)
from labkit.grading.folders import PLAIN, kind_of
from labkit.grading.trees import Kind, Unreadable, moment, refusal, shown
from labkit.workspace import FILE_LIMIT, SourceFile

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

MOST_BYTES = 32 << 20  # of a bundle
AT_ONCE = 1 << 20
SHORTEST_KEY, LONGEST_KEY = 16, 4096  # bytes

Looked = Literal["right", "none", "not looked at"]
AnyModel = TypeVar("AnyModel", bound=Model)
AGAIN = "make the bundle again with `labkit bundle`, and hand it in as it is"


class NotSigned(Unreadable):
    """A bundle's signature is not there, or not the course's; a person has to look at it."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """What was read.

    Attributes:
        manifest: what it is of.
        said: what was found then.
        held: what that stands on; None where nothing was built or run.
        files: the learner's.
        signature: what is known of it: right, none, or not looked at since no key was given.
        when: when the file was last written, as far as this machine knows.
    """

    manifest: Manifest
    said: SaidAll
    held: Held | None
    files: Mapping[str, SourceFile]
    signature: Looked
    when: datetime | None


def read_key(path: Path) -> bytes:
    """Read the course's key; spaces and line ends around it do not count.

    Raises:
        LabError: it is too short or too long to be one, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            key = file.read(LONGEST_KEY + 1)
    except OSError as error:
        raise LabError(f"The key {path} cannot be read: {error.strerror}.", fix="check its path and rights") from None
    if len(key) > LONGEST_KEY or len(key.strip()) < SHORTEST_KEY:
        raise LabError(
            f"{path} holds no key: one has {SHORTEST_KEY} to {LONGEST_KEY} bytes.",
            fix="make one: python -c 'import secrets; print(secrets.token_hex(32))' > course.key",
        )
    return key.strip()


def write(path: Path, members: Mapping[str, bytes], key: bytes | None = None) -> None:
    """Write a bundle at once: a crash leaves the old file or the new one, never half.

    Args:
        path: the file.
        members: see `labkit.grading.bundling`.
        key: the course's; None for a bundle without a signature.

    Raises:
        LabError: it cannot be written.
    """
    everything = dict(members)
    if key:
        everything[SIGNATURE] = Signature(algorithm="hmac-sha256", value=_mac(key, members[MANIFEST])).dumped()
    try:
        with replaced(path, 0o600) as new, zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in everything.items():
                info = zipfile.ZipInfo(name)  # its time is a constant: equal members, equal bytes
                info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, (stat.S_IFREG | 0o644) << 16
                archive.writestr(info, data)
    except OSError as error:
        raise LabError(f"{path} cannot be written: {error.strerror}.", fix="name another file with -o") from None


class _Archive(ZipTree):
    """A bundle's members; some may be larger than any of a learner's files."""

    def files(self) -> set[str]:
        """The names of all members that are files."""
        return {"/".join(path) for path, info in self._members.items() if info}

    def whole(self, name: str) -> bytes:
        """One member, if it is not larger than its limit."""
        info, limit = self._members.get(tuple(name.split("/"))), LIMITS.get(name, FILE_LIMIT)
        if info is None:
            raise self._fault(f"is no bundle, or not all of it: {plain(name, 80)} is not in it", AGAIN)
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.file_size > limit:
            raise self._fault(f"holds {plain(name, 80)} in a way or of a size that is not read", AGAIN)
        found = bytearray()
        try:
            with self._zip.open(info) as member:
                while len(found) <= limit and (data := member.read(AT_ONCE)):
                    found += data
        except DAMAGED:
            raise self._fault(f"is damaged where {plain(name, 80)} is", AGAIN) from None
        if len(found) > limit:
            raise self._fault(f"says of {plain(name, 80)} another size than it has", AGAIN)
        return bytes(found)

    def parsed(self, model: type[AnyModel], name: str, data: bytes) -> AnyModel:
        """One member's text as data."""
        try:
            json.loads(data, object_pairs_hook=_few)
            return model.model_validate_json(data)
        except (ValueError, RecursionError):  # pydantic's own is the first kind, too
            raise self._fault(f"has {name} otherwise than `labkit bundle` writes it", AGAIN) from None

    def judge_signature(self, manifest: bytes, key: bytes | None) -> Looked:
        """Say what is known of the signature; where there is a key, it must be there and right."""
        signed = SIGNATURE in self.files()
        if key is None:
            return "not looked at" if signed else "none"
        if not signed:
            raise NotSigned(f"{self._name} is not signed: make it with --key and the course's key.")
        found = self.parsed(Signature, SIGNATURE, self.whole(SIGNATURE))
        if not hmac.compare_digest(found.value, _mac(key, manifest)):
            raise NotSigned(
                f"{self._name} was changed on its way, or signed with another key: {AGAIN}, or grade with that key."
            )
        return "right"

    def members(self, manifest: Manifest) -> dict[str, bytes]:
        """All that the manifest names, each as it says; there must be nothing else."""
        if others := sorted(self.files() - {MANIFEST, SIGNATURE} ^ manifest.members.keys()):
            raise self._fault(f"holds other files than its manifest says, such as {plain(others[0], 80)!r}", AGAIN)
        found = {}
        for name, member in manifest.members.items():
            if name not in (REPORT, EVIDENCE) and not name.startswith(FILES):
                raise self._fault(f"holds what no bundle holds: {plain(name, 80)!r}", AGAIN)
            found[name] = self.whole(name)
            if (len(found[name]), sha256(found[name])) != (member.size, member.sha256):
                raise self._fault(f"was changed after it was made: {plain(name, 80)!r} has another hash", AGAIN)
        return found


def read(path: Path, key: bytes | None = None) -> Bundle:
    """Read a bundle that anybody may have made.

    Args:
        path: the file; a link is not followed.
        key: the course's; None to take signatures as they are.

    Raises:
        Unreadable: it is no bundle, or was changed; NotSigned where the signature tells so.
    """
    file, when = _opened(path)
    with _Archive(file, shown((path.name,)), when) as archive:
        raw = archive.whole(MANIFEST)
        signature = archive.judge_signature(raw, key)  # before anything in it is looked at
        manifest = archive.parsed(Manifest, MANIFEST, raw)
        data = archive.members(manifest)
        said = archive.parsed(SaidAll, REPORT, data.get(REPORT, b""))
        held = archive.parsed(Held, EVIDENCE, data[EVIDENCE]) if EVIDENCE in data else None
    files = {
        name.removeprefix(FILES): SourceFile(content, manifest.members[name].executable)
        for name, content in data.items()
        if name.startswith(FILES)
    }
    return Bundle(manifest, said, held, files, signature, when)


def _opened(path: Path) -> tuple[int, datetime | None]:
    name = (path.name,)
    try:
        file = os.open(path, PLAIN)
    except OSError as error:
        if path.is_symlink():
            raise refusal(Kind.LINK, name) from None
        raise Unreadable(f"{shown(name)} cannot be opened ({error.strerror}): hand it in once more.") from None
    found = os.fstat(file)
    if stat.S_ISREG(found.st_mode) and found.st_size <= MOST_BYTES:
        return file, moment(found.st_mtime)
    os.close(file)
    if stat.S_ISREG(found.st_mode):
        raise Unreadable(f"{shown(name)} is larger than any bundle: {AGAIN}.")
    raise refusal(kind_of(found.st_mode), name)


def _few(pairs: list[tuple[str, Any]]) -> None:
    """No object of ours has many keys; of one with a million, a model would make as many reports."""
    if len(pairs) > MOST_KEYS:
        raise ValueError(f"an object with {len(pairs)} keys")


def _mac(key: bytes, manifest: bytes) -> str:
    return hmac.new(key, manifest, hashlib.sha256).hexdigest()
