"""A learner's commands: run where nothing but their endpoint is seen, and nothing of them stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid

import pytest
from engine_state import SWEPT_WITHIN, all_there, assert_becomes, everything

from labkit import course, ledger
from labkit.commands import run_script
from labkit.engine import BuildRequest, build
from labkit.engine.context import context_tar
from labkit.errors import Absent, StepTimeout
from labkit.kept import remove_images
from labkit.run import run
from labkit.sandbox import Sandbox
from labkit.workspace import SourceFile, overlay
from labkit.world import World

SECONDS = 60


def script(text, **others):
    texts = {"commands.sh": text, **others}
    return {name: SourceFile(each.encode()) for name, each in texts.items()}


def said(sandbox, text, **others):
    return run_script(sandbox, script(text, **others), "commands.sh", SECONDS)


def test_what_they_leave_is_seen_and_then_gone(engine, bystanders):
    before = everything(engine)
    with Sandbox(engine) as box:
        dockerfile = "FROM alpine:3.20\nCOPY page /www/index.html\nCMD httpd -f -p 80 -h /www\n"
        text = (
            "docker build -q -t web:1 .\ndocker run -d --name web -p 8080:80 web:1\ndocker run --name once web:1 false"
        )
        done = said(box, text, Dockerfile=dockerfile, page="hello\n")
        assert (done.exit_code, "$ docker run" in done.text) == (1, True)
        world = World(box.endpoint.world)
        assert world.names() == ["once", "web"]
        assert "web:1" in world.tags()
        assert world.container("web").get(80, "/").text == "hello\n"
        assert world.read("once", "/www/index.html") == b"hello\n"
        assert world.inspect("once")["State"]["ExitCode"] == 1
        assert world.image("web:1").id == world.inspect("web")["Image"]
        with pytest.raises(Absent, match="There is: once, web"):
            world.container("other")
    assert everything(engine) == before
    assert all_there(engine, bystanders)


def test_two_runs_have_the_same_names_and_ports(engine):
    with Sandbox(engine) as one, Sandbox(engine) as other:
        for box in (one, other):
            serve = "mkdir /w; echo $RANDOM > /w/index.html; httpd -f -h /w"
            assert said(box, f"docker run -d --name web -p 8080:80 alpine:3.20 sh -c '{serve}'").exit_code == 0
        pages = [World(box.endpoint.world).container("web").get(80, "/").text for box in (one, other)]
        assert all(page.strip().isdigit() for page in pages)


def test_two_runs_that_build_the_same_make_two_images(engine):
    """The engine takes an image away with its last name, also while another run is just being given one."""
    with Sandbox(engine) as one, Sandbox(engine) as other:
        for box in (one, other):
            said(box, "docker build -q -t same:1 .", Dockerfile="FROM alpine:3.20\nLABEL made=alike\n")
        images = [World(box.endpoint.world).image("same:1") for box in (one, other)]
        assert images[0].id != images[1].id
        assert images[0].diff_ids == images[1].diff_ids
        assert images[0].config["Labels"] == {"made": "alike"}
        assert [each.instruction for each in images[0].history][-1] == "LABEL made=alike"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("docker ps -aq | wc -l", "0"),  # nothing of others
        ("ls /sys/class/net", "lo"),
        ("ls /run/lab", "docker.sock"),
        ("docker run --rm --privileged alpine:3.20 true; echo $?", "125"),
        ("docker run --rm -v /:/host alpine:3.20 true; echo $?", "125"),
    ],
)
def test_what_they_see(engine, bystanders, text, wanted):  # noqa: ARG001
    with Sandbox(engine) as box:
        assert wanted in [line.strip() for line in said(box, text).text.splitlines()]


def test_an_end_for_memory_is_the_last_runs(engine):
    again = "test -e /again || { touch /again; tail /dev/zero; }"
    with Sandbox(engine) as box:
        said(
            box,
            f"docker run --name greedy -m 32m alpine:3.20 sh -c '{again}'; docker run --name killed alpine:3.20 false",
        )
        world = World(box.endpoint.world)
        assert world.ended_for_memory("greedy")
        assert not world.ended_for_memory("killed")
        said(box, "docker start -a greedy")
        assert not world.ended_for_memory("greedy")


def test_commands_that_never_end(engine):
    before = everything(engine)
    with Sandbox(engine) as box, pytest.raises(StepTimeout, match=r"still ran after 3 seconds.*waiting") as caught:
        run_script(box, script("echo waiting\ndocker run --rm alpine:3.20 sleep 600"), "commands.sh", 3)
    assert "-d" in caught.value.fix
    assert_becomes(lambda: everything(engine) == before)


def test_an_image_that_others_build_on_stays_until_they_are_done(engine, tmp_path):
    before = everything(engine)
    dockerfile = f"FROM alpine:3.20\nRUN echo {uuid.uuid4().hex} > /salt\n"
    context = context_tar({"Dockerfile": SourceFile(f"{dockerfile}RUN echo theirs > /2\n".encode())}, "Dockerfile")
    with Sandbox(engine) as box:
        ours = said(box, "docker build -q .", Dockerfile=dockerfile).text.splitlines()[-1]
        theirs = build(engine, BuildRequest(context, {}, tmp_path))
        shared = engine.image(ours)["Parent"]  # what they build is their own, and all but the last step of it is shared
    assert engine.image(theirs.image_id)["Parent"] == shared
    assert remove_images(engine, [*theirs.intermediates, theirs.image_id]) == [], "it is ours that must go"
    ledger.sweep(engine)
    assert everything(engine) == before


def test_commands_whose_image_somebody_else_removed_are_run_once_more(engine):
    """Seats share an image that they make alike, and an engine may miss the name that it is just giving to it."""
    exercise = course.exercise("10-push-and-pull")
    removed = []

    def meanwhile(phase, _number, _total):
        if phase != "checks" or removed:
            return
        for image in engine.images():
            names = [*(image.get("RepoTags") or []), *(image.get("RepoDigests") or [])]
            if any("labkit" in name and "/greeter" in name for name in names):
                removed.append(image["Id"])
                engine.remove_image(image["Id"], force=True)

    snapshot = overlay(exercise, course.root() / "solutions" / exercise.slug, missing_is_starter=True)
    report = run(exercise, snapshot, engine, progress=meanwhile)
    assert removed
    assert report.passed


KILLED = """
from labkit.commands import run_script
from labkit.engine import connect
from labkit.sandbox import Sandbox
from labkit.workspace import SourceFile
box = Sandbox(connect())
text = "docker run -d --name left alpine:3.20 sleep 600; docker network create n; docker volume create v"
run_script(box, {"commands.sh": SourceFile(text.encode())}, "commands.sh", 60)
print("done", flush=True)
run_script(box, {"commands.sh": SourceFile(b"docker run --rm alpine:3.20 sleep 600")}, "commands.sh", 60)
"""


def test_kill_9_in_the_middle_of_commands(engine, bystanders, tmp_path):
    before = everything(engine)
    path = tmp_path / "killed.py"
    path.write_text(KILLED)
    with subprocess.Popen([sys.executable, path], stdout=subprocess.PIPE, env={**os.environ}) as victim:
        assert victim.stdout.readline() == b"done\n"
        victim.send_signal(signal.SIGKILL)
    assert everything(engine) - before, "something must be left, or this test shows nothing"
    began = time.monotonic()
    assert ledger.sweep(engine) == 1
    assert_becomes(lambda: everything(engine) == before, SWEPT_WITHIN - (time.monotonic() - began))
    assert all_there(engine, bystanders)
