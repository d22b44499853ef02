from __future__ import annotations

import base64
import json
import tarfile
from urllib.parse import quote

import pytest
from fake_guard import COURSE, id_of, perform
from tar_tools import tar

from labkit.guard import models, policy, registries
from labkit.guard.dockerfile import Dockerfile
from labkit.guard.document import read
from labkit.guard.ledger import Ledger
from labkit.guard.messages import Answer, Call, Relay, Reply, Request
from labkit.guard.names import Names, Pin, Ref, parse_any
from labkit.guard.refusal import Malformed, Refused
from labkit.guard.rules import transfers
from labkit.guard.seat import Bounds, Seat
from labkit.guard.settle import settle

IMAGE = "sha256:" + "c3" * 32
HEX = "d4" * 32
HOST = "localhost:5000"
ADDRESS = next(transfers.forms(Seat("ada", Ledger(":memory:")), 5000))


def a_seat(**bounds) -> Seat:
    return Seat("ada", Ledger(":memory:"), {**COURSE, registries.IMAGE: IMAGE}, Bounds(**bounds))


class Engine:
    """An engine with one container, and the images that it is told of."""

    def __init__(self, **images):
        self.calls, self.images = [], images
        self.port, self.running, self.restarting = "5000", True, []

    def __call__(self, call: Call) -> Reply:
        self.calls.append(call)
        if call.path == "/containers/json":
            return Reply(200, self.restarting)
        if call.path.startswith("/containers/"):
            ports = {"5000/tcp": [{"HostIp": "127.0.0.1", "HostPort": self.port}]}
            state = {"Running": self.running}
            bindings = {"80/tcp": [{"HostPort": "5000"}]}
            body = {"State": state, "NetworkSettings": {"Ports": ports}, "HostConfig": {"PortBindings": bindings}}
            return Reply(200, body)
        if call.method == "GET" and call.path.startswith("/images/"):
            name = call.path.removeprefix("/images/").removesuffix("/json")
            return Reply(200, self.images[name]) if name in self.images else Reply(404, {"message": "no"})
        return Reply(201 if call.path.endswith("/tag") else 200, [])

    def changes(self):
        return [(each.method, each.path, each.query) for each in self.calls if each.method != "GET"]


def asked(seat, engine, method, target, body=None, headers=()):  # noqa: PLR0913, PLR0917  a request's parts
    version, path, query = policy.parse_target(target, seat.api)
    row = policy.route(method, path, query)
    return perform(policy.decide(row, Request(method, version, path, query, headers, body), seat), engine)


def with_registry(**bounds) -> Seat:
    seat = a_seat(**bounds)
    seat.own("container", "c" * 64, "registry")
    seat.own("registry", "c" * 64, parent="v" * 64)
    return seat


@pytest.mark.parametrize(
    ("text", "on_engine"),
    [
        (f"localhost:5000/shop/web@sha256:{HEX}", f"labkit.invalid/ada/d/localhost__5000/shop/web:{HEX}"),
        (f"127.0.0.1:80/a@sha256:{HEX}", f"labkit.invalid/ada/d/127.0.0.1__80/a:{HEX}"),
        ("localhost:5000/shop/web:1.0", "labkit.invalid/ada/h/localhost__5000/shop/web:1.0"),
    ],
)
def test_names_there_and_back(text, on_engine):
    own = Names("ada")
    assert own.image(parse_any(text)) == on_engine
    assert own.plain(f"Untagged: {on_engine}!") == f"Untagged: {text}!"


def test_a_tag_beside_a_digest_says_nothing():
    assert parse_any(f"{HOST}/a:1@sha256:{HEX}") == Pin(HOST, "a", HEX)


@pytest.mark.parametrize("text", ["a@", "a@sha256:12", f"a@md5:{HEX}", f"a@sha256:{HEX.upper()}", f"a@sha256:{HEX}@b"])
def test_no_digest(text):
    with pytest.raises(Malformed):
        parse_any(text)


@pytest.mark.parametrize(
    ("host", "port"),
    [
        ("localhost:5000", 5000),
        ("127.0.0.1:1", 1),
        ("127.9.8.7:5000", 5000),
        *((each, 0) for each in ("localhost", "localhost:0", "localhost:05", "localhost:123456", "localhost:5 ", "")),
        *((each, 0) for each in ("127.0.0.2:5000", "Localhost:5000", "localhost.:5000", "[::1]:5000", "x@localhost:1")),
        *((each, 0) for each in ("localhost:5000:5000", "localhost:\u0665", "127.1:5000", "localhost:5000\n")),
    ],
)
def test_the_port_of_a_registry(host, port):
    assert registries.port_of(host, a_seat(publish="127.9.8.7")) == port


@pytest.mark.parametrize(
    ("body", "is_one"),
    [
        ({}, True),
        ({"Env": ["REGISTRY_AUTH=htpasswd", "REGISTRY_AUTH_HTPASSWD_PATH=/auth/htpasswd"]}, True),
        ({"Env": ["REGISTRY_AUTH_HTPASSWD_REALM=My registry"], "Labels": {"a": "b"}, "Hostname": "x"}, True),
        ({"HostConfig": {"Binds": ["logins:/auth:ro"], "Memory": 1 << 28, "AutoRemove": True}}, True),
        ({"Volumes": {"/var/lib/registry": {}}}, True),
        ({"Env": ["REGISTRY_AUTH"]}, False),
        ({"Env": ["REGISTRY_AUTH=htpasswd\n"]}, False),
        ({"Cmd": "true"}, False),
        ({"HostConfig": {"Binds": ["data:/var/lib/registry"]}}, False),
        ({"HostConfig": {"NetworkMode": "none"}}, False),
    ],
)
def test_what_is_a_registry(body, is_one):
    document = read(models.Container, {"Image": registries.IMAGE, **body})
    assert registries.is_one(document, IMAGE, a_seat()) is is_one
    assert not registries.is_one(document, "sha256:" + "e5" * 32, a_seat())


@pytest.mark.parametrize(
    ("where", "names", "changed"),
    [
        ("/auth", ["htpasswd"], False),
        ("/auth/", ["./htpasswd", "other"], False),
        ("/", ["auth/htpasswd"], False),
        ("/", ["etc/x"], True),
        ("/", ["auth"], True),
        ("/", ["auth/a/b"], True),
        ("/auth", ["a/b"], True),
        ("/auth", ["../etc/x"], True),
        ("/etc", ["htpasswd"], True),
        ("/auth/..", ["x"], True),
        ("auth", ["x"], True),
    ],
)
def test_files_for_logins(where, names, changed):
    told = []
    it = registries.Logins(1 << 20, where, lambda: told.append(1))
    it.feed(tar(*((name, b"x") for name in names)))
    it.close()
    assert bool(told) is changed


def test_a_link_among_the_logins():
    told = []
    info = tarfile.TarInfo("htpasswd")
    info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
    registries.Logins(1 << 20, "/auth", lambda: told.append(1)).feed(info.tobuf() + b"\0" * 1024)
    assert told


def test_a_push_goes_to_the_address_alone():
    seat, engine = with_registry(), Engine()
    seat.own("tag", f"{HOST}/shop:1", f"{HOST}/shop:1", "sha256:" + "1" * 64)
    login = {"username": "a", "password": "ü/+", "email": "", "serveraddress": HOST}
    header = base64.urlsafe_b64encode(json.dumps(login).encode()).decode()
    found = asked(seat, engine, "POST", f"/images/{HOST}/shop/push?tag=1", headers=(("x-registry-auth", header),))
    assert isinstance(found, Relay)
    assert (found.call.path, found.call.query) == (f"/images/{ADDRESS}/shop/push", (("tag", "1"),))
    ((name, sent),) = found.call.headers
    assert name == "X-Registry-Auth"
    written = {"username": "a", "password": "ü/+", "serveraddress": ADDRESS}
    assert json.loads(base64.urlsafe_b64decode(sent)) == written
    assert engine.changes() == [("POST", f"/images/sha256:{'1' * 64}/tag", (("repo", f"{ADDRESS}/shop"), ("tag", "1")))]
    assert found.view({"status": f"to [{ADDRESS}/shop] //127.0.0.1:5000/v2"}) == {
        "status": f"to [{HOST}/shop] //{HOST}/v2"
    }
    assert list(seat.ledger.claims.values()) == [ADDRESS]
    found.ended(False)  # noqa: FBT003  as it is called
    assert not seat.ledger.claims


def test_an_address_is_the_same_port_in_another_form():
    seat = a_seat()
    found = list(transfers.forms(seat, 5000))
    assert len(set(found)) == len(found) > 50
    assert {int(each.removeprefix("127.0.0.1:")) for each in found} == {5000}
    assert all(each.startswith("127.0.0.1:00") for each in found)
    others = {next(transfers.forms(Seat(f"s{n}", seat.ledger), 5000)) for n in range(100)}
    assert len(others) > 30


def test_two_at_once_have_two_names():
    seat, engine = with_registry(), Engine()
    calls = [asked(seat, engine, "POST", f"/images/create?fromImage={HOST}/a&tag=1").call for _ in range(3)]
    assert len({each.query[0] for each in calls}) == 3


def test_what_comes_of_a_pull():
    digest = f"sha256:{HEX}"
    image = {"Id": "sha256:" + "1" * 64, "RepoDigests": [f"{ADDRESS}/a@{digest}", f"127.0.0.1:5000/a@{digest}"]}
    seat, engine = with_registry(), Engine(**{f"{ADDRESS}/a:1": image})
    found = asked(seat, engine, "POST", f"/images/create?fromImage={HOST}/a&tag=1")
    assert perform(found.then(), engine) == []
    assert seat.tags() == {f"{HOST}/a:1": image["Id"]}
    assert seat.pins() == {f"{HOST}/a@{digest}": image["Id"]}
    assert seat.ids("image") == {image["Id"]}
    assert engine.changes()[-1] == ("DELETE", f"/images/{ADDRESS}/a:1", ())
    assert not seat.ledger.intents()
    assert seat.image_and_tag(f"{HOST}/a@{digest}") == (image["Id"], f"{HOST}/a@{digest}")


def test_a_pull_that_fails_is_said_in_the_seats_words():
    seat, engine = with_registry(), Engine()
    found = asked(seat, engine, "POST", f"/images/create?fromImage={HOST}/a&tag=sha256:{HEX}")
    reply = Reply(404, {"message": f"manifest for {ADDRESS}/a@sha256 not found"})
    assert perform(found.failed(reply), engine) == Answer(404, {"message": f"manifest for {HOST}/a@sha256 not found"})
    assert not seat.ledger.intents()


@pytest.mark.parametrize("keeps", [True, False])
def test_what_was_cut_off_is_finished(keeps):
    image = {"Id": "sha256:" + "1" * 64, "RepoDigests": []}
    seat, engine = with_registry(), Engine(**{f"{ADDRESS}/a:1": image})
    it = transfers.begin(seat, Ref(HOST, "a", "1"), keeps=keeps)
    perform(transfers.settle(seat), engine)
    assert engine.changes() == []  # it is under way
    it.end()
    perform(transfers.settle(seat), engine)
    assert engine.changes()[-1] == ("DELETE", f"/images/{ADDRESS}/a:1", ())
    assert bool(seat.tags()) is keeps


def test_what_is_not_there_yet_is_looked_for_once_more():
    seat = with_registry()
    transfers.begin(seat, Ref(HOST, "a", "1"), keeps=True).end()

    def engine(call):
        return (
            Reply(200, {"Volumes": []} if call.path == "/volumes" else []) if call.path.count("/") < 3 else Reply(404)
        )

    perform(settle(seat), engine)
    assert [each.detail.get("again") for each in seat.ledger.intents()] == ["1"]
    perform(settle(seat), engine)
    assert not seat.ledger.intents()


@pytest.mark.parametrize(
    "change",
    [
        {"running": False},
        {"port": "5001"},
        {"restarting": [{"Id": "d" * 64}]},
    ],
)
def test_where_no_registry_answers(change):
    seat, engine = with_registry(), Engine()
    vars(engine).update(change)
    found = asked(seat, engine, "POST", f"/images/create?fromImage={HOST}/a&tag=1")
    assert isinstance(found, Refused)
    assert "No registry of yours" in str(found)
    assert (seat.ledger.claims, seat.ledger.intents(), engine.changes()) == ({}, [], [])


def test_only_the_port_of_a_transfer_is_kept_free():
    seat, engine = with_registry(), Engine()
    seat.own("container", "d" * 64, "web")
    for claim, status in ((ADDRESS, 409), ("127.0.0.1:005001", 200), ("", 200)):
        seat.ledger.claims = {"word": claim} if claim else {}
        found = asked(seat, engine, "POST", "/containers/web/start")
        assert found.status == status
    seat.ledger.claims = {"word": ADDRESS}
    seat.own("network", "e" * 64, "net")
    assert asked(seat, engine, "POST", "/networks/net/connect", {"Container": "web"}).status == 409
    assert asked(seat, engine, "POST", "/containers/registry/restart").status == 200
    with pytest.raises(Refused, match="under way"):
        registries.touch(seat, "c" * 64)


def test_a_login():
    seat, engine = with_registry(), Engine()
    body = {"username": "a", "password": "b", "serveraddress": HOST}
    asked(seat, engine, "POST", "/auth", body)
    (sent,) = [each for each in engine.calls if each.path == "/auth"]
    assert sent.body == {**body, "serveraddress": ADDRESS}
    assert (seat.ledger.claims, seat.ledger.intents()) == ({}, [])


def test_from_a_digest_names_no_registry():
    """The engine would ask the registry for it, whoever answers there now."""
    seat = with_registry()
    image = "sha256:" + id_of("pinned")
    seat.own("image", image, parent="harmless")
    seat.own("pin", f"{HOST}/a@sha256:{HEX}", f"{HOST}/a@sha256:{HEX}", image)
    text = Dockerfile(seat, {}, kit=False).rewrite(f"FROM {HOST}/a@sha256:{HEX}\n".encode()).decode()
    assert text.split()[:2] == ["FROM", image]


def test_the_last_tag_takes_the_digests_of_its_repository_along():
    image = "sha256:" + "1" * 64
    pins = [f"{HOST}/a@sha256:{HEX}", f"{HOST}/b@sha256:{HEX}"]
    seat, engine = with_registry(), Engine(**{image: {"Id": image}})
    seat.own("image", image)
    for tag in (f"{HOST}/a:1", f"{HOST}/a:2"):
        seat.own("tag", tag, tag, image)
    for pin in pins:
        seat.own("pin", pin, pin, image)
    assert asked(seat, engine, "DELETE", f"/images/{HOST}/a:1").status == 200
    assert list(seat.pins()) == pins
    assert asked(seat, engine, "DELETE", f"/images/{HOST}/a:2").status == 200
    assert list(seat.pins()) == pins[1:]
    assert asked(seat, engine, "DELETE", f"/images/{pins[1]}").status == 200
    assert not seat.pins()


def test_an_image_that_is_here_by_its_digest_alone_is_listed():
    image = "sha256:" + "1" * 64
    pin = f"{HOST}/a@sha256:{HEX}"
    seat = a_seat()
    seat.own("image", image)
    seat.own("pin", pin, pin, image)
    listed = {"Id": image, "RepoTags": [seat.names.image(parse_any(pin))], "RepoDigests": None, "Created": 1}

    def images(filters):
        query = "?filters=" + quote(json.dumps(filters))
        return asked(seat, lambda _: Reply(200, [dict(listed)]), "GET", "/images/json" + query).body

    for filters in ({}, {"reference": [f"{HOST}/a"]}, {"reference": [f"{HOST}/*"]}, {"dangling": ["false"]}):
        (found,) = images(filters)
        assert (found["RepoTags"], found["RepoDigests"]) == ([], [pin])
    for filters in ({"reference": [f"{HOST}/b"]}, {"reference": [f"{HOST}/a:1"]}, {"dangling": ["true"]}):
        assert images(filters) == []
