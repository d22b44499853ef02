"""A git repository with a branch for each learner, read object by object: nothing is checked out, nothing is run.

git answers by id only, and the ids come from git: no name that a learner chose is ever an argument. Trees are read as
they are stored, a folder at a time, since a small repository can hold a tree of endless many files.
"""

from __future__ import annotations

import os
import subprocess
from contextlib import ExitStack, contextmanager, suppress
from typing import IO, TYPE_CHECKING

from labkit.grading.submission import IntakeError, as_text
from labkit.grading.trees import MOST_NAMES, Kind, Parts, Source, Tree, Unreadable, moment, refusal, too_large
from labkit.workspace import FILE_LIMIT, SourceFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from labkit.grading.trees import Opener

NOBODYS = frozenset({"main", "master", "HEAD"})
LARGEST_TREE = 1 << 20  # bytes of one folder's list
SECONDS = 120
FORMAT = "%(refname)%09%(objectname)%09%(objecttype)%09%(committerdate:unix)%09%(symref)"
KINDS = {b"40000": Kind.FOLDER, b"120000": Kind.LINK, b"100644": Kind.FILE, b"100755": Kind.FILE, b"100664": Kind.FILE}
# No prompt, no system-wide settings, no replaced objects, and nothing is fetched: a repository's own settings may say
# that objects are elsewhere, and by which command they are had.
SAFE = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "",
    "LC_ALL": "C",
}


def _git(path: Path, *words: str) -> list[str]:
    return ["git", "-C", os.fspath(path), "--no-pager", "-c", f"core.hooksPath={os.devnull}", *words]


def _environment(path: Path) -> dict[str, str]:
    """Ours without what would lead git elsewhere; and git does not look for a repository further up."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return {**kept, **SAFE, "GIT_CEILING_DIRECTORIES": os.fspath(path.resolve().parent)}


class _Objects:
    """The objects of a repository, by id: one process says what they are, another gives them.

    Args:
        path: the repository.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held = ExitStack()
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def close(self) -> None:
        """End both processes."""
        self._running.clear()
        with suppress(BrokenPipeError):  # a question that it did not live to read
            self._held.close()

    def _ask(self, how: str, name: str) -> tuple[list[bytes], IO[bytes]]:
        """One line of an answer, and where the rest of it comes from."""
        if how not in self._running:
            command = _git(self._path, "cat-file", how)
            pipe, none = subprocess.PIPE, subprocess.DEVNULL
            git = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=none, env=_environment(self._path))
            self._running[how] = self._held.enter_context(git)
            self._held.callback(git.kill)
        git = self._running[how]
        assert git.stdin is not None  # noqa: S101  both are pipes
        assert git.stdout is not None  # noqa: S101
        try:
            git.stdin.write(f"{name}\n".encode("ascii"))
            git.stdin.flush()
        except OSError:  # it has ended; what it says is nothing
            return [], git.stdout
        return git.stdout.readline(4096).split(), git.stdout

    def get(self, name: str, kind: bytes, most: int) -> bytes | None:
        """An object's content; None where it is larger than that.

        Raises:
            Unreadable: it is missing, damaged, or of another kind.
        """
        said, _ = self._ask("--batch-check", name)
        if len(said) == 3 and said[1] == kind:  # noqa: PLR2004  id, kind, size
            if int(said[2]) > most:
                return None
            size = int(said[2])
            said, rest = self._ask("--batch", said[0].decode("ascii"))
            if said[2:] == [str(size).encode()] and len(data := rest.read(size + 1)) == size + 1:
                return data[:size]
        self.close()  # git ends where an object is damaged; the next learner's may be whole
        raise Unreadable("The branch cannot be read, since git has not all of it: push it once more.")


class GitTree:
    """The files of a commit.

    Args:
        objects: the repository's.
        commit: its id.
        when: when it was made, as it says itself.
    """

    def __init__(self, objects: _Objects, commit: str, when: datetime | None) -> None:
        self._objects, self._commit, self._when = objects, commit, when
        self._seen: dict[str, dict[str, tuple[bytes, str]]] = {}

    def _list(self, tree: str) -> dict[str, tuple[bytes, str]]:
        """Mode and id of each name in a folder."""
        if tree not in self._seen:
            data = self._objects.get(tree, b"tree", LARGEST_TREE)
            if data is None:
                raise Unreadable("A folder of the branch has too many files: keep only those of the exercise.")
            length = len(self._commit) // 2  # of an id: 20 bytes, or 32 with SHA-256
            self._seen[tree] = dict(_entries(data, length))
        return self._seen[tree]

    def _find(self, path: Parts) -> tuple[bytes, str] | None:
        found: tuple[bytes, str] | None = (b"40000", f"{self._commit}^{{tree}}")
        for depth, name in enumerate(path):
            if found is None or (kind := _kind(found[0])) in (Kind.FILE, Kind.OTHER):
                return None
            if kind is Kind.LINK:
                raise refusal(kind, path[:depth])
            found = self._list(found[1]).get(name)
        return found

    def kind(self, path: Parts) -> Kind | None:
        """What stands at a path."""
        found = self._find(path)
        return _kind(found[0]) if found else None

    def names(self, folder: Parts) -> list[str]:
        """The names in a folder."""
        found = self._find(folder)
        if found is None or _kind(found[0]) is not Kind.FOLDER:
            return []
        return sorted(self._list(found[1]))[:MOST_NAMES]

    def read(self, path: Parts) -> tuple[SourceFile, datetime | None]:
        """One file as it is stored, and the commit's time."""
        found = self._find(path)
        if found is None or _kind(found[0]) is not Kind.FILE:
            raise refusal(_kind(found[0]) if found else None, path)
        data = self._objects.get(found[1], b"blob", FILE_LIMIT)
        if data is None:
            raise too_large(path)
        return SourceFile(data, found[0] == b"100755"), self._when


def _kind(mode: bytes) -> Kind:
    return KINDS.get(mode, Kind.OTHER)


def _entries(data: bytes, length: int) -> Iterator[tuple[str, tuple[bytes, str]]]:
    """A stored tree's entries: mode, space, name, NUL, id. git itself never makes the names that are refused here."""
    seen = {b"", b".", b".."}
    at = 0
    while at < len(data):
        space = data.find(b" ", at)
        end = data.find(b"\0", space)
        name = data[space + 1 : end]
        if min(space, end) < 0 or end + 1 + length > len(data) or b"/" in name or name in seen:
            raise Unreadable("The branch holds names that git does not make: commit it once more.")
        seen.add(name)
        yield os.fsdecode(name), (data[at:space].lstrip(b"0"), data[end + 1 : end + 1 + length].hex())
        at = end + 1 + length


class Branches:
    """A repository with a branch for each learner, its own branches and those that it knows of others alike.

    Args:
        path: the checkout.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def sources(self) -> list[Source]:
        """One for each branch; of a branch and its remote twin at one commit, the first."""
        found: dict[tuple[str, str], Source] = {}
        for line in self._refs():
            ref, commit, kind, seconds, symbolic = line.split("\t")
            branch = ref.removeprefix("refs/heads/")
            if branch == ref:
                branch = ref.removeprefix("refs/remotes/").partition("/")[2]
            if not branch or branch in NOBODYS or symbolic or kind != "commit":
                continue
            when = moment(float(seconds)) if seconds else None
            label = as_text(ref.removeprefix("refs/heads/").removeprefix("refs/remotes/"))
            found.setdefault((branch, commit), Source(as_text(branch), label, commit, when=when))
        if not found:
            raise IntakeError(f"{self._path} has no branch of a learner.", fix="fetch the learners' branches")
        return list(found.values())

    def _refs(self) -> list[str]:
        command = _git(self._path, "for-each-ref", f"--format={FORMAT}", "--", "refs/heads/", "refs/remotes/")
        try:
            done = subprocess.run(
                command,
                env=_environment(self._path),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=SECONDS,
                check=True,
            )
        except FileNotFoundError:
            raise IntakeError(
                "There is no git here.", fix="install git, or name a folder that is none of its"
            ) from None
        except (subprocess.SubprocessError, OSError) as error:
            said = as_text(os.fsdecode(getattr(error, "stderr", None) or b"").strip().partition("\n")[0])
            raise IntakeError(f"git cannot read {self._path}: {said or error}", fix="mend the repository") from None
        return [os.fsdecode(line) for line in done.stdout.split(b"\n") if line]

    @contextmanager
    def session(self) -> Iterator[Opener]:
        """What opens one branch after another."""
        objects = _Objects(self._path)

        @contextmanager
        def opened(source: Source) -> Iterator[Tree]:
            yield GitTree(objects, source.where, source.when)

        try:
            yield opened
        finally:
            objects.close()
