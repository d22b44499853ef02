"""An exercise from a terminal, from the first command to the green check."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from labkit import course
from labkit.cli import main
from labkit.kept import Kept

SOLUTION = Path(__file__).parents[2] / "solutions" / "06-layer-order" / "Dockerfile"
NAME, SLUG = "layer-order", "06-layer-order"
SECONDS = 120


@pytest.fixture
def labkit():
    """Run one command; return its exit code and what it said."""

    def run(*argv, answer=None):
        done = CliRunner().invoke(main, argv, input=answer)
        assert "Traceback" not in done.output
        return done.exit_code, done.output

    return run


@pytest.fixture(autouse=True)
def leave_nothing(request, engine):
    yield
    if "use_shared_state" not in request.fixturenames:
        Kept(engine).forget()


@pytest.fixture
def dockerfile(tmp_path):
    return tmp_path / "work" / SLUG / "Dockerfile"


def test_from_start_to_done(labkit, dockerfile, tmp_path):
    assert f"{SLUG:24} to do" in labkit("list")[1]
    code, said = labkit("start", NAME)
    assert code == 0
    assert str(dockerfile.parent) in said
    assert labkit("check", NAME)[0] == 1, "untouched"
    dockerfile.write_text(dockerfile.read_text() + "# mine\n")
    code, said = labkit("check", NAME)
    assert code == 1
    assert "Seen: After an edit of src/index.js, the layer of app/node_modules was built again" in said
    assert "2 of 4 points" in said
    assert [labkit("hint", NAME)[1].split(":")[0] for _ in range(5)] == [f"Hint {n} of 4" for n in (1, 2, 3, 4, 4)]
    code, said = labkit("solution", NAME, answer="n\n")
    assert code == 1
    assert "COPY package" not in said
    dockerfile.write_bytes(SOLUTION.read_bytes())
    code, said = labkit("check", NAME, "--format", "json", "-o", str(tmp_path / "report.json"))
    assert code == 0
    assert json.loads((tmp_path / "report.json").read_text())["outcome"] == "pass"
    assert "COPY package" in labkit("solution", NAME)[1], "after a pass, nothing is asked"
    assert f"{SLUG:24} done" in labkit("list")[1]
    code, said = labkit("reset", NAME, answer="y\n")
    assert code == 0
    (kept,) = (tmp_path / "work" / ".kept" / SLUG).glob("*/Dockerfile")
    assert kept.read_bytes() == SOLUTION.read_bytes()
    assert str(kept.parent) in said


@pytest.fixture
def watching(use_shared_state, labkit, dockerfile):  # noqa: ARG001  layers of the exercise's other tests are reused
    """`labkit watch`, on the starter with a comment: its first check takes as long as a build."""
    labkit("start", NAME)
    dockerfile.write_text(dockerfile.read_text() + "# mine\n")
    argv = [sys.executable, "-m", "labkit.cli", "watch", NAME]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


@pytest.mark.parametrize(("stream", "line"), [("stdout", "Watching"), ("stderr", "build:")], ids=["after", "during"])
def test_watch_checks_what_is_saved_after_and_during_a_check(watching, dockerfile, stream, line):
    assert any(said.startswith(line) for said in getattr(watching, stream))
    dockerfile.write_bytes(SOLUTION.read_bytes())
    said, _ = watching.communicate(timeout=SECONDS)
    assert watching.returncode == 0
    assert "Well done" in said


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (("check", "layr-order"), "Did you mean 'layer-order'?"),
        (("start", "nothing like it"), f"There are: {', '.join(each.name for each in course.exercises())}."),
        (("check", NAME, "--format", "pdf"), "'json', 'junit', 'panel', 'text'"),
        (("images", "prepare", "python:3"), "choose from alpine:3.20"),
    ],
)
def test_what_a_person_could_mistype(labkit, argv, says):
    code, said = labkit(*argv)
    assert code == 2
    assert says in said


def test_doctor_says_what_is_there(labkit, engine):
    code, said = labkit("doctor")
    assert code == 0
    assert str(engine.about) in said
    assert engine.source in said
    assert "node:20-alpine   stand-in" in said or "node:20-alpine   present" in said


def test_clean_removes_what_is_kept_and_says_so(labkit, dockerfile, engine):
    labkit("start", NAME)
    dockerfile.write_bytes(SOLUTION.read_bytes())
    labkit("check", NAME)
    kept = Kept(engine).ids()
    assert kept
    assert labkit("clean", "--yes")[0] == 0
    assert not [image for image in kept if engine.image(image)]
