"""A registry of the seat's own: what the docker command does with it, and that the engine is sent nowhere else."""

from __future__ import annotations

import base64
import concurrent.futures
import contextlib
import http.client
import json
import re
import secrets
import socket
import tarfile
import threading
import time

import pytest
import requests
from attacks_registry import HEADERS, HOSTS, LOGINS, NO_REGISTRY
from live_guard import SMALL, end, live, until
from test_clients import CLIENTS
from world import Unix, ask, tar

IMAGE = "registry:2"
OTHERS_SECONDS = 20.0
LOGIN = ("learner", "lab-secret")
HASH = b"learner:$2b$05$HG/pXw//ivWgRRyecVrEK.gFmQvq6/isbQTllcKqG4SKBBrN7/kZy\n"
WITH_LOGIN = [
    "REGISTRY_AUTH=htpasswd",
    "REGISTRY_AUTH_HTPASSWD_REALM=The lab",
    "REGISTRY_AUTH_HTPASSWD_PATH=/auth/htpasswd",
]


def free() -> int:
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


class Registry:
    """One that a seat runs."""

    def __init__(self, guard, seat, *, login=True, **body):
        self.guard, self.seat, self.port = guard, seat, free()
        host = {"PortBindings": {"5000/tcp": [{"HostPort": str(self.port)}]}, **body.pop("HostConfig", {})}
        whole = {"Image": IMAGE, "Env": WITH_LOGIN if login else [], **body, "HostConfig": host}
        status, found = ask(guard, seat, "POST", "/containers/create", whole)
        assert status == 201, found
        self.id = found["Id"]
        if login:
            assert ask(guard, seat, "PUT", f"/containers/{self.id}/archive?path=/", self.logins())[0] == 200
        assert ask(guard, seat, "POST", f"/containers/{self.id}/start")[0] == 204

    @staticmethod
    def logins():
        folder = tarfile.TarInfo()
        folder.type, folder.mode = tarfile.DIRTYPE, 0o755
        return tar([("auth", folder), ("auth/htpasswd", HASH)])

    @property
    def host(self) -> str:
        return f"localhost:{self.port}"

    def wait(self, address="127.0.0.1"):
        def answers():
            with contextlib.suppress(requests.RequestException):
                return requests.get(f"http://{address}:{self.port}/v2/", timeout=2).status_code in (200, 401)
            return False

        until(answers)
        return self

    def remove(self):
        ask(self.guard, self.seat, "DELETE", f"/containers/{self.id}?force=1&v=1")


@pytest.fixture(scope="module")
def its_guard(engine):
    it = live(engine.url, "--image", IMAGE)
    yield it
    end(it)


@pytest.fixture(scope="module")
def mine(its_guard):
    it = Registry(its_guard, its_guard.seats[0]).wait()
    yield it
    it.remove()


@pytest.fixture(scope="module")
def theirs(its_guard):
    it = Registry(its_guard, its_guard.seats[1], login=False).wait()
    yield it
    it.remove()


@pytest.fixture(scope="module")
def words(its_guard, mine, theirs):
    """Ports, as the tables name them; a web server of the seat's, and one of the machine's."""
    me = its_guard.seats[0]
    server = ["node", "-e", "require('http').createServer((q,s)=>s.end('{}')).listen(5000)"]
    port = free()
    body = {
        "Image": "node:20-alpine",
        "Cmd": server,
        "HostConfig": {"PortBindings": {"5000/tcp": [{"HostPort": str(port)}]}},
    }
    web = ask(its_guard, me, "POST", "/containers/create", body)[1]["Id"]
    assert ask(its_guard, me, "POST", f"/containers/{web}/start")[0] == 204
    with socket.socket() as machine:
        machine.bind(("127.0.0.1", 0))
        machine.listen()
        yield {
            "port": str(mine.port),
            "theirs": str(theirs.port),
            "web": str(port),
            "machine": str(machine.getsockname()[1]),
            "mine": web,
        }
        machine.settimeout(0.2)
        with pytest.raises(TimeoutError):  # nobody has called
            machine.accept()
    ask(its_guard, me, "DELETE", f"/containers/{web}?force=1")


@pytest.fixture
def nothing_left(engine):
    """The engine keeps no name of a transfer. That of another worker's test is there only as long as that goes on."""

    def names():
        there = [name for each in engine.client.api.images(all=True) for name in each["RepoTags"] or []]
        return {name for name in there if re.search(r":0\d{4,}/", name)}

    before = names()
    yield
    left = names() - before
    end = time.monotonic() + OTHERS_SECONDS
    while left & names() and time.monotonic() < end:
        time.sleep(0.2)
    assert left & names() == set()


def said(found) -> str:
    return found["message"] if isinstance(found, dict) else str(found)


def fill(value, words):
    text = json.dumps(value)
    for key, word in words.items():
        text = text.replace("{" + key + "}", word)
    return json.loads(text)


def sent(guard, seat, target, login=None, header=""):
    """A push or pull: its status and all that it said."""
    if login:
        header = base64.urlsafe_b64encode(json.dumps(dict(zip(("username", "password"), login, strict=True))).encode())
    with contextlib.closing(Unix(guard.socket(seat))) as connection:
        connection.request("POST", target, headers={"X-Registry-Auth": header} if header else {})
        reply = connection.getresponse()
        return reply.status, reply.read().decode()


def push(it: Registry, name, tag, login=LOGIN):
    return sent(it.guard, it.seat, f"/images/{it.host}/{name}/push?tag={tag}", login)


def pull(it: Registry, name, tag, login=LOGIN):
    return sent(it.guard, it.seat, f"/images/create?fromImage={it.host}/{name}&tag={tag}", login)


def done(answer):
    """It was done to the end."""
    status, text = answer
    assert (status, '"error"' in text) == (200, False), text


def tagged(it: Registry, name, tag, image=SMALL):
    assert ask(it.guard, it.seat, "POST", f"/images/{image}/tag?repo={it.host}/{name}&tag={tag}")[0] == 201


@pytest.mark.parametrize("program", CLIENTS)
@pytest.mark.usefixtures("nothing_left")
def test_with_the_docker_command(its_guard, mine, program, tmp_path):
    name = f"{mine.host}/team/app{secrets.token_hex(3)}"

    def docker(*arguments, fails=False, **options):
        env = {"DOCKER_CONFIG": str(tmp_path)}
        done = its_guard.docker(mine.seat, *arguments, program=program, env=env, **options)
        assert bool(done.returncode) == fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    docker("tag", SMALL, f"{name}:1.0")
    assert "no basic auth credentials" in docker("push", f"{name}:1.0", fails=True)
    login = ("login", mine.host, "-u", LOGIN[0], "--password-stdin")
    assert f"http://{mine.host}/v2/" in docker(*login, input="wrong", fails=True)
    assert "Login Succeeded" in docker(*login, input=LOGIN[1])
    first = docker("push", f"{name}:1.0")
    assert f"refers to repository [{name}]" in first
    assert "Layer already exists" in docker("push", f"{name}:1.0")
    (digest,) = set(re.findall(r"sha256:[0-9a-f]{64}", first))
    assert digest in docker("images", "--digests", name)
    assert f"{name}@{digest}" in docker("image", "inspect", "-f", "{{.RepoDigests}}", f"{name}:1.0")
    assert docker("rmi", f"{name}:1.0").split() == ["Untagged:", f"{name}:1.0", "Untagged:", f"{name}@{digest}"]
    assert docker("images", "-q", name) == ""
    assert "hello" in docker("run", "--rm", f"{name}:1.0", "echo", "hello")  # which pulls it
    docker("rmi", f"{name}:1.0")
    assert digest in docker("pull", f"{name}@{digest}")
    assert "hello" in docker("run", "--rm", f"{name}@{digest}", "echo", "hello")
    docker("tag", f"{name}@{digest}", "again:1")
    docker("build", "-q", "-", input=f"FROM {name}@{digest}\nRUN echo hello\n")
    docker("rmi", "again:1")
    assert docker("rmi", f"{name}@{digest}").strip() == f"Untagged: {name}@{digest}"
    assert docker("images", "-q", name) == ""
    assert "manifest unknown" in docker("pull", f"{name}:2.0", fails=True)
    docker("logout", mine.host)
    assert "0000" not in first


@pytest.mark.usefixtures("nothing_left")
def test_what_is_published_elsewhere(engine):
    """The names say localhost; the ports are on another loopback address, as those of an exercise."""
    guard = live(engine.url, "--image", IMAGE, "--publish", "127.11.12.13")
    it = Registry(guard, guard.seats[0], login=False).wait("127.11.12.13")
    try:
        for host in ("localhost", "127.0.0.1", "127.11.12.13"):
            name = f"{host}:{it.port}/{secrets.token_hex(3)}x"
            assert ask(guard, it.seat, "POST", f"/images/{SMALL}/tag?repo={name}&tag=1")[0] == 201
            status, text = sent(guard, it.seat, f"/images/{name}/push?tag=1")
            assert (status, '"error"' in text, name in text) == (200, False, True), text
    finally:
        end(guard)


@pytest.mark.parametrize("name", HOSTS)
@pytest.mark.usefixtures("nothing_left")
def test_other_addresses(its_guard, words, name):
    host, push_word, pull_word = fill(HOSTS[name], words)
    me = its_guard.seats[0]
    tag = ask(its_guard, me, "POST", f"/images/{SMALL}/tag?repo={host}/shop&tag=1")
    status, text = sent(its_guard, me, f"/images/{host}/shop/push?tag=1", LOGIN)
    assert status in range(400, 500)
    words_ = [*push_word.split("|"), "An image does not exist"] if tag[0] != 201 else push_word.split("|")
    assert any(word in text for word in words_), text
    if tag[0] == 201:  # of what is there, a pull says that it is up to date
        assert ask(its_guard, me, "DELETE", f"/images/{host}/shop:1")[0] == 200
    status, text = sent(its_guard, me, f"/images/create?fromImage={host}/shop&tag=1", LOGIN)
    assert status in range(400, 500)
    assert any(word in text for word in pull_word.split("|")), text


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.usefixtures("nothing_left")
def test_other_headers(its_guard, mine, name):
    header, word = HEADERS[name]
    tagged(mine, "shop", "1")
    for target in (f"/images/{mine.host}/shop/push?tag=1", f"/images/create?fromImage={mine.host}/shop&tag=1"):
        status, text = sent(its_guard, mine.seat, target, header=header)
        assert (status, word in text) == (400, True), text


@pytest.mark.parametrize("name", LOGINS)
def test_other_logins(its_guard, words, name):
    body, word = fill(LOGINS[name], words)
    status, found = ask(its_guard, its_guard.seats[0], "POST", "/auth", {"username": "a", "password": "b", **body})
    assert status in range(400, 500)
    assert word in said(found)


@pytest.mark.parametrize("name", NO_REGISTRY)
def test_what_is_no_registry(its_guard, words, name):
    """It runs, but the engine is not sent to it."""
    me = its_guard.seats[0]
    body = fill(NO_REGISTRY[name], {**words, "spare": str(free())})
    host = body.get("HostConfig", {})
    port = free()
    bound = host.setdefault("PortBindings", {"5000/tcp": [{"HostPort": str(port)}]})
    port = int(next(iter(bound.values()))[0]["HostPort"])
    if host.get("NetworkMode"):
        host.pop("PortBindings")
    status, found = ask(its_guard, me, "POST", "/containers/create", {"Image": IMAGE, **body, "HostConfig": host})
    if status == 400:
        return
    assert status == 201, found
    try:
        ask(its_guard, me, "POST", f"/containers/{found['Id']}/start")
        status, text = sent(its_guard, me, f"/images/create?fromImage=localhost:{port}/shop&tag=1")
        assert (status, "No registry of yours" in text) == (403, True), text
    finally:
        ask(its_guard, me, "DELETE", f"/containers/{found['Id']}?force=1&v=1")


def run_in(it: Registry, *argv, **fields):
    return ask(it.guard, it.seat, "POST", f"/containers/{it.id}/exec", {"Cmd": list(argv), **fields})


def copy(it: Registry, path, files):
    return ask(it.guard, it.seat, "PUT", f"/containers/{it.id}/archive?path={path}", tar(files))


def link(to):
    info = tarfile.TarInfo()
    info.type, info.linkname = tarfile.SYMTYPE, to
    return info


def beside(it: Registry, **host):
    body = {"Image": SMALL, "Cmd": ["true"], "HostConfig": host}
    status, found = ask(it.guard, it.seat, "POST", "/containers/create", body)
    assert status == 201, found
    ask(it.guard, it.seat, "DELETE", f"/containers/{found['Id']}?v=1")


def data_of(it: Registry):
    return ask(it.guard, it.seat, "GET", f"/containers/{it.id}/json")[1]["Mounts"][0]["Name"]


CHANGES = {
    "a command": lambda it: run_in(it, "sh", "-c", "true"),
    "a command with a variable": lambda it: run_in(it, "ls", Env=["LD_PRELOAD=/auth/x"]),
    "its settings": lambda it: copy(it, "/etc/docker/registry", [("config.yml", b"")]),
    "its program": lambda it: copy(it, "/bin", [("registry", b"")]),
    "from the root": lambda it: copy(it, "/", [("etc/docker/registry/config.yml", b"")]),
    "a folder in the logins": lambda it: copy(it, "/auth", [("a/b", b"")]),
    "a link in the logins": lambda it: copy(it, "/auth", [("a", link("/etc"))]),
    "a way round": lambda it: copy(it, "/auth", [("../etc/x", b"")]),
    "a path round": lambda it: copy(it, "/auth/../etc", [("x", b"")]),
    "its data": lambda it: copy(it, "/var/lib/registry", [("x", b"")]),
    "its data from beside": lambda it: beside(it, Binds=[f"{data_of(it)}:/data"]),
    "its network": lambda it: beside(it, NetworkMode=f"container:{it.id}"),
}
KEEPS = {
    "a look": lambda it: run_in(it, "ls", "-R", "/var/lib/registry"),
    "a file": lambda it: run_in(it, "cat", "/auth/htpasswd"),
    "new logins": lambda it: copy(it, "/auth", [("htpasswd", HASH)]),
    "a new name": lambda it: ask(it.guard, it.seat, "POST", f"/containers/{it.id}/rename?name=x{secrets.token_hex(4)}"),
    "a restart": lambda it: ask(it.guard, it.seat, "POST", f"/containers/{it.id}/restart?t=1"),
    "a limit": lambda it: ask(it.guard, it.seat, "POST", f"/containers/{it.id}/update", {"Memory": 200 << 20}),
}


@pytest.mark.parametrize("name", [*CHANGES, *KEEPS])
@pytest.mark.usefixtures("nothing_left")
def test_changed_afterwards(its_guard, name):
    """With the first request that could change what answers there, the engine is not sent to it any more."""
    it = Registry(its_guard, its_guard.seats[0], login=True).wait()
    try:
        (CHANGES | KEEPS)[name](it)
        if name in KEEPS:
            it.wait()
        status, text = pull(it, "shop", "1")
        if name in KEEPS:
            assert (status, "manifest unknown" in text) == (404, True), text
        else:
            assert (status, "No registry of yours" in text) == (403, True), text
    finally:
        it.remove()


@pytest.mark.usefixtures("nothing_left")
def test_names_that_mean_more_than_one(its_guard, mine):
    tagged(mine, "many", "1")
    assert "one name at a time" in sent(its_guard, mine.seat, f"/images/{mine.host}/many/push", LOGIN)[1]
    target = f"/images/create?fromImage={mine.host}/many"
    assert "one name at a time" in sent(its_guard, mine.seat, target, LOGIN)[1]
    for name in ("many@sha256:" + "0" * 64, "many@sha256:1", "many@md5:1"):
        assert sent(its_guard, mine.seat, f"/images/{mine.host}/{name}/push?tag=1", LOGIN)[0] == 400


@pytest.mark.usefixtures("nothing_left")
def test_the_same_image_of_another_seat_stays(its_guard, mine, theirs, engine):
    """Both have the image; neither's name, nor the image, goes with the other's."""
    for it, login in ((mine, LOGIN), (theirs, None)):
        tagged(it, "same", "1")
        done(push(it, "same", "1", login))
        done(pull(it, "same", "1", login))
    assert ask(its_guard, mine.seat, "DELETE", f"/images/{mine.host}/same:1")[0] == 200
    assert ask(its_guard, theirs.seat, "GET", f"/images/{theirs.host}/same:1/json")[0] == 200
    assert str(mine.port) not in json.dumps(ask(its_guard, theirs.seat, "GET", "/images/json")[1])
    assert "RepoTags" in engine.client.api.inspect_image(SMALL)


@pytest.mark.usefixtures("nothing_left")
def test_a_pulled_image_is_the_seats_alone(its_guard, mine):
    tagged(mine, "alone", "1", IMAGE)
    done(push(mine, "alone", "1"))
    assert ask(its_guard, its_guard.seats[1], "GET", f"/images/{mine.host}/alone:1/json")[0] == 404


@pytest.mark.usefixtures("nothing_left")
def test_nothing_takes_the_port_while_the_engine_speaks_to_it(its_guard, mine):
    """A container that publishes the registry's port does not start while a push is under way."""
    me = its_guard.seats[0]
    body = {
        "Image": SMALL,
        "Cmd": ["sleep", "60"],
        "HostConfig": {"PortBindings": {"80/tcp": [{"HostPort": str(mine.port)}]}},
    }
    other = ask(its_guard, me, "POST", "/containers/create", body)[1]["Id"]
    tagged(mine, "big", "1", "node:20-alpine")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        pushing = pool.submit(push, mine, "big", "1")
        seen = set()
        while not pushing.done():
            status, found = ask(its_guard, me, "POST", f"/containers/{other}/start")
            seen.add("under way" if "under way" in said(found) else status)
            touched = run_in(mine, "sh", "-c", "true") if not pushing.done() and "under way" in seen else None
            assert touched is None or touched[0] in (409, 201)
            if touched and touched[0] == 409:
                break
            time.sleep(0.02)
        done(pushing.result())
    assert "under way" in seen
    ask(its_guard, me, "DELETE", f"/containers/{other}?force=1")


@pytest.fixture(scope="module")
def own_registry(engine):
    """One whose guard is killed again and again."""
    guard = live(engine.url, "--image", IMAGE)
    yield Registry(guard, guard.seats[0], login=False).wait()
    end(guard)


@pytest.mark.parametrize("moment", [0.0, 0.02, 0.1, 0.4])
@pytest.mark.parametrize("way", ["push", "pull"])
@pytest.mark.usefixtures("nothing_left")
def test_cut_off(own_registry, way, moment):
    """After a kill -9 in the middle the name of the transfer is taken from the image."""
    it, guard, name = own_registry, own_registry.guard, f"cut{secrets.token_hex(3)}"
    tagged(it, name, "1", "ubuntu:22.04")
    if way == "pull":
        done(push(it, name, "1", None))
        assert ask(guard, it.seat, "DELETE", f"/images/{it.host}/{name}:1")[0] == 200

    def work():
        with contextlib.suppress(OSError, http.client.HTTPException):
            (push if way == "push" else pull)(it, name, "1", None)

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(moment)  # not a wait for anything: the moment is what is tried out
    guard.kill()
    thread.join()
    time.sleep(0.3)  # the engine may be about it a moment longer
    guard.start()
    assert ask(guard, it.seat, "GET", "/images/json")[0] == 200
