"""Builds by a client without good manners, and by buildx where it does more than one build at a time."""

from __future__ import annotations

import asyncio
import json
import secrets
import subprocess

import pytest
from live_guard import SMALL
from test_buildx_hand import BRIDGE, BUILD_ID, CONTROL, SECONDS, Hand, built
from world import ask

from labkit.guard.buildkit.rpc import Code
from labkit.guard.buildkit.schema import MESSAGE

PLAIN = f"FROM {SMALL}\n".encode()


@pytest.fixture(scope="module")
def secret(guard):
    """The victim's image with a word in it: its name on the engine, and the word."""
    word = secrets.token_hex(8)
    files = {"Dockerfile": f"FROM {SMALL}\nRUN echo {word} > /secret\n".encode()}
    response, fault = built(guard.socket(guard.seats[1]), files, name="secret:1")
    assert (fault, response.get("image.name", "secret:1")) == (None, "secret:1")  # 20.10 does not say it
    return guard.names(guard.seats[1]).repository + "o/secret:1", word


@pytest.fixture
def program_with_buildx(guard, me):
    """The docker command as a seat, with BuildKit."""
    if subprocess.run(["docker", "buildx", "version"], capture_output=True, check=False).returncode:
        pytest.skip("the docker command here has no buildx")
    return lambda *arguments: guard.docker(me, *arguments, env={"DOCKER_BUILDKIT": "1"})


@pytest.fixture
def name():
    return f"hand{secrets.token_hex(4)}"


def test_a_build_by_hand(guard, me, name):
    _, fault = built(guard.socket(me), {"Dockerfile": PLAIN + b"RUN echo 1 > /v\n"}, name=f"{name}:1")
    assert fault is None
    assert guard.docker(me, "run", "--rm", f"{name}:1", "cat", "/v").stdout == "1\n"
    assert guard.docker(me, "rmi", f"{name}:1").returncode == 0


def of_victim(secret):
    return f"FROM {secret[0]}\nRUN cat /secret\n".encode()


CUNNING = [
    ("Dockerfile", ("Dockerfile",)),
    ("a.dockerignore", ("a.dockerignore",)),
    ("a.dockerignore/", ("a.dockerignore",)),
    ("a.dockerignore/.", ("a.dockerignore",)),
    ("x/../a.dockerignore//", ("a.dockerignore",)),
    ("a", ("a", "a.dockerignore")),
]


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("cunning", CUNNING)
def test_no_dockerfile_begins_from_anothers_image(guard, secret, name, cunning, inside):
    me, (filename, files) = guard.seats[0], cunning
    given, hand = dict.fromkeys(files, of_victim(secret)), {"inside": inside}
    _, fault = built(guard.socket(me), given, name=f"{name}:1", options={"filename": filename}, hand=hand)
    assert fault
    assert guard.docker(me, "image", "inspect", f"{name}:1").returncode != 0


@pytest.mark.parametrize("dockerfile", ["a.dockerignore", "a.dockerignore/", "a.dockerignore/."])
def test_nor_by_the_other_door(guard, me, secret, name, dockerfile):
    async def run():
        async with asyncio.timeout(SECONDS), Hand(str(guard.socket(me)), {"a.dockerignore": of_victim(secret)}) as hand:
            query = f"version=2&remote=client-session&session={hand.session}&dockerfile={dockerfile}&t={name}:1"
            return await asyncio.to_thread(ask, guard, me, "POST", f"/build?{query}")

    _, body = asyncio.run(run())
    assert secret[1] not in str(body)
    assert guard.docker(me, "image", "inspect", f"{name}:1").returncode != 0


def test_an_ignore_file_still_ignores(guard, me, tmp_path, program_with_buildx):
    (tmp_path / "Dockerfile").write_text(f"FROM {SMALL}\nCOPY . /c\nRUN ls /c > /list\n")
    (tmp_path / ".dockerignore").write_text("# not these\n*.log\n")
    (tmp_path / "Dockerfile.dockerignore").write_text("# nor these\n*.tmp\nDockerfile*\n.dockerignore\n")
    for each in ("a.txt", "a.tmp"):
        (tmp_path / each).write_text(each)
    tag = f"ign{secrets.token_hex(4)}"
    done = program_with_buildx("build", "-t", tag, str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert guard.docker(me, "run", "--rm", tag, "cat", "/list").stdout == "a.txt\n"


def calls(guard, seat, work, files=None, **hand):
    """What a client's own calls come to."""

    async def run():
        async with asyncio.timeout(SECONDS), Hand(str(guard.socket(seat)), files or {}, **hand) as it:
            return await work(it)

    return asyncio.run(run())


def test_anothers_session_gives_no_files(guard, me, other):
    async def mine(victim):
        message = MESSAGE["Solve"](ref=secrets.token_hex(12), session=victim.session)
        async with Hand(str(guard.socket(me)), {}) as hand:
            return (await hand.call(f"{CONTROL}/Solve", message))[1]

    for inside in (False, True):
        fault = calls(guard, other, mine, {"Dockerfile": PLAIN}, inside=inside)
        assert (fault.code, fault.text) == (Code.INVALID_ARGUMENT, "no active session for this build")


def test_a_session_that_nobody_opened(guard, me):
    async def work(hand):
        message = MESSAGE["Solve"](ref=secrets.token_hex(12), session=secrets.token_hex(12))
        return (await hand.call(f"{CONTROL}/Solve", message))[1]

    assert calls(guard, me, work).text == "no active session for this build"


def test_one_session_has_one_opening(guard, me):
    async def work(hand):
        with pytest.raises(AssertionError, match="there already"):
            async with Hand(str(guard.socket(me)), {}, session=hand.session):
                pass
        async with Hand(str(guard.socket(me)), {}) as again:
            return (await again.open_inside(hand.session))[1]

    assert "there already" in calls(guard, me, work).text


def test_anothers_build_is_not_seen(guard, me, other):
    async def theirs(victim):
        ref = secrets.token_hex(12)
        status = MESSAGE["Status"](ref=ref)
        begun = asyncio.create_task(victim.call(f"{CONTROL}/Status", status))
        await victim.call(f"{CONTROL}/DiskUsage", b"")
        async with Hand(str(guard.socket(me)), {}) as hand:
            seen = await hand.call(f"{CONTROL}/Status", status)
            taken = await hand.call(f"{CONTROL}/Solve", MESSAGE["Solve"](ref=ref))
            bridge = MESSAGE["BridgeSolve"](frontend="dockerfile.v0")
            inside = await hand.call(f"{BRIDGE}/Solve", bridge, (BUILD_ID, ref))
        begun.cancel()
        return [fault.code for _, fault in (seen, taken, inside)]

    assert calls(guard, other, theirs) == [Code.NOT_FOUND, Code.INVALID_ARGUMENT, Code.NOT_FOUND]


def test_a_configuration_of_the_clients_own_has_no_trigger(guard, me, name):
    """What LLBBridge.Return says of an image is the client's word: its triggers are looked at before it is a base."""
    config = {"architecture": "amd64", "os": "linux", "config": {"OnBuild": ["ADD http://x.invalid/a /a"]}}
    config["rootfs"] = {"type": "layers", "diff_ids": []}
    metadata = {"containerimage.config": json.dumps(config).encode()}
    _, fault = built(guard.socket(me), {"Dockerfile": PLAIN}, name=f"{name}:1", metadata=metadata)
    assert fault is None
    _, fault = built(guard.socket(me), {"Dockerfile": f"FROM {name}:1\n".encode()}, name=f"{name}:2")
    assert "triggers (ONBUILD)" in fault.text


def test_one_dockerfile_with_two_bases(guard, me, tmp_path, name, program_with_buildx):
    """The engine has read this file already, at this size and time; what the guard makes of it is another one."""
    for label in "12":
        files = {"Dockerfile": f"FROM {SMALL}\nRUN echo {label} > /v\n".encode()}
        assert built(guard.socket(me), files, name=f"{name}:{label}")[1] is None
    (tmp_path / "Dockerfile").write_text(f"ARG V\nFROM {name}:$V\n")
    for label in "12":
        done = program_with_buildx("build", "--build-arg", f"V={label}", "-t", f"{name}up:{label}", str(tmp_path))
        assert done.returncode == 0, done.stderr
        assert guard.docker(me, "run", "--rm", f"{name}up:{label}", "cat", "/v").stdout == f"{label}\n"


# -- buildx, with several builds of one command --------------------------------------------------------------------


def bake(folder, **arguments):
    """A file for bake: two images from one folder, each with its own argument."""
    tag = f"bake{secrets.token_hex(4)}"
    targets = {
        each: {"context": ".", "tags": [f"{tag}{each}"], "args": {"V": value}} for each, value in arguments.items()
    }
    (folder / "docker-bake.json").write_text(
        json.dumps({"group": {"default": {"targets": [*targets]}}, "target": targets})
    )
    return tag, ("buildx", "bake", "-f", str(folder / "docker-bake.json"))


def test_two_images_from_one_folder(guard, me, tmp_path, monkeypatch, program_with_buildx):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Dockerfile").write_text(f"FROM {SMALL}\nARG V\nRUN echo $V > /v\n")
    tag, command = bake(tmp_path, a="1", b="2")
    done = program_with_buildx(*command)
    assert done.returncode == 0, done.stderr
    assert [guard.docker(me, "run", "--rm", f"{tag}{each}", "cat", "/v").stdout for each in "ab"] == ["1\n", "2\n"]


def test_two_images_at_once_from_different_bases(guard, me, tmp_path, monkeypatch, program_with_buildx):
    """Where the engine reads one text for both, it cannot begin from two images; never does it from a wrong one."""
    monkeypatch.chdir(tmp_path)
    base = f"base{secrets.token_hex(4)}"
    for label in "12":
        files = {"Dockerfile": f"FROM {SMALL}\nRUN echo {label} > /v\n".encode()}
        assert built(guard.socket(me), files, name=f"{base}:{label}")[1] is None
    (tmp_path / "Dockerfile").write_text(f"ARG V\nFROM {base}:$V\n")
    tag, command = bake(tmp_path, a="1", b="2")
    done = program_with_buildx(*command)
    if done.returncode == 0:
        assert [guard.docker(me, "run", "--rm", f"{tag}{each}", "cat", "/v").stdout for each in "ab"] == ["1\n", "2\n"]
        return
    assert "one after another" in done.stderr or "cannot tell which image" in done.stderr
