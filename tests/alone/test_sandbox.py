"""Limits, and above all: what is the lab's goes with certainty, what is not the lab's stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
import uuid

import pytest
from engine_state import SWEPT_WITHIN, all_there, assert_becomes, everything

from labkit import ledger
from labkit.engine import BuildFailed, BuildRequest, build, ran_out_of_memory
from labkit.engine.context import context_tar
from labkit.engine.hostproc import processes
from labkit.errors import StepTimeout
from labkit.image import Image
from labkit.kept import Kept, remove_images
from labkit.sandbox import Sandbox
from labkit.workspace import SourceFile

BASE = "node:20-alpine"


def files(dockerfile, **others):
    texts = {"Dockerfile": dockerfile, **others}
    return {name: SourceFile(text.encode()) for name, text in texts.items()}


def salted(rest):
    """A Dockerfile that no earlier build has cached."""
    return f"FROM {BASE}\nLABEL test.salt={uuid.uuid4().hex}\n{rest}\n"


def test_limits_are_the_engines(engine):
    with Sandbox(engine) as box:
        host = engine.inspect(box.run(BASE, ["sleep", "60"], publish=[80]).id)["HostConfig"]
    assert host["Memory"] == host["MemorySwap"] == box.limits.memory
    assert host["NanoCpus"] == 1e9
    assert host["PidsLimit"] == box.limits.pids
    assert host["CapDrop"] == ["ALL"]
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert [b["HostIp"] for b in host["PortBindings"]["80/tcp"]] == ["127.0.0.1"]
    assert not host["Privileged"]


def test_no_network_unless_a_port_is_published(engine):
    with Sandbox(engine) as box:
        container = box.run(BASE, ["ls", "/sys/class/net"])
        container.wait(20)
        assert container.logs.split() == ["lo"]


def test_a_published_port_answers_and_nothing_leads_outside(engine):
    serve = ["sh", "-c", "mkdir /w && echo here > /w/index.html && exec httpd -f -p 8080 -h /w"]
    with Sandbox(engine) as box:
        container = box.run(BASE, serve, publish=[8080])
        assert container.get(8080, "/").text == "here\n"
        network = engine.inspect(container.id)["HostConfig"]["NetworkMode"]
        options = next(n for n in engine.api.networks() if n["Name"] == network)["Options"]
        assert options["com.docker.network.bridge.enable_ip_masquerade"] == "false"


def test_a_build_has_no_network(engine):
    with Sandbox(engine) as box:
        build = box.build(files(salted("RUN ls /sys/class/net > /net")))
        assert Image(engine, build.image_id).read("net").split() == [b"lo"]


def test_memory_limit_is_real(engine):
    eat = "const a = []; for (;;) a.push(Buffer.alloc(1 << 24, 1))"
    with Sandbox(engine) as box:
        container = box.run(BASE, ["node", "-e", eat])
        assert container.wait(60) == 137
        assert ran_out_of_memory(engine, container.id)


@pytest.mark.parametrize("builder", ["classic", "buildkit"])
def test_an_endless_step_is_ended(engine, builder, monkeypatch):
    monkeypatch.setenv("LABKIT_BUILDER", builder)
    before = everything(engine)
    began = time.monotonic()
    with Sandbox(engine) as box, pytest.raises(StepTimeout, match="longer than its limit of 3 seconds"):
        box.build(files(salted("RUN sleep 600")), seconds=3)
    assert time.monotonic() - began < 15
    assert_becomes(lambda: not (everything(engine) - before))


@pytest.mark.parametrize(
    ("dockerfile", "instruction", "says"),
    [
        (f"FROM {BASE}\nRUN false\n", "RUN false", "it ended with exit code 1."),
        (f"FROM {BASE}\nCOPY nothing /\n", "COPY nothing /", "nothing"),
        (f"FROM {BASE}\nRUNN true\n", "", "unknown instruction: RUNN"),
        ("", "", "empty"),
        ("FROM labkit/no-such-image:1\n", "FROM labkit/no-such-image:1", "labkit/no-such-image"),
    ],
)
def test_a_broken_dockerfile_is_the_learners(engine, dockerfile, instruction, says):
    with Sandbox(engine) as box, pytest.raises(BuildFailed) as caught:
        box.build(files(dockerfile))
    assert caught.value.instruction == instruction
    assert says in caught.value.what


@pytest.mark.parametrize("builder", ["classic", "buildkit"])
def test_trace_of_a_second_build(engine, builder, monkeypatch):
    monkeypatch.setenv("LABKIT_BUILDER", builder)
    # BuildKit looks at what a step reads, not at the labels before it: so the salt is in a file.
    context = files(f"FROM {BASE}\nCOPY a /app/\nRUN date > /d\nCOPY b /app/\n", a=uuid.uuid4().hex, b="1")
    with Sandbox(engine) as box:
        first = box.build(context)
        again = box.build({**context, "b": SourceFile(b"2")})
    assert [s.instruction for s in first.steps] == [f"FROM {BASE}", "COPY a /app/", "RUN date > /d", "COPY b /app/"]
    assert [s.cached for s in first.steps] == [True, False, False, False]
    assert [s.cached for s in again.steps] == [True, True, True, False]


def test_after_the_end_nothing_is_left(engine, bystanders):
    before = everything(engine)
    with Sandbox(engine) as box:
        build = box.build(files(salted("RUN echo 1 > /1\nRUN echo 2 > /2")))
        box.run(build.image_id, ["sleep", "60"], publish=[80])
        assert everything(engine) - before
    assert everything(engine) == before
    assert all_there(engine, bystanders)


def test_a_sandbox_that_lingers_is_gone_before_the_next_one_begins(engine, monkeypatch):
    before, may_end = everything(engine), threading.Event()
    end = ledger.Run.end
    monkeypatch.setattr(ledger.Run, "end", lambda *args, **options: may_end.wait(30) and end(*args, **options))
    with Sandbox(engine, lingers=True) as box:
        box.run(box.build(files(salted("RUN true"))).image_id, ["sleep", "60"])
    assert everything(engine) - before, "nobody waited for its end"
    threading.Timer(0.5, may_end.set).start()
    with Sandbox(engine):
        assert everything(engine) == before


def test_the_steps_that_are_told_are_the_learners(engine):
    told = []
    with Sandbox(engine, progress=lambda _phase, number, total: told.append((number, total))) as box:
        build = box.build(files(salted("RUN true")))
    assert len(build.steps) == max(number for number, _ in told) == max(total for _, total in told)


def test_what_is_kept_stays_until_it_is_replaced_or_forgotten(engine):
    before = everything(engine)
    context = files(salted("RUN echo 1 > /1\nCOPY a /"), a="1")
    with Sandbox(engine) as box:
        first = box.build(context, keep="x/main")
    with Sandbox(engine) as box:
        again = box.build({**context, "a": SourceFile(b"2")}, keep="x/main")
        assert again.steps[2].cached
    assert engine.image(first.image_id) is None
    assert engine.image(again.image_id) is not None
    Kept(engine).forget()
    assert everything(engine) == before


def test_an_image_of_somebody_elses_that_a_build_reused_stays(engine, tmp_path):
    """Untagged, without a child, and without a label of ours: exactly what a failed `docker build` of a user leaves."""
    context = files(salted("RUN echo theirs > /1"))
    theirs = build(engine, BuildRequest(context_tar(context, "Dockerfile"), {}, tmp_path))
    try:
        with Sandbox(engine) as box:
            ours = box.build({"Dockerfile": SourceFile(context["Dockerfile"].data + b"RUN echo ours > /2\n")}, keep="x")
            assert [step.cached for step in ours.steps] == [True, True, True, False]
        Kept(engine).forget()
        assert engine.image(ours.image_id) is None
        assert engine.image(theirs.image_id) is not None
    finally:
        remove_images(engine, [*theirs.intermediates, theirs.image_id])


def test_what_another_run_builds_on_goes_after_it(engine):
    before = everything(engine)
    context = files(salted("RUN echo 1 > /1"))
    with Sandbox(engine) as one:
        first = one.build(context)
        other = Sandbox(engine)
        second = other.build({"Dockerfile": SourceFile(context["Dockerfile"].data + b"RUN echo 2 > /2\n")})
        assert second.steps[2].cached
    assert engine.image(first.intermediates[1]) is not None
    other.close()
    ledger.sweep(engine)
    assert everything(engine) == before


def test_a_rebuild_reuses_its_own_build_whatever_others_build_in_between(engine):
    """Of equal steps the engine takes the newest one; an equal step of somebody else's has nothing of ours above it."""
    context = files(salted("WORKDIR /app\nRUN date > /d\nCOPY a /"), a="1")
    with Sandbox(engine) as box, Sandbox(engine) as neighbor:
        mine = box.build(context)
        neighbor.build(
            {"Dockerfile": SourceFile(b"\n".join(context["Dockerfile"].data.splitlines()[:3]))}, no_cache=True
        )
        again = box.build({**context, "a": SourceFile(b"2")}, cache_from=[*mine.intermediates, mine.image_id])
        assert Image(engine, mine.image_id).diff_ids[:-1] == Image(engine, again.image_id).diff_ids[:-1]
        assert [step.cached for step in again.steps] == [True, True, True, True, False]


def test_stages_that_begin_alike_share_their_images_whatever_others_build_in_between(engine):
    """Else a rebuild finds for the first stage the step of the second one, with nothing of the first above it."""
    begin = salted("WORKDIR /app")
    first = begin.replace(BASE, f"{BASE} AS one")
    context, begun = files(f"{first}RUN sleep 3\n{begin}RUN date > /d\nCOPY a /\n", a="1"), []

    def meanwhile(_phase, number, _total):
        """While the first stage sleeps, somebody else builds what both begin with."""
        begun.append(number)
        if begun == [1, 2, 3, 4]:
            neighbor.build(files(begin), no_cache=True)

    with Sandbox(engine, progress=meanwhile) as box, Sandbox(engine) as neighbor:
        mine = box.build(context)
        assert begun.count(1) == 2, "the neighbor was not quick enough"
        assert not mine.torn
        again = box.build({**context, "a": SourceFile(b"2")}, cache_from=[*mine.intermediates, mine.image_id])
        assert [step.instruction for step in again.steps if not step.cached] == ["COPY a /"]


KILLED = textwrap.dedent(
    """
    import sys
    from labkit.engine import connect
    from labkit.sandbox import Sandbox
    from labkit.workspace import SourceFile
    box = Sandbox(connect())
    web = box.run("node:20-alpine", ["sleep", "600"], publish=[80])
    def told(what, done, total):
        if done == total:
            print("building", flush=True)
    box.progress = told
    files = {"Dockerfile": SourceFile(sys.argv[1].encode())}
    box.build(files)
    """
)


@pytest.mark.parametrize("builder", ["classic", "buildkit"])
def test_kill_9_in_the_middle_of_a_build(engine, bystanders, builder, tmp_path):
    """Nothing of the lab's is left 10 s after the next command began, and the bystanders are all there."""
    before = everything(engine)
    nap = ("sleep", str(uuid.uuid4().int % 10**6 + 600))  # a process that is known by its argument
    dockerfile = salted(f"RUN echo 1 > /1\nRUN echo 2 > /2\nRUN {' '.join(nap)}")
    env = {**os.environ, "LABKIT_BUILDER": builder, "LABKIT_STATE": os.environ["LABKIT_STATE"]}
    script = tmp_path / "killed.py"
    script.write_text(KILLED.replace("done == total", "done >= 5") if builder == "classic" else KILLED)
    with subprocess.Popen([sys.executable, script, dockerfile], stdout=subprocess.PIPE, env=env) as victim:
        assert victim.stdout.readline() == b"building\n"
        victim.send_signal(signal.SIGKILL)
    assert everything(engine) - before, "something must be left, or this test shows nothing"
    began = time.monotonic()
    assert ledger.sweep(engine) == 1
    assert_becomes(lambda: everything(engine) == before, SWEPT_WITHIN - (time.monotonic() - began))
    assert_becomes(lambda: not any(tuple(argv) == nap for _, argv in processes()))
    assert all_there(engine, bystanders)


def test_a_run_that_lives_is_not_swept(engine):
    with Sandbox(engine) as box:
        container = box.run(BASE, ["sleep", "60"])
        assert ledger.sweep(engine) == 0
        assert container.running
