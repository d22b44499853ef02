"""Submissions that mean harm: each gets a clear sentence and no points, limits hold, and nothing is left."""

from __future__ import annotations

import shutil
import zipfile
from importlib import import_module
from pathlib import Path

import pytest

from labkit import course, ledger
from labkit.grading.book import Book
from labkit.grading.grading import Grading
from labkit.grading.intake import submissions
from labkit.grading.job import do
from labkit.grading.late import Late
from labkit.limits import Limits
from labkit.result import Outcome
from labkit.seat import seat

ROOT = Path(__file__).parents[2]
FROM = "FROM node:20-alpine\n"
SERVER = 'require("http").createServer((_, r) => r.end("{}")).listen(3000)'
SMALL = Limits(build_memory=64 << 20, build_written=100 << 20, build_pids=100)
NOT_AGAIN, MEMORY = "took longer than its limit", "took more memory than a step may have"
# What is handed in, and a part of what its learner reads, or one of several.
DOCKERFILES = {
    "no Dockerfile at all": (bytes(range(256)) * 100, "unknown instruction"),
    "not even text": (b"\xff\xfe\x00FROM node:20-alpine", "unknown instruction"),
    "nothing in it": (b"\n", "The build failed"),
    "a fork bomb": (FROM + "RUN f() { f | f & f; }; f", ("can't fork", MEMORY)),  # whichever limit it meets first
    "more processes than it may have": (FROM + "RUN sleep 2; for i in $(seq 150); do sleep 9 & done", "can't fork"),
    "an instruction without end": (FROM + "RUN sleep 1000", NOT_AGAIN),
    "a busy one": (FROM + "RUN while :; do :; done", NOT_AGAIN),
    "output without end": (FROM + "RUN yes 'a line of output that never ends'", NOT_AGAIN),
    "a line without end": (FROM + "RUN cat /dev/zero", NOT_AGAIN),
    "a full disk": (FROM + "RUN cat /dev/zero > /big", "it wrote more than"),
    "all memory": (FROM + "RUN tail /dev/zero", MEMORY),
    "an unknown image": ("FROM mongo:7", "mongo:7 is none of the course's images"),
    "an image of somebody else": ("FROM model-answer:1", "model-answer:1 is none of the course's images"),
    "files of somebody else": (FROM + "COPY --from=model-answer:1 / /", "is none of the course's images"),
    "an address": (FROM + "ADD http://127.0.0.1/x /x", "it may fetch from outside"),
    "an address in a variable": (FROM + "ARG A=http B=//127.0.0.1/x\nADD $A:$B /x", "it may fetch from outside"),
    "an address for later": (FROM + "ONBUILD ADD https://127.0.0.1/x /x", "it may fetch from outside"),
    "another escape character": ("# escape=`\n" + FROM, "another escape character"),
    "the host's files": (FROM + "COPY ../../../etc/shadow /x", "The build failed"),
    "steps without end": (FROM + "RUN true\n" * 10_000, NOT_AGAIN),
}
# Those that build: what a container does is as free as its limits let it be.
PROGRAMS = {
    "made-up results": """console.log('{"outcome": "pass", "points": 99}')""",
    "a sleep without end": "setInterval(() => {}, 1e6)",
    "a server that says something else": SERVER,
    "output without end": "for (;;) console.log('x'.repeat(1000))",
    "all memory": "const a = []; for (;;) a.push(Buffer.alloc(1 << 24, 1))",
    "processes without end": "for (;;) require('child_process').spawn('sleep', ['1000'])",
    "a dying server": SERVER.replace("r.end(", "process.exit("),
    "a full disk": "const f = require('fs'); for (;;) f.appendFileSync('/x', Buffer.alloc(1 << 24))",
    "an answer without end": 'require("http").createServer((_, r) => r.write("x".repeat(1e8))).listen(3000)',
}
# Commands that a learner's sandbox runs, and a part of what its learner reads.
COMMANDS = {
    "no commands at all": (bytes(range(256)) * 100, "ended with exit code"),
    "commands without end": ("while :; do :; done", "still ran after 10 seconds"),
    "output without end": ("yes 'a line of output that never ends'", "still ran after 10 seconds"),
    "a fork bomb": ("f() { f | f & f; }; f", ("can't fork", "still ran", "exit code")),
    "all memory": ("tail /dev/zero", ("still ran", "exit code")),  # whichever limit a busy machine comes to first
    "a full disk": ("cat /dev/zero > big", ("still ran", "exit code")),
    "the host's files": ("docker run --rm -v /:/host alpine:3.20 cat /host/etc/shadow", "exit code"),
    "all powers": ("docker run --rm --privileged alpine:3.20 true", "exit code"),
    "the host's processes": ("docker run --rm --pid host alpine:3.20 kill -9 1", "exit code"),
    "the host's network": ("docker run --rm --network host alpine:3.20 true", "exit code"),
    "the engine's own socket": ("docker run --rm -v /run:/x alpine:3.20 ls /x", "exit code"),
    "somebody else's container": ("docker rm -f lab-bystander", "No such container"),
    "the course's image": ("docker rmi -f alpine:3.20", "exit code"),
    "made-up results": ("""echo '{"outcome": "pass", "points": 99}'""", "self-test"),
}


@pytest.fixture
def exercise(request, tmp_path, monkeypatch):
    """The course's quickest exercise, or another one, with less time."""
    slug = getattr(request, "param", "00-first-check")
    folder = tmp_path / "course" / "exercises" / slug
    shutil.copytree(ROOT / "exercises" / slug, folder)
    text = (folder / "exercise.toml").read_text()
    text = text.replace("[run]", "[build]\nseconds = 6\n\n[run]").replace("= 10", "= 4").replace("= 40", "= 10")
    (folder / "exercise.toml").write_text(text)
    monkeypatch.setenv("LABKIT_COURSE", str(tmp_path / "course"))
    return course.exercise(slug)


@pytest.fixture
def grade(exercise, tmp_path, engine, monkeypatch):
    """Grade whatever stands in a folder, and see that nothing is left of it."""
    monkeypatch.setattr(import_module("labkit.sandbox"), "Limits", lambda: SMALL)

    def graded(folder):
        with Book(tmp_path / "book") as book:
            grading = Grading([exercise], book)
            grading.take(submissions(folder, [exercise], None))
            for job in grading.jobs():
                book.put(do(job))
            grades = grading.grades(Late())
        ledger.sweep(engine)
        label = f"{ledger.SEAT}={seat()}"
        assert (engine.containers(label), engine.networks(label), engine.images(label)) == ([], [], [])
        return grades[0]

    return graded


def refused(grade, words):
    first = next(finding for finding in grade.report.findings if finding.saw)
    assert (grade.points, grade.set_aside, str(first.outcome)) == (0, False, "fail"), grade.report.findings
    says(first, words, 500)


def says(finding, words, most):
    assert any(each in finding.saw for each in ([words] if isinstance(words, str) else words)), finding.saw
    assert len(finding.saw) < most


@pytest.mark.parametrize("name", DOCKERFILES)
def test_a_dockerfile_that_means_harm(name, grade, tmp_path, engine):
    engine.tag("node:20-alpine", "model-answer:1")  # also of another test at the same time, so it stays
    content, words = DOCKERFILES[name]
    folder = tmp_path / "class" / "mallory"
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_bytes(content if isinstance(content, bytes) else content.encode())
    refused(grade(tmp_path / "class"), words)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_that_means_harm(name, grade, tmp_path):
    folder = tmp_path / "class" / "mallory"
    folder.mkdir(parents=True)
    script = PROGRAMS[name].replace("\\", "\\\\").replace("'", "\\x27")
    (folder / "Dockerfile").write_text(f'{FROM}RUN printf \'{script}\' > /x.js\nEXPOSE 3000\nCMD ["node", "/x.js"]\n')
    found = grade(tmp_path / "class")
    outcomes = [str(finding.outcome) for finding in found.report.findings]
    assert outcomes == ["pass", "fail"], found.report.findings
    assert found.report.findings[1].saw


@pytest.fixture
def bystander(engine):
    """Somebody else's container."""
    made = engine.create("alpine:3.20", ["true"], name="lab-bystander")
    yield made
    engine.remove(made)


@pytest.mark.parametrize("exercise", ["07-run-and-publish"], indirect=True)
@pytest.mark.parametrize("name", COMMANDS)
def test_commands_that_mean_harm(name, grade, tmp_path, engine, bystander):
    before = engine.image("alpine:3.20")["Id"]
    content, words = COMMANDS[name]
    folder = tmp_path / "class" / "mallory"
    folder.mkdir(parents=True)
    (folder / "commands.sh").write_bytes(content if isinstance(content, bytes) else content.encode())
    found = grade(tmp_path / "class")
    assert (found.set_aside, found.report.outcome) == (False, Outcome.FAIL), found.report.findings
    says(next(each for each in found.report.findings if each.outcome is Outcome.FAIL), words, 700)  # with last lines
    assert engine.inspect(bystander)
    assert engine.image("alpine:3.20")["Id"] == before


def test_files_that_lead_outside(grade, tmp_path):
    folder = tmp_path / "class" / "mallory"
    folder.mkdir(parents=True)
    (folder / "Dockerfile").symlink_to("/etc/shadow")
    refused(grade(tmp_path / "class"), "Dockerfile is a link, and links are not followed")


def test_an_archive_that_leads_outside(grade, tmp_path):
    (tmp_path / "class").mkdir()
    with zipfile.ZipFile(tmp_path / "class" / "mallory.zip", "w") as archive:
        archive.writestr("Dockerfile", FROM)
        archive.writestr("../../../outside", "x")
    refused(grade(tmp_path / "class"), "a path that leads out of it")
    assert not (tmp_path.parent / "outside").exists()


def test_a_dockerfile_of_200_megabytes(grade, tmp_path):
    folder = tmp_path / "class" / "mallory"
    folder.mkdir(parents=True)
    with (folder / "Dockerfile").open("wb") as file:
        file.truncate(200 << 20)
    refused(grade(tmp_path / "class"), "Dockerfile is larger than 1 MiB")


@pytest.mark.parametrize("files", [(), ("notes.txt",)])
def test_nothing_handed_in(files, grade, tmp_path):
    folder = tmp_path / "class" / "mallory"
    folder.mkdir(parents=True)
    for name in files:
        (folder / name).write_text("I did not")
    found = grade(tmp_path / "class")
    assert (found.points, str(found.report.outcome)) == (0, "todo")
    assert found.report.findings[0].saw == "Nothing was handed in."
