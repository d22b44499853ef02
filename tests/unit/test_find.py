"""Where the lab looks for an engine, and what it says when there is none it can use."""

from __future__ import annotations

import hashlib
import json
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler
from socketserver import UnixStreamServer
from typing import TYPE_CHECKING

import pytest

from labkit.engine.find import DEFAULT_SOCKET, Candidate, candidates, first_that_answers
from labkit.errors import EngineDied, EngineError, EngineNotFound, EngineTooOld

if TYPE_CHECKING:
    from pathlib import Path

OWN = "unix:///run/labkit/docker.sock"
SYSTEM_PODMAN = "unix:///run/podman/podman.sock"


def _context(home: Path, name: str, host: str, *, current: bool) -> None:
    folder = home / ".docker/contexts/meta" / hashlib.sha256(name.encode()).hexdigest()
    folder.mkdir(parents=True)
    (folder / "meta.json").write_text(json.dumps({"Name": name, "Endpoints": {"docker": {"Host": host}}}))
    (home / ".docker/config.json").write_text(json.dumps({"currentContext": name} if current else {}))


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({}, [DEFAULT_SOCKET, OWN, SYSTEM_PODMAN]),
        ({"DOCKER_HOST": ""}, [DEFAULT_SOCKET, OWN, SYSTEM_PODMAN]),
        ({"DOCKER_HOST": "tcp://10.0.0.5:2375"}, ["tcp://10.0.0.5:2375"]),
        ({"DOCKER_HOST": "unix:///x", "DOCKER_CONTEXT": "rootless"}, ["unix:///x"]),
        (
            {"XDG_RUNTIME_DIR": "/run/user/5"},
            [DEFAULT_SOCKET, OWN, "unix:///run/user/5/podman/podman.sock", SYSTEM_PODMAN],
        ),
        ({"XDG_RUNTIME_DIR": "/run"}, [DEFAULT_SOCKET, OWN, SYSTEM_PODMAN]),
        ({"LABKIT_ENGINE": "private"}, [OWN]),
        ({"LABKIT_ENGINE": "private", "DOCKER_HOST": "unix:///x"}, [OWN]),
        ({"DOCKER_CONTEXT": "default"}, [DEFAULT_SOCKET, OWN, SYSTEM_PODMAN]),
        ({"DOCKER_CONTEXT": "missing"}, [""]),
    ],
)
def test_places_without_a_current_context(env, expected, tmp_path):
    assert [place.url for place in candidates(env, tmp_path, OWN)] == expected


@pytest.mark.parametrize(
    ("env", "current", "expected"),
    [
        ({}, True, ["unix:///c.sock", DEFAULT_SOCKET, OWN, SYSTEM_PODMAN]),
        ({}, False, [DEFAULT_SOCKET, OWN, SYSTEM_PODMAN]),
        ({"DOCKER_CONTEXT": "desk"}, False, ["unix:///c.sock"]),
        ({"DOCKER_CONTEXT": "default"}, True, [DEFAULT_SOCKET, OWN, SYSTEM_PODMAN]),
        ({"DOCKER_HOST": "unix:///x"}, True, ["unix:///x"]),
    ],
)
def test_places_with_a_context(env, current, expected, tmp_path):
    _context(tmp_path, "desk", "unix:///c.sock", current=current)
    assert [place.url for place in candidates(env, tmp_path, OWN)] == expected


def test_a_context_that_names_the_default_socket_is_tried_once(tmp_path):
    _context(tmp_path, "desk", DEFAULT_SOCKET, current=True)
    places = candidates({}, tmp_path, OWN)
    assert [place.url for place in places] == [DEFAULT_SOCKET, OWN, SYSTEM_PODMAN]
    assert places[0].source == "the docker context desk"


def test_another_config_folder_and_a_broken_one(tmp_path):
    _context(tmp_path / "other", "desk", "unix:///c.sock", current=True)
    env = {"DOCKER_CONFIG": str(tmp_path / "other/.docker")}
    assert candidates(env, tmp_path, OWN)[0].url == "unix:///c.sock"
    (tmp_path / "other/.docker/config.json").write_text("{ not json")
    assert candidates(env, tmp_path, OWN)[0].url == DEFAULT_SOCKET


def test_certificates_come_with_the_address(tmp_path):
    env = {"DOCKER_HOST": "tcp://h:2376", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(tmp_path)}
    (place,) = candidates(env, tmp_path, OWN)
    assert (place.certificates, place.verify) == (tmp_path, True)
    (place,) = candidates({"DOCKER_HOST": "tcp://h:2376", "DOCKER_TLS_VERIFY": "1"}, tmp_path, OWN)
    assert place.certificates == tmp_path / ".docker"
    (place,) = candidates({"DOCKER_HOST": "tcp://h:2375"}, tmp_path, OWN)
    assert place.certificates is None


class _Speaks(UnixStreamServer):
    """Answers /version as an engine of a given age does. source: Engine API, SystemVersion."""

    def __init__(self, path: Path, version: str, component: str = "Engine") -> None:
        answer = {"Version": version, "ApiVersion": "1.40", "Os": "linux", "Arch": "amd64"}
        body = json.dumps({**answer, "Components": [{"Name": component}]}).encode()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args):
                pass

            def address_string(self):
                return ""

        super().__init__(str(path), Handler)


@pytest.fixture
def speaks(tmp_path):
    servers = []

    def start(version: str, component: str = "Engine") -> Candidate:
        path = tmp_path / f"{len(servers)}.sock"
        server = _Speaks(path, version, component)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        servers.append((server, thread))
        return Candidate(f"unix://{path}", "the default socket")

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("version", "component"),
    [("19.03.15", "Engine"), ("18.09.1", "Engine"), ("20.09.0", "Engine"), ("3.4.4", "Podman Engine")],
)
def test_an_old_engine_is_refused(speaks, version, component):
    with pytest.raises(EngineTooOld, match=version) as caught:
        first_that_answers([speaks(version, component)])
    assert "upgrade" in caught.value.fix


@pytest.mark.parametrize(
    ("version", "component"),
    [
        ("20.10.24+dfsg1", "Engine"),
        ("28.0.1", "Engine"),
        ("master-dockerproject", "Engine"),
        ("4.3.1", "Podman Engine"),
    ],
)
def test_a_newer_engine_is_taken(speaks, version, component):
    place = speaks(version, component)
    engine = first_that_answers([place])
    assert (engine.url, engine.source) == (place.url, "the default socket")
    engine.client.close()


def test_the_first_that_answers_is_used(speaks, tmp_path):
    old, good = speaks("19.03.15"), speaks("20.10.5")
    absent = Candidate(f"unix://{tmp_path}/absent.sock", "the default socket")
    engine = first_that_answers([absent, old, good, speaks("28.0.0")])
    assert engine.url == good.url
    engine.client.close()


def test_a_socket_with_nobody_behind_it(tmp_path):
    path = tmp_path / "dead.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
    with pytest.raises(EngineDied, match="does not answer") as caught:
        first_that_answers([Candidate(f"unix://{path}", "the default socket")])
    assert "start it again" in caught.value.fix


def test_no_engine_at_all_names_every_place(tmp_path):
    places = [Candidate(f"unix://{tmp_path}/{name}.sock", name) for name in ("one", "two")]
    with pytest.raises(EngineNotFound, match=r"one .*two ") as caught:
        first_that_answers(places)
    assert "./lab" in caught.value.fix


def test_a_named_engine_that_is_absent_says_which_variable(tmp_path):
    place = Candidate(f"unix://{tmp_path}/absent.sock", "DOCKER_HOST", ordered=True)
    with pytest.raises(EngineNotFound, match="DOCKER_HOST") as caught:
        first_that_answers([place])
    assert "unset DOCKER_HOST" in caught.value.fix


@pytest.mark.parametrize("url", ["nonsense", "tcp://", "gopher://x", "tcp://127.0.0.1:1", "ssh://"])
def test_a_malformed_or_dead_address_is_an_engine_error(url):
    with pytest.raises(EngineError) as caught:
        first_that_answers([Candidate(url, "DOCKER_HOST", ordered=True)])
    assert "DOCKER_HOST" in caught.value.fix


FORBIDDEN = """
import os, sys
from labkit.engine.find import Candidate, first_that_answers
from labkit.errors import EngineForbidden
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
try:
    first_that_answers([Candidate(sys.argv[1], "the default socket"), Candidate("unix:///nowhere.sock", "elsewhere")])
except EngineForbidden as error:
    print(error)
"""


def test_a_socket_without_permission(tmp_path):
    """For real: another user, or this one when it is not root, at a socket with mode 0."""
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        path.chmod(0)
        for folder in [tmp_path, *tmp_path.parents][
            :3
        ]:  # pytest's folders are closed to others; this must be the socket
            folder.chmod(0o755)
        argv = [sys.executable, "-c", FORBIDDEN, f"unix://{path}"]
        done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert "this user may not use it" in done.stdout
    assert "usermod -aG docker" in done.stdout
