"""The checks of what is in a registry, and how a registry is asked."""

from __future__ import annotations

import base64
import gzip
import hashlib
import http.server
import json
import threading

import pytest
from tar_tools import tar

from labkit.checks.registry import CHECKS
from labkit.commands import Transcript
from labkit.errors import Absent, SandboxError
from labkit.remote import KINDS, Remote
from labkit.result import Outcome
from labkit.testing import FakeEvidence, FakeImage, FakeRegistry, FakeWorld

RIGHT, OTHER = "sha256:" + "1" * 64, "sha256:" + "2" * 64
FILES = {"/greeting.txt": b"Hello\n"}
HOLDS = {"repository": "team/app", "tag": "1.0", "path": "/greeting.txt", "contains": "Hello"}


def judged(check, evidence, /, **arguments):
    finding = CHECKS[check](evidence, **arguments)
    assert finding.saw
    assert finding.outcome is Outcome.PASS or (finding.want and finding.why)
    return finding


def holding(*, said="", images=(), pins=(), **repositories):
    held = {name.replace("__", "/"): tags for name, tags in repositories.items()}
    world = FakeWorld(images=dict.fromkeys(images, FakeImage()), pins=pins)
    return FakeEvidence(registry=FakeRegistry(held), commands=Transcript(said, 0), world=world)


@pytest.mark.parametrize(
    ("evidence", "says"),
    [
        (holding(), "It is empty."),
        (holding(said="…\nno basic auth credentials\n"), "One command said: no basic auth credentials."),
        (holding(app={"1.0": (RIGHT, FILES)}), "It has: app."),
        (holding(team__app={"latest": (RIGHT, FILES)}), "no tag 1.0. It has: latest."),
        (holding(team__app={"1.0": (RIGHT, {})}), "there is no /greeting.txt"),
        (holding(team__app={"1.0": (RIGHT, {"/greeting.txt": b"Good bye\n"})}), "says 'Good bye"),
    ],
)
def test_what_the_registry_does_not_hold(evidence, says):
    finding = judged("registry_holds", evidence, **HOLDS)
    assert (finding.outcome, says in finding.saw) == (Outcome.FAIL, True), finding.saw


def test_what_it_holds():
    evidence = holding(team__app={"1.0": (RIGHT, FILES), "2.0": (OTHER, {})}, other={})
    assert judged("registry_holds", evidence, **HOLDS).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("tags", "says"),
    [
        ({"1.0": (RIGHT, {}), "stable": (RIGHT, {}), "latest": (OTHER, {})}, ""),
        ({"1.0": (RIGHT, {}), "stable": (OTHER, {})}, "are different images"),
        ({"1.0": (RIGHT, {}), "Stable": (RIGHT, {})}, "no tag stable. It has: 1.0, Stable."),
    ],
)
def test_tags_that_agree(tags, says):
    finding = judged("registry_tags_agree", holding(app=tags), repository="app", tags=["1.0", "stable"])
    assert finding.outcome is (Outcome.FAIL if says else Outcome.PASS)
    assert says in finding.saw


@pytest.mark.parametrize(
    ("images", "left"),
    [
        (["alpine:3.20", "registry:2"], ""),
        (["other/app:1.0", "myapp:1.0", "team/app/x:1", "host/team/app:1"], ""),
        (["app:1.0"], "app:1.0 is still here"),
        (["localhost:5001/team/app:stable", "app:2"], "app:2, localhost:5001/team/app:stable are still here"),
        (["registry.example.com/app:1"], "registry.example.com/app:1 is"),
        (["localhost/app:1"], "localhost/app:1 is"),
    ],
)
def test_tags_that_are_left(images, left):
    finding = judged("no_tags_left", holding(images=images), names=["app", "team/app"])
    assert finding.outcome is (Outcome.FAIL if left else Outcome.PASS)
    assert left in finding.saw


@pytest.mark.parametrize(
    ("pins", "says"),
    [
        ([f"localhost:5001/team/app@{RIGHT}"], ""),
        ([f"127.0.0.1:5001/team/app@{RIGHT}", f"localhost:5001/team/app@{OTHER}"], ""),
        ([], "not here by any digest"),
        ([f"localhost:5001/team/app@{OTHER}"], "by another one"),
        ([f"localhost:5001/app@{RIGHT}"], "not here by any digest"),
    ],
)
def test_what_came_back(pins, says):
    evidence = holding(team__app={"1.0": (RIGHT, {})}, pins=pins)
    finding = judged("pulled_by_digest", evidence, repository="team/app", tag="1.0")
    assert finding.outcome is (Outcome.FAIL if says else Outcome.PASS)
    assert says in finding.saw


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ("$ docker login x -u me --password-stdin\nLogin Succeeded\n", ""),
        ("$ echo s3cret\n$ docker login x --password-stdin\n", ""),
        ("$ docker login x -u me -p s3cret\nLogin Succeeded\n", "docker login x -u me -p ****"),
        ("$ docker ps\n$ docker login --password=s3cret x\n", "--password=****"),
        ("docker login -p s3cret\n", ""),  # something printed it
    ],
)
def test_a_password_in_a_command(said, says):
    finding = judged("password_by_stdin", holding(said=said), password="s3cret")  # noqa: S106  none
    assert finding.outcome is (Outcome.FAIL if says else Outcome.PASS)
    assert says in finding.saw
    assert "s3cret" not in finding.saw


# -- a registry that answers -----------------------------------------------------------------------------------


def digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


LAYERS = [
    gzip.compress(tar(("a/one", b"1"), ("a/two", b"2"), ("b/gone", b"x"), ("c/d/deep", b"x"), ("./kept", b"k"))),
    tar(("a/two", b"22"), ("b/.wh.gone", b""), (".wh.c", b"")),
    gzip.compress(tar(("e", b"e"))),
]
CONFIG = json.dumps({"config": {"Cmd": ["x"]}}).encode()
MANIFEST = json.dumps(
    {
        "mediaType": KINDS[0],
        "config": {"digest": digest(CONFIG)},
        "layers": [{"digest": digest(each), "size": len(each)} for each in LAYERS],
    }
).encode()
INDEX = json.dumps(
    {
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [{"digest": digest(MANIFEST)}, {"digest": OTHER}],
    }
).encode()
FOUND = {
    "_catalog": json.dumps({"repositories": ["team/app", "b"]}).encode(),
    "team/app/tags/list": json.dumps({"tags": ["2", "1"]}).encode(),
    "empty/tags/list": json.dumps({"tags": None}).encode(),
    "team/app/manifests/1": MANIFEST,
    "team/app/manifests/2": INDEX,
    f"team/app/manifests/{digest(MANIFEST)}": MANIFEST,
    **{f"team/app/blobs/{digest(each)}": each for each in (*LAYERS, CONFIG)},
}


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        wanted = "Basic " + base64.b64encode(b"me:word").decode()
        content = FOUND.get(self.path.removeprefix("/v2/"))
        self.send_response(401 if self.headers["Authorization"] != wanted else 200 if content is not None else 404)
        self.send_header("Docker-Content-Digest", digest(content or b""))
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def host():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def remote(host):
    return Remote(host, ("me", "word"))


def test_a_registrys_lists(remote):
    assert remote.repositories() == ["b", "team/app"]
    assert remote.tags("team/app") == ["1", "2"]
    assert remote.tags("empty") == remote.tags("nothing") == []


def test_an_image_in_a_registry(remote):
    one, two = remote.image("team/app", "1"), remote.image("team/app", "2")
    assert (one.digest, two.digest) == (digest(MANIFEST), digest(INDEX))
    assert one.image_id == two.image_id == digest(CONFIG)
    assert [size for _, size in one.layers] == [len(each) for each in LAYERS]
    assert remote.config("team/app", "1")["config"]["Cmd"] == ["x"]
    with pytest.raises(Absent):
        remote.image("team/app", "3")


@pytest.mark.parametrize(
    ("path", "content"),
    [
        *(("/a/one", b"1"), ("/a/two", b"22"), ("kept", b"k"), ("/e", b"e")),
        *(("/b/gone", None), ("/c/d/deep", None), ("/nothing", None)),
    ],
)
def test_files_in_a_registry(remote, path, content):
    if content is None:
        with pytest.raises(FileNotFoundError):
            remote.read("team/app", "1", path)
    else:
        assert remote.read("team/app", "1", path) == content


def test_a_registry_that_does_not_answer(host):
    with pytest.raises(SandboxError, match="does not let us in"):
        Remote(host).repositories()
    with pytest.raises(SandboxError, match="does not answer"):
        Remote("127.0.0.1:1").repositories()
