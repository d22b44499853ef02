"""What goes wrong around the guard: crashes, an engine that goes away, a full disk, clients that dawdle."""

from __future__ import annotations

import concurrent.futures
import contextlib
import http.client
import resource
import secrets
import socket
import threading
import time

import pytest
from live_guard import SMALL, end, live, until
from world import ask, tar

PING = b"GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n"
RUN = {"Image": SMALL, "Cmd": ["sleep", "60"], "HostConfig": {"Binds": ["data:/data"]}, "Volumes": {"/anon": {}}}
CONTEXT = tar([("Dockerfile", f"FROM {SMALL}\nRUN sleep 0.2\nRUN sleep 0.2\n".encode())])


def on_engine(client, names):
    """All that bears a seat's name on the engine: containers, networks, volumes, images."""
    containers = [
        each.id
        for each in client.containers.list(all=True, ignore_removed=True)
        if each.labels.get("labkit.guard") == names.seat
    ]
    networks = [each.id for each in client.networks.list() if each.name.startswith(names.prefix)]
    volumes = [
        each.name for each in client.volumes.list() if (each.attrs["Labels"] or {}).get("labkit.guard") == names.seat
    ]
    images = [tag for each in client.api.images() for tag in each["RepoTags"] or [] if tag.startswith(names.repository)]
    return set(containers), set(networks), set(volumes), {names.plain(tag) for tag in images}


def seen(guard, seat):
    """The same as the seat sees it."""
    containers = {each["Id"] for each in ask(guard, seat, "GET", "/containers/json?all=1")[1]}
    networks = {each["Id"] for each in ask(guard, seat, "GET", "/networks")[1] if each["Name"] != "none"}
    prefix = guard.names(seat).prefix
    volumes = {each["Name"] for each in ask(guard, seat, "GET", "/volumes")[1]["Volumes"] or []}
    volumes = {each if len(each) == 64 else prefix + each for each in volumes}
    images = {tag for each in ask(guard, seat, "GET", "/images/json")[1] for tag in each["RepoTags"] or []}
    return containers, networks, volumes, images - {"alpine:3.20", "node:20-alpine", "ubuntu:22.04"}


def agree(guard, seat, client):
    return until(lambda: seen(guard, seat) == on_engine(client, guard.names(seat)))


OPERATIONS = {
    "create": lambda guard, seat, n: ask(guard, seat, "POST", f"/containers/create?name=c{n}", RUN),
    "network": lambda guard, seat, n: ask(guard, seat, "POST", "/networks/create", {"Name": f"n{n}"}),
    "volume": lambda guard, seat, n: ask(guard, seat, "POST", "/volumes/create", {"Name": f"v{n}"}),
    "build": lambda guard, seat, n: ask(guard, seat, "POST", f"/build?t=b{n}:1&nocache=1", CONTEXT),
    "commit": lambda guard, seat, n: ask(guard, seat, "POST", f"/commit?container=base&repo=i{n}", {}),
    "tag": lambda guard, seat, n: ask(guard, seat, "POST", f"/images/{SMALL}/tag?repo=t{n}"),
    "remove": lambda guard, seat, n: ask(guard, seat, "DELETE", f"/volumes/old{n}"),
}
# Seconds from the request to the kill: at its beginning, in its middle, at its end.
MOMENTS = (0.0, 0.003, 0.01, 0.05)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_killed_in_the_middle(own_guard, engine, operation):
    """After each kill -9 and start, what the seat sees is what the engine has of it."""
    seat = own_guard.seats[0]
    assert ask(own_guard, seat, "POST", "/containers/create?name=base", {"Image": SMALL})[0] == 201
    for number in range(len(MOMENTS)):
        ask(own_guard, seat, "POST", "/volumes/create", {"Name": f"old{number}"})
    for number, moment in enumerate(MOMENTS):
        asked = threading.Event()

        def work(number=number, asked=asked):
            asked.set()
            with contextlib.suppress(OSError, http.client.HTTPException):  # the guard dies under it
                OPERATIONS[operation](own_guard, seat, number)

        thread = threading.Thread(target=work)
        thread.start()
        asked.wait()
        time.sleep(moment)  # not a wait for anything: the moment is what is tried out
        own_guard.kill()
        thread.join()
        own_guard.start()
        agree(own_guard, seat, engine.client)


class Between:
    """A wire between the guard and the engine that can be cut."""

    def __init__(self, engine_path, path):
        self.engine_path, self.whole = engine_path, True
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(str(path))
        self.server.listen(64)
        self.ends = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                there, _ = self.server.accept()
            except OSError:
                return
            if not self.whole:
                there.close()
                continue
            engine = socket.socket(socket.AF_UNIX)
            engine.connect(self.engine_path)
            self.ends += [there, engine]
            for source, target in ((there, engine), (engine, there)):
                threading.Thread(target=self._pump, args=(source, target), daemon=True).start()

    @staticmethod
    def _pump(source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def cut(self):
        self.whole = False
        for each in self.ends:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self.ends = []


@pytest.fixture
def wire(engine, tmp_path_factory):
    """A guard behind a wire that can be cut."""
    if not engine.url.startswith("unix://"):
        pytest.skip("the engine is not on this machine")
    path = tmp_path_factory.getbasetemp() / f"w{secrets.token_hex(3)}"
    between = Between(engine.url.removeprefix("unix://"), path)
    guard = live(f"unix://{path}")
    yield guard, between
    between.whole = True
    end(guard)
    between.server.close()


def test_the_engine_goes_and_comes_back(wire, engine):
    guard, between = wire
    seat = guard.seats[0]
    assert ask(guard, seat, "POST", "/volumes/create", {"Name": "kept"})[0] == 201
    logs = guard.docker(seat, "run", "-d", SMALL, "sleep", "60")
    assert logs.returncode == 0, logs.stderr
    between.cut()
    status, found = ask(guard, seat, "GET", "/containers/json")
    assert (status, "does not answer" in found["message"]) == (503, True)
    between.whole = True
    assert ask(guard, seat, "GET", "/volumes/kept")[0] == 200
    agree(guard, seat, engine.client)
    assert "Traceback" not in guard.said()


def test_the_engine_goes_in_the_middle(wire, engine):
    guard, between = wire
    seat = guard.seats[0]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        build = pool.submit(ask, guard, seat, "POST", "/build?t=cut:1&nocache=1", CONTEXT)
        until(lambda: between.ends)
        between.cut()
        with contextlib.suppress(OSError, http.client.HTTPException):  # the answer may be cut off too
            build.result(60)
    between.whole = True
    agree(guard, seat, engine.client)
    assert "Traceback" not in guard.said()


def test_a_full_disk(own_guard, engine):
    """Nothing is made that could not be written down; with room again all goes on."""
    seat = own_guard.seats[0]
    assert ask(own_guard, seat, "GET", "/containers/json")[0] == 200
    before = resource.prlimit(own_guard.process.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    status, found = ask(own_guard, seat, "POST", "/volumes/create", {"Name": "v"})
    assert (status, "disk full" in found["message"]) == (507, True)
    assert ask(own_guard, seat, "GET", "/_ping")[0] in (200, 507)
    resource.prlimit(own_guard.process.pid, resource.RLIMIT_FSIZE, before)
    assert ask(own_guard, seat, "POST", "/volumes/create", {"Name": "v"})[0] == 201
    agree(own_guard, seat, engine.client)
    assert "Traceback" not in own_guard.said()


def test_two_hundred_at_once(guard, me):
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(200)]
        for each in held:
            each.connect(str(guard.socket(me)))
        for each in held:
            each.sendall(PING)
        assert {each.recv(12) for each in held} == {b"HTTP/1.1 200"}


def test_too_many(own_guard):
    seat, other = own_guard.seats
    with contextlib.ExitStack() as stack:
        for _ in range(256):
            each = stack.enter_context(socket.socket(socket.AF_UNIX))
            each.connect(str(own_guard.socket(seat)))
            each.sendall(PING)
            assert each.recv(12) == b"HTTP/1.1 200"
        assert b"too many connections" in own_guard.raw(seat, PING)
        assert own_guard.raw(other, PING).startswith(b"HTTP/1.1 200")
    until(lambda: own_guard.raw(seat, PING).startswith(b"HTTP/1.1 200"))


def test_an_end_in_the_middle_of_streams(own_guard):
    guard, seat = own_guard, own_guard.seats[0]
    assert guard.docker(seat, "run", "-d", "--name", "c", SMALL, "sleep", "60").returncode == 0
    with contextlib.ExitStack() as stack:
        for target in ("/events", "/containers/c/logs?follow=1&stdout=1", "/containers/c/stats"):
            each = stack.enter_context(socket.socket(socket.AF_UNIX))
            each.connect(str(guard.socket(seat)))
            each.sendall(f"GET {target} HTTP/1.1\r\nHost: d\r\n\r\n".encode())
            assert each.recv(12) == b"HTTP/1.1 200"
        process = guard.process
        process.terminate()
        assert process.wait(10) == 0
        assert "Traceback" not in guard.said()
