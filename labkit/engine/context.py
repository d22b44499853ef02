"""A build context as a tar archive: the same bytes for the same files, without what .dockerignore leaves out."""

from __future__ import annotations

import io
import re
import tarfile
from typing import TYPE_CHECKING, Protocol

from docker.utils.build import Pattern
from docker.utils.fnmatch import fnmatchcase

from labkit.engine.buildtypes import BuildFailed
from labkit.words import say

if TYPE_CHECKING:
    from collections.abc import Mapping


LETTERS = r"\[(\^?)((?:\\.|[^\]\\])+)\]"
SPECIAL = re.compile(rf"\\([^A-Za-z0-9])|{LETTERS}")
WELL_FORMED = re.compile(rf"(?:[^\[\\]|\\.|{LETTERS})*")  # source: Go, path/filepath, Match


class File(Protocol):
    """A file of a context."""

    @property
    def data(self) -> bytes:
        """Its content."""

    @property
    def executable(self) -> bool:
        """Whether it may be run."""


def included(files: Mapping[str, File], dockerfile: str = "Dockerfile") -> list[str]:
    """Name the files that a client sends: all but what .dockerignore excludes, sorted.

    The Dockerfile and .dockerignore themselves are always sent, as by Docker's own client; where they are excluded the
    engine leaves them out of what COPY sees.

    Raises:
        BuildFailed: a pattern cannot be read; the docker command refuses such a build, too.
    """
    ignore = files[".dockerignore"].data.decode("utf-8-sig", errors="replace") if ".dockerignore" in files else ""
    rules = _rules(ignore)
    return sorted(name for name in files if name in (dockerfile, ".dockerignore") or not _excluded(name, rules))


def sent(files: Mapping[str, File]) -> dict[str, int]:
    """What a build sends: bytes by path. Raises BuildFailed where .dockerignore cannot be read."""
    return {name: len(files[name].data) for name in included(files)}


def _rules(ignore: str) -> list[Pattern]:
    lines = [line.strip() for line in ignore.splitlines() if not line.startswith("#")]
    for line in lines:
        if line == "!" or not WELL_FORMED.fullmatch(line):
            raise BuildFailed(say(".dockerignore: syntax error in pattern {line}", line=line))
    rules = [Pattern(line) for line in lines if line]
    return [rule for rule in rules if rule.dirs]


def _excluded(name: str, rules: list[Pattern]) -> bool:
    """Decide as the client's walk does: of a folder that is left out, only what a rule with ! names is looked at.

    The SDK's own matcher ignores the case of letters, and leaves in what is more than one folder deeper.
    Source: moby, pkg/archive, TarWithOptions, and patternmatcher, MatchesUsingParentResults.
    """
    parts = name.split("/")
    paths = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    for count, path in enumerate(paths, 1):
        excluded = False
        for rule in rules:
            if any(fnmatchcase(each, _glob(rule)) for each in paths[:count]):
                excluded = not rule.exclusion
        if excluded and not any(rule.exclusion and f"{rule.cleaned_pattern}/".startswith(f"{path}/") for rule in rules):
            return True
    return excluded


def _glob(rule: Pattern) -> str:
    """Write a pattern as the SDK's fnmatch reads it.

    Docker means "none of these" by ``[^a]``, and nothing special by ``[!a]``: the reverse of Python. A backslash takes
    the next mark's meaning away; before a letter it makes a class of a regular expression, which matches no usual name.
    """
    return SPECIAL.sub(_special, str(rule.cleaned_pattern))


def _special(found: re.Match[str]) -> str:
    plain, none_of, letters = found.groups()
    if plain:
        return {"[": r"[\[]", "*": "[*]", "?": "[?]", "\\": "[\\]"}.get(plain, plain)
    return f"[!{letters}]" if none_of else "[" + re.sub("^!", r"\\!", letters) + "]"


def context_tar(files: Mapping[str, File], dockerfile: str = "Dockerfile") -> bytes:
    """Pack a build context.

    Args:
        files: by relative POSIX path.
        dockerfile: path of the Dockerfile among them.

    Returns:
        A tar archive; times are 0 and owners root, so that only content and mode reach the build cache.
    """
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name in included(files, dockerfile):
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(files[name].data), 0o755 if files[name].executable else 0o644
            archive.addfile(info, io.BytesIO(files[name].data))
    return out.getvalue()
