"""The guard at a user's place: started once, shared, ended when nobody needs it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from live_guard import SMALL, until

from labkit import kept, station
from labkit.engine import BuildRequest, build
from labkit.engine.context import context_tar
from labkit.errors import EngineError
from labkit.station import Station
from labkit.workspace import SourceFile


@pytest.fixture
def place(engine):
    """A station, with the environment that it gives; everything of its seat is removed in the end."""
    found = Station(engine)
    env = {"PATH": os.environ["PATH"], "DOCKER_CONTEXT": "elsewhere", "DOCKER_TLS_VERIFY": "1"}
    found.settle_in(env)
    yield found, env
    found.close()
    station.clear(engine)


def docker(env, *arguments):
    done = subprocess.run(["docker", *arguments], env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def serving(engine):
    """Process ids of guards at this seat's place."""
    socket = str(station.runtime(engine) / "docker.sock")
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            argv = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"labkit.guard" in argv and socket.encode() in argv:
            found.append(int(folder.name))
    return found


def test_the_docker_command_goes_through_it(place):
    _, env = place
    assert docker(env, "run", "--rm", SMALL, "echo", "here") == "here"
    assert not env.keys() & set(station.OTHER_WAYS)


def test_the_lab_itself_goes_past_it(place, engine):
    _, env = place
    code = "from labkit.engine import connect; print(connect().url)"
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == engine.url


def test_who_comes_second_shares_it(place, engine):
    second = Station(engine)
    assert len(serving(engine)) == 1
    second.close()
    assert docker(place[1], "ps", "-q") == ""


def test_the_last_one_ends_it_and_what_runs(place, engine):
    found, env = place
    container = docker(env, "run", "-d", SMALL, "sleep", "600")
    assert not station.until_ended(engine, 0.1)
    found.close()
    assert station.until_ended(engine)
    until(lambda: not serving(engine))
    assert engine.client.containers.get(container).status == "exited"


def test_what_was_made_is_there_the_next_time(place, engine):
    found, env = place
    docker(env, "volume", "create", "notes")
    found.close()
    again = Station(engine)
    assert docker(env, "volume", "ls", "-q") == "notes"
    again.close()


def test_after_a_kill_it_starts_anew(place, engine):
    _, env = place
    docker(env, "volume", "create", "notes")
    (process,) = serving(engine)
    os.kill(process, 9)
    until(lambda: not serving(engine))
    again = Station(engine)
    assert docker(env, "volume", "ls", "-q") == "notes"
    again.close()


def test_while_a_learner_builds_images_stay(place, engine, tmp_path, monkeypatch):
    """They may be what the classic builder has just found in its cache; removed now, they would make it fail."""
    _, env = place
    monkeypatch.setattr(kept, "PATIENCE", 0.1)
    context = context_tar({"Dockerfile": SourceFile(f"FROM {SMALL}\nRUN : {tmp_path}\n".encode())}, "Dockerfile")
    image = build(engine, BuildRequest(context, {}, tmp_path)).image_id
    (tmp_path / "Dockerfile").write_text(f"FROM {SMALL}\nRUN echo under way && sleep 600\n")
    command = ["docker", "build", str(tmp_path)]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as learner:
        assert "under way\n" in iter(learner.stdout.readline, "")
        assert kept.remove_images(engine, [image]) == [image]
        learner.kill()
    until(lambda: not kept.remove_images(engine, [image]))
    assert engine.image(image) is None


def test_clear_takes_everything_away(place, engine):
    found, env = place
    container = docker(env, "run", "-d", "-v", "data:/data", SMALL, "sleep", "600")
    found.close()
    station.clear(engine)
    assert not engine.client.containers.list(all=True, filters={"id": container})
    prefix = f"lk-{station.name()}-"
    assert not engine.client.volumes.list(filters={"name": prefix})
    assert not engine.client.networks.list(names=[prefix])


def test_somebody_elses_folder_is_not_taken(engine, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / f"labkit-{os.getuid()}").mkdir(mode=0o777)
    (tmp_path / f"labkit-{os.getuid()}").chmod(0o777)
    with pytest.raises(EngineError, match="not this user's alone"):
        Station(engine)


def test_an_engine_out_of_its_reach(engine):
    far = replace(engine, url="ssh://somewhere")
    with pytest.raises(EngineError, match="cannot stand before"):
        Station(far)
