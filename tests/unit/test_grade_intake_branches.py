from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime

import pytest
from submission_tools import course, fill, intake, only, roster

from labkit.grading.submission import IntakeError
from labkit.workspace import FILE_LIMIT, SourceFile

WHEN = 1_700_000_000
GOOD = {"06-x/Dockerfile": b"FROM mine\r\n", "06-x/src/x.js": b"1"}


class Repository:
    """A git repository that is made object by object, so that it may hold what git would not add."""

    def __init__(self, path, *options):
        self.path = path
        self.git("init", "-q", "-b", "main", *options, str(path), at=None)

    def git(self, *words, at="here", data=b"", when=WHEN):
        who = {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        times = {"GIT_AUTHOR_DATE": "@0 +0000", "GIT_COMMITTER_DATE": f"@{when} +0200"}
        environment = {"PATH": os.environ["PATH"], "HOME": "/nowhere", "GIT_CONFIG_NOSYSTEM": "1", **who, **times}
        place = ["-C", str(self.path)] if at else []
        done = subprocess.run(["git", *place, *words], input=data, capture_output=True, check=True, env=environment)
        return done.stdout.decode().strip()

    def tree(self, entries):
        """A tree from (mode, type, id, name)."""
        lines = b"".join(f"{mode} {kind} {name}\t".encode() + path + b"\0" for mode, kind, name, path in entries)
        return self.git("mktree", "-z", "--missing", data=lines)

    def blob(self, data):
        return self.git("hash-object", "-w", "--stdin", data=data)

    def nested(self, files):
        """A tree from contents by path; a pair is a mode and a content."""
        below: dict[str, dict] = {}
        entries = []
        for path, data in files.items():
            name, _, rest = path.partition("/")
            if rest:
                below.setdefault(name, {})[rest] = data
            else:
                mode, content = data if isinstance(data, tuple) else ("100644", data)
                entries.append((mode, "blob", self.blob(content), os.fsencode(name)))
        return self.tree([*entries, *(("040000", "tree", self.nested(f), os.fsencode(n)) for n, f in below.items())])

    def commit(self, ref, tree, when=WHEN):
        name = self.git("commit-tree", tree, "-m", "x", when=when)
        if not isinstance(ref, bytes):
            self.git("update-ref", ref, name)
        return name


@pytest.fixture
def exercises(tmp_path):
    return course(tmp_path / "exercises")[:1]


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    made = Repository(tmp_path / "class")
    made.commit("refs/heads/main", made.nested({"06-x/Dockerfile": b"the course's"}))
    return made


def test_each_branch_is_a_learner(repository, exercises):
    tree = repository.nested({**GOOD, "06-x/src/x.js": ("100755", b"1")})
    for ref in ("heads/ada", "heads/team/ben", "remotes/origin/eve", "remotes/origin/main", "heads/master"):
        repository.commit(f"refs/{ref}", tree)
    repository.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    found = intake(repository.path, exercises)
    assert [(each.learner, each.source) for each in found] == [
        ("ada", "ada"),
        ("eve", "origin/eve"),
        ("team/ben", "team/ben"),
    ]
    for each in found:
        assert each.files == {
            "Dockerfile": SourceFile(b"FROM mine\r\n"),
            "src/x.js": SourceFile(b"1", executable=True),
        }
        assert each.submitted == datetime.fromtimestamp(WHEN, tz=UTC)


def test_a_branch_and_its_remote_twin(repository, exercises):
    tree = repository.nested(GOOD)
    repository.commit("refs/heads/ada", tree)
    repository.commit("refs/remotes/origin/ada", tree)
    assert only(repository.path, exercises).source == "ada"
    repository.commit("refs/remotes/origin/ada", tree, when=WHEN + 1)
    with pytest.raises(IntakeError, match="'ada' has two submissions: 'ada' and 'origin/ada'"):
        intake.lazily(repository.path, exercises)


def test_the_roster_knows_times_better_than_commits(repository, exercises):
    repository.commit("refs/heads/a17", repository.nested(GOOD))
    who = roster(repository.path, "learner,source,submitted\nada,a17,2026-01-02T00:00:00Z\nben,,\n")
    first, second = intake(repository.path, exercises, who)
    assert (first.learner, first.submitted) == ("ada", datetime(2026, 1, 2, tzinfo=UTC))
    assert (second.learner, second.files, second.fault) == ("ben", {}, "")


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"06-x/Dockerfile": ("120000", b"/etc/passwd")}, "06-x/Dockerfile is a link, and links are not followed"),
        ({"06-x": ("120000", b"/etc")}, "06-x is a link"),
        ({"top": ("120000", b"/etc")}, "top is a link"),
        ({"06-x/Dockerfile/x": b""}, "06-x/Dockerfile is a folder, where a file is wanted"),
        ({"06-x/Dockerfile": b"x" * (FILE_LIMIT + 1)}, "06-x/Dockerfile is larger than 1 MiB"),
        ({"06-x/Dockerfile": b"", "06-x/src": ("120000", b"/etc")}, "06-x/src is a link"),
    ],
)
def test_what_is_not_read(repository, exercises, files, says):
    repository.commit("refs/heads/ada", repository.nested(files))
    repository.commit("refs/heads/ben", repository.nested(GOOD))
    ada, ben = intake(repository.path, exercises)
    assert says in ada.fault
    assert (ada.files, ada.submitted, len(ben.files)) == ({}, ben.submitted, 2)


def test_a_submodule_is_no_file(repository, exercises):
    inner = repository.tree([("160000", "commit", "1" * 40, b"Dockerfile")])
    repository.commit("refs/heads/ada", repository.tree([("040000", "tree", inner, b"06-x")]))
    assert "06-x/Dockerfile is not a plain file" in only(repository.path, exercises).fault


def test_a_missing_object_is_one_learners_fault(repository, exercises):
    inner = repository.tree([("100644", "blob", "1" * 40, b"Dockerfile")])
    repository.commit("refs/heads/ada", repository.tree([("040000", "tree", inner, b"06-x")]))
    repository.commit("refs/heads/ben", repository.nested(GOOD))
    ada, ben = intake(repository.path, exercises)
    assert "git has not all of it" in ada.fault
    assert len(ben.files) == 2


def test_a_damaged_object_is_one_learners_fault(repository, exercises):
    repository.commit("refs/heads/ada", repository.nested({"06-x/Dockerfile": b"FROM damaged"}))
    repository.commit("refs/heads/ben", repository.nested(GOOD))
    blob = repository.blob(b"FROM damaged")
    path = repository.path / ".git" / "objects" / blob[:2] / blob[2:]
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-6] + b"spoilt")
    ada, ben = intake(repository.path, exercises)
    assert "git has not all of it" in ada.fault
    assert len(ben.files) == 2


def test_names_that_git_would_not_make(repository, exercises):
    blob = bytes.fromhex(repository.blob(b"x"))
    for name in (b"..", b".", b"a/b", b"Dockerfile\0" + blob + b"100644 Dockerfile"):
        data = b"100644 " + name + b"\0" + blob
        tree = repository.git("hash-object", "-w", "-t", "tree", "--literally", "--stdin", data=data)
        repository.commit("refs/heads/ada", tree)
        assert "names that git does not make" in only(repository.path, exercises).fault


def test_a_tree_of_endless_many_files_takes_no_time(repository, exercises):
    """Ten folders of ten folders of … of ten files, sixteen deep, are seventeen objects."""
    entry = ("100644", "blob", repository.blob(b"x"))
    for _ in range(16):
        tree = repository.tree([(*entry, b"%d" % n) for n in range(10)])
        entry = ("040000", "tree", tree)
    good = ("040000", "tree", repository.nested({"Dockerfile": b"1"}))
    repository.commit("refs/heads/ada", repository.tree([(*entry, b"a"), (*good, b"06-x")]))
    assert list(only(repository.path, exercises).files) == ["Dockerfile"]


@pytest.mark.parametrize(
    "name", ["--exec=touch made", "-c", "a;touch made", "$(touch made)", "ref@x", "\x85", "ü\u2028"]
)
def test_a_branchs_name_is_never_an_option_or_a_command(repository, exercises, name):
    commit = repository.commit(b"", repository.nested(GOOD))
    (repository.path / ".git" / "packed-refs").write_text(
        f"# pack-refs with: peeled fully-peeled sorted \n{commit} refs/heads/{name}\n"
    )
    if " " in name:  # git itself takes no such name
        with pytest.raises(IntakeError, match="has no branch of a learner"):
            intake(repository.path, exercises)
    else:
        found = only(repository.path, exercises)
        assert (found.learner, len(found.files)) == (name, 2)
    assert not list(repository.path.rglob("made"))


def test_a_branch_that_is_no_utf8(repository, exercises):
    commit = repository.commit(b"", repository.nested(GOOD))
    (repository.path / ".git" / "packed-refs").write_bytes(
        b"# pack-refs with: peeled fully-peeled sorted \n" + commit.encode() + b" refs/heads/a\xff\n"
    )
    assert only(repository.path, exercises).learner == "a\N{REPLACEMENT CHARACTER}"


def test_nothing_of_a_repository_is_run(repository, exercises, monkeypatch):
    """Filters, hooks, file watchers, remote helpers: what a checkout or a fetch would run."""
    marker = repository.path.parent / "made"
    script = repository.path.parent / "script"
    script.write_text(f"#!/bin/sh\ntouch {marker}\n")
    script.chmod(0o755)
    for key in ("filter.x.smudge", "core.fsmonitor", "core.pager", "core.sshCommand", "core.gitProxy", "core.askPass"):
        repository.git("config", key, str(script))
    repository.git("config", "filter.x.required", "true")
    repository.git("config", "core.hooksPath", str(script.parent))
    repository.git("config", "remote.origin.url", f"ext::{script}")
    repository.git("config", "protocol.ext.allow", "always")
    repository.git("config", "remote.origin.promisor", "true")
    repository.git("config", "extensions.partialClone", "origin")
    repository.git("config", "core.repositoryFormatVersion", "1")
    monkeypatch.setenv("GIT_SSH_COMMAND", str(script))
    repository.commit("refs/heads/ada", repository.nested({**GOOD, ".gitattributes": b"* filter=x\n"}))
    inner = repository.tree([("100644", "blob", "1" * 40, b"Dockerfile")])
    repository.commit("refs/heads/ben", repository.tree([("040000", "tree", inner, b"06-x")]))
    marker.unlink(missing_ok=True)  # what made the commits may have run it
    ada, ben = intake(repository.path, exercises)
    assert (len(ada.files), "git has not all of it" in ben.fault) == (2, True)
    assert not marker.exists()
    before = sorted(repository.path.rglob("*"))
    intake(repository.path, exercises)
    assert sorted(repository.path.rglob("*")) == before


def test_variables_lead_nowhere_else(repository, exercises, tmp_path, monkeypatch):
    repository.commit("refs/heads/ada", repository.nested(GOOD))
    other = Repository(tmp_path / "other")
    other.commit("refs/heads/mallory", other.nested(GOOD))
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    assert only(repository.path, exercises).learner == "ada"


def test_a_repository_further_up_is_not_meant(repository, exercises):
    repository.commit("refs/heads/ada", repository.nested(GOOD))
    below = fill(repository.path / "below", {})
    (below / ".git").mkdir()
    with pytest.raises(IntakeError, match=r"git cannot read .*: fatal: not a git repository"):
        intake(below, exercises)


def test_sha256(tmp_path, exercises, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    repository = Repository(tmp_path / "class", "--object-format=sha256")
    repository.commit("refs/heads/ada", repository.nested(GOOD))
    assert len(only(repository.path, exercises).files) == 2


def test_no_branch(repository, exercises):
    with pytest.raises(IntakeError, match="has no branch of a learner"):
        intake.lazily(repository.path, exercises)


def test_no_git(repository, exercises, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(IntakeError, match="There is no git here"):
        intake.lazily(repository.path, exercises)


def test_git_ends_with_the_intake(repository, exercises):
    for n in range(3):
        repository.commit(f"refs/heads/a{n}", repository.nested(GOOD))
    found = intake.lazily(repository.path, exercises)
    next(found)
    found.close()
    children = subprocess.run(
        ["ps", "--ppid", str(os.getpid()), "-o", "comm="], capture_output=True, text=True, check=False
    )
    assert "git" not in children.stdout
