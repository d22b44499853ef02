"""Images are stored once for all, so that two seats and the engine's own user may have the very same one.

What one of them does with it must not take it, or a name of it, from the others, nor bring into their builds what they
did not write.
"""

from __future__ import annotations

import hashlib
import io
import json
import secrets
import socket
import tarfile
import time

import pytest
from live_guard import SMALL, end
from live_guard import live as start
from world import ask, tar

pytestmark = pytest.mark.usefixtures("unchanged")
CONTENT = tar([("evil", b"evil")])
DIGEST = "sha256:" + hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def word():
    """A word that makes a build another than all before."""
    return f"w{secrets.token_hex(6)}"


def steps(*lines, base=SMALL):
    return tar([("Dockerfile", "\n".join([f"FROM {base}", *lines, ""]).encode())])


def build(guard, seat, context, query=""):
    """Build without a name unless the query gives one; give the image's id."""
    status, found = ask(guard, seat, "POST", f"/build?q=1{query}", context)
    assert status == 200, found
    return found["stream"].strip()


def names_of(engine, image):
    return sorted(engine.client.api.inspect_image(image)["RepoTags"])


# -- what several have -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["", "?force=1", "?force=1&noprune=1"])
def test_removing_the_courses_image_by_its_id(guard, me, engine, query):
    """A build of FROM alone makes no image of its own; the id that comes out is the course's."""
    image = build(guard, me, steps())
    before = names_of(engine, image)
    status, found = ask(guard, me, "DELETE", f"/images/{image}{query}")
    assert (status, "course's images" in found["message"]) == (409, True)
    assert names_of(engine, image) == before


def test_loading_the_courses_image_does_not_make_it_ones_own(guard, me, engine):
    archive = b"".join(engine.client.images.get(SMALL).save(named=True))
    assert ask(guard, me, "POST", "/images/load?quiet=1", archive)[0] == 200
    image = engine.client.images.get(SMALL).id
    before = names_of(engine, image)
    assert ask(guard, me, "DELETE", f"/images/{SMALL}")[0] == 200  # the seat's own name for it
    assert ask(guard, me, "DELETE", f"/images/{image}?force=1")[0] == 409
    own = f"{guard.names(me).repository}o/{SMALL}"
    assert names_of(engine, image) == [name for name in before if name != own]


@pytest.mark.parametrize("how", ["DELETE /images/ID", "DELETE /images/ID?force=1", "POST /images/prune"])
def test_an_image_that_a_bystander_has_too(guard, me, engine, word, how):
    """The builder's cache gives both the same image; the seat's has no name, the other's has."""
    by_a_bystander(engine, word, steps(f"ENV a={word}"))
    image = build(guard, me, steps(f"ENV a={word}"))
    assert names_of(engine, word) == [f"{word}:latest"]
    assert engine.client.images.get(word).id == image
    method, target = how.replace("ID", image).split()
    assert ask(guard, me, method, target)[0] == 200
    assert names_of(engine, image) == [f"{word}:latest"]
    engine.client.images.remove(word)


def by_a_bystander(engine, name, context):
    """Build an image without the guard; leave no container."""
    engine.client.images.build(fileobj=Bytes(context), custom_context=True, tag=name, rm=True)


class Bytes:
    """A file of bytes for the SDK."""

    def __init__(self, content):
        self._left = content

    def read(self, most=-1):
        part, self._left = (self._left, b"") if most < 0 else (self._left[:most], self._left[most:])
        return part


def test_a_seat_that_is_cleared(engine, word):
    """What it leaves without a name may have somebody else's."""
    it = start(engine.url)
    by_a_bystander(engine, word, steps(f"ENV b={word}"))
    image = build(it, it.seats[0], steps(f"ENV b={word}"))
    end(it)
    assert names_of(engine, image) == [f"{word}:latest"]
    engine.client.images.remove(word)


@pytest.mark.parametrize("more", [(), ("ENV more=1",)])
def test_a_nameless_image_of_another_seat(guard, me, other, word, more):
    """The last name of the same image, or of one that was built on it, goes; the other's image stays."""
    theirs = build(guard, other, steps(f"ENV c={word}"))
    build(guard, me, steps(f"ENV c={word}", *more), f"&t={word}")
    assert ask(guard, me, "DELETE", f"/images/{word}?force=1")[0] == 200
    assert ask(guard, other, "GET", f"/images/{theirs}/json")[0] == 200
    assert ask(guard, other, "DELETE", f"/images/{theirs}")[0] == 200


def test_events_of_an_image_that_others_have_too(guard, me, other, engine, word):
    image = build(guard, me, steps(f"ENV d={word}"), f"&t=mine{word}")
    begin = int(time.time()) - 1
    engine.client.images.get(image).tag(f"by{word}")
    assert ask(guard, other, "POST", f"/build?t=theirs{word}&q=1", steps(f"ENV d={word}"))[0] == 200
    assert ask(guard, me, "POST", f"/images/mine{word}/tag?repo=again{word}")[0] == 201
    told = str(ask(guard, me, "GET", f"/events?since={begin}&until={int(time.time()) + 1}")[1])
    assert f"again{word}" in told
    assert f"by{word}" not in told
    assert f"theirs{word}" not in told
    engine.client.images.remove(f"by{word}")
    for seat, name in ((me, "mine"), (me, "again"), (other, "theirs")):
        assert ask(guard, seat, "DELETE", f"/images/{name}{word}")[0] == 200


def test_how_many_containers_others_have_of_an_image(guard, me):
    """The victim has two of the base image, the bystander one, the attacker one."""
    found = ask(guard, me, "GET", "/system/df")[1]["Images"]
    assert [each["Containers"] for each in found if each["RepoTags"] == [SMALL]] == [1]


def test_pruning_takes_ones_own_alone(engine, word):
    """Another guard's seat has everybody else as bystanders; see `unchanged`."""
    it = start(engine.url)
    seat = it.seats[0]
    made = ask(it, seat, "POST", "/containers/create", {"Image": SMALL, "Volumes": {"/v": {}}})[1]["Id"]
    image = build(it, seat, steps(f"ENV e={word}"))
    assert ask(it, seat, "POST", "/networks/create", {"Name": "n"})[0] == 201
    assert ask(it, seat, "POST", "/containers/prune")[1]["ContainersDeleted"] == [made]
    assert len(ask(it, seat, "POST", '/volumes/prune?filters={"all":["1"]}'.replace('"', "%22"))[1]["VolumesDeleted"])
    assert ask(it, seat, "POST", "/networks/prune")[1]["NetworksDeleted"] == ["n"]
    gone = ask(it, seat, "POST", '/images/prune?filters={"dangling":["0"]}'.replace('"', "%22"))[1]["ImagesDeleted"]
    assert {"Deleted": image} in gone
    assert ask(it, seat, "POST", "/build/prune?all=1")[1] == {"CachesDeleted": None, "SpaceReclaimed": 0}
    end(it)


# -- what one brings into another's build, or into one's own -------------------------------------------------------


def archive(config, name, **more):
    """An archive for `docker load` of one image with one layer; ``more`` is for its entry in the list."""
    whole = {
        "architecture": "amd64",
        "os": "linux",
        "created": "2023-01-01T00:00:00Z",
        "config": {},
        "history": [{"created": "2023-01-01T00:00:00Z", "created_by": "x"}],
        "rootfs": {"type": "layers", "diff_ids": [DIGEST]},
        **config,
    }
    listed = [{"Config": "c.json", "RepoTags": [name], "Layers": ["l.tar"], **more}]
    files = {"c.json": json.dumps(whole).encode(), "l.tar": CONTENT, "manifest.json": json.dumps(listed).encode()}
    return tar(files.items())


def test_an_image_that_says_it_is_a_step_of_a_build(guard, me, other, engine, word):
    """With a parent, the builder would take it for what RUN has made: in another's build, too."""
    base = engine.client.images.get(SMALL)
    parts = b"".join(base.save())
    config = json.loads(member(parts, json.loads(member(parts, "manifest.json"))[0]["Config"]))
    (below,) = json.loads(member(parts, "manifest.json"))[0]["Layers"]
    line = f"echo {word}"
    config["rootfs"]["diff_ids"].append(DIGEST)
    config["history"] += [{"created": "2023-01-01T00:00:00Z", "created_by": line}]
    config["container_config"] = {**config["config"], "Cmd": ["/bin/sh", "-c", line]}
    listed = [{"Config": "c.json", "RepoTags": [f"{word}:1"], "Layers": ["b.tar", "l.tar"], "Parent": base.id}]
    files = {"c.json": json.dumps(config).encode(), "b.tar": member(parts, below), "l.tar": CONTENT}
    forged = tar([*files.items(), ("manifest.json", json.dumps(listed).encode())])
    assert ask(guard, me, "POST", "/images/load?quiet=1", forged)[0] == 200
    image = engine.client.images.get(f"{guard.names(me).repository}o/{word}:1")
    assert not image.attrs["Parent"]
    status, found = ask(guard, other, "POST", f"/build?t={word}", steps(f"RUN {line}"))
    assert (status, "Using cache" in found) == (200, False)
    for seat in (me, other):
        assert ask(guard, seat, "DELETE", f"/images/{word}:{'1' if seat == me else 'latest'}")[0] == 200


def member(whole, name):
    return tarfile.open(fileobj=io.BytesIO(whole)).extractfile(name).read()


def test_a_name_that_gets_another_image_during_the_build(world, guard, me, word):
    """The image that was judged is the one that is built from, however slowly the context comes."""
    build(guard, me, steps(f"ENV f={word}"), f"&t={word}")
    context = tar([("Dockerfile", f"FROM {word}\n".encode()), ("rest", bytes(400_000))])
    trap = archive({"config": {"OnBuild": [f"COPY --from={world.words['byown']} / /stolen"]}}, f"{word}:latest")
    head = f"POST /build?t=got{word} HTTP/1.1\r\nHost: d\r\nContent-Length: {len(context)}\r\nConnection: close\r\n\r\n"
    with socket.socket(socket.AF_UNIX) as there:
        there.connect(str(guard.socket(me)))
        there.sendall(head.encode() + context[:300_000])  # more than the guard reads at once: the Dockerfile is judged
        assert ask(guard, me, "POST", "/images/load?quiet=1", trap)[0] == 200
        there.sendall(context[300_000:])
        answer = b""
        while part := there.recv(1 << 16):
            answer += part
    assert f"FROM {word}:latest".encode() in answer
    assert b"Successfully built" in answer
    assert b"trigger" not in answer
    for name in (word, f"got{word}"):
        assert ask(guard, me, "DELETE", f"/images/{name}?force=1")[0] == 200


@pytest.mark.parametrize(
    "trigger", ["RUN --mount=type=bind,from={byown},target=/m cp -r /m /s", "RUN --network=host a"]
)
def test_triggers_for_buildkit(world, guard, me, trigger):
    status, found = ask(guard, me, "POST", "/build?t=stolen", steps(f"ONBUILD {world.fill(trigger)}"))
    assert (status, "lab does not take" in found["message"]) == (403, True)


def test_an_uploaded_context_with_another_dockerfile(world, guard, me, word):
    """BuildKit would read the Dockerfile that the guard did not look at."""
    context = tar([("other", f"FROM {SMALL}\n".encode()), ("Dockerfile", world.fill("FROM {byown}\n").encode())])
    for name in ("other", "./other", "x/../other"):
        target = f"/build?version=2&buildid=upload-request:{word}&dockerfile={name}"
        status, found = ask(guard, me, "POST", target, context)
        assert (status, "the Dockerfile's name is Dockerfile" in found["message"]) == (403, True)


@pytest.mark.parametrize("kit", [False, True])
def test_another_platform(guard, me, kit):
    """The engine would pull it, and give the course's name to it."""
    version = "&version=2&buildid=upload-request:platform" if kit else ""
    for query, line in (
        ("platform=linux/s390x", f"FROM {SMALL}\n"),
        ("platform=windows", f"FROM {SMALL}\n"),
        ("q=1", f"FROM --platform=linux/s390x {SMALL}\n"),
        ("q=1", f"ARG P=linux/s390x\nFROM --platform=${{P}} {SMALL}\n"),
    ):
        status, found = ask(guard, me, "POST", f"/build?{query}{version}", tar([("Dockerfile", line.encode())]))
        assert (status, "--platform" in found["message"]) == (403, True)


def test_a_nameless_image_as_a_base_for_buildkit(guard, me, word):
    """By an id BuildKit would ask a registry for it."""
    image = build(guard, me, steps(f"ENV g={word}"))
    target = f"/build?version=2&buildid=upload-request:{word}"
    status, found = ask(guard, me, "POST", target, steps(base=image))
    assert (status, "without a name" in found["message"]) == (403, True)
    assert ask(guard, me, "DELETE", f"/images/{image}")[0] == 200


def test_a_health_check_that_an_image_brings(guard, me, engine, word):
    """Nobody has judged what was loaded."""
    check = {"Test": ["CMD", "true"], "Interval": 1_000_000}
    loaded = archive({"config": {"Healthcheck": check, "Cmd": ["a"]}}, f"{word}:1")
    assert ask(guard, me, "POST", "/images/load?quiet=1", loaded)[0] == 200
    made = ask(guard, me, "POST", "/containers/create", {"Image": f"{word}:1"})[1]["Id"]
    found = engine.client.api.inspect_container(made)["Config"]["Healthcheck"]
    assert (found["Test"], found["Interval"]) == (check["Test"], 5_000_000_000)
    assert ask(guard, me, "DELETE", f"/containers/{made}")[0] == 204
    assert ask(guard, me, "DELETE", f"/images/{word}:1")[0] == 200


def test_volumes_that_an_image_brings(guard, me, word):
    loaded = archive({"config": {"Volumes": {f"/v{number}": {} for number in range(60)}}}, f"{word}:1")
    assert ask(guard, me, "POST", "/images/load?quiet=1", loaded)[0] == 200
    status, found = ask(guard, me, "POST", "/containers/create", {"Image": f"{word}:1", "Cmd": ["a"]})
    assert (status, "volumes" in found["message"]) == (403, True)
    assert ask(guard, me, "DELETE", f"/images/{word}:1")[0] == 200
