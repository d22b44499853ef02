"""The build context without an engine; tests/engine/test_context.py holds it against the docker command."""

from __future__ import annotations

import io
import tarfile

import pytest

from labkit.engine import BuildFailed
from labkit.engine.context import context_tar, included
from labkit.workspace import SourceFile

TREE = ("Dockerfile", "a.log", ".env", "src/.env", "src/a.js", "src/node_modules/p/i.js", "node_modules/p/i.js")


def left(ignore, tree=TREE):
    files = {name: SourceFile(b"x") for name in tree} | {".dockerignore": SourceFile(ignore.encode())}
    return set(tree) - set(included(files))


@pytest.mark.parametrize(
    ("ignore", "gone"),
    [
        ("", set()),
        ("# .env\n\n", set()),
        ("node_modules", {"node_modules/p/i.js"}),
        ("**/node_modules", {"node_modules/p/i.js", "src/node_modules/p/i.js"}),
        ("NODE_MODULES\n.ENV", set()),
        ("/.env/", {".env"}),
        ("./src/../.env", {".env"}),
        ("**/.env\n!src/.env", {".env"}),
        ("!src/.env\n**/.env", {".env", "src/.env"}),
        ("**/.env # secret", set()),
        ("*.js", set()),
        ("**/*.js\r\n", {"src/a.js", "src/node_modules/p/i.js", "node_modules/p/i.js"}),
        ("\ufeff.env", {".env"}),
        ("\\.env\n*\\.log", {".env", "a.log"}),
        ("[^b].log", {"a.log"}),
        ("[!b].log", set()),
        ("[!a].log", {"a.log"}),
        ("*\n!src\nsrc/node_modules", {"a.log", ".env", "node_modules/p/i.js", "src/node_modules/p/i.js"}),
        ("*", set(TREE) - {"Dockerfile"}),
    ],
)
def test_left_out(ignore, gone):
    assert left(ignore) == gone


@pytest.mark.parametrize(("ignore", "gone"), [("\\*", {"*"}), ("\\[a]", {"[a]"}), ("\\\\", {"\\"}), ("\\!a", {"!a"})])
def test_a_backslash_takes_the_meaning_away(ignore, gone):
    assert left(ignore, ("*", "[a]", "\\", "!a", "a")) == gone


@pytest.mark.parametrize("ignore", ["[ab", "logs\\", "!", "a[]"])
def test_a_pattern_that_cannot_be_read(ignore):
    with pytest.raises(BuildFailed, match="syntax error in pattern"):
        left(ignore)


def test_the_archive_holds_what_is_sent():
    files = {"Dockerfile": SourceFile(b"FROM x"), "a.sh": SourceFile(b"1", executable=True), "b": SourceFile(b"2")}
    archive = context_tar({**files, ".dockerignore": SourceFile(b"b")})
    with tarfile.open(fileobj=io.BytesIO(archive)) as found:
        assert {entry.name: entry.mode for entry in found} == {
            "Dockerfile": 0o644,
            "a.sh": 0o755,
            ".dockerignore": 0o644,
        }
