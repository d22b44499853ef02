"""What comes in a tar: build contexts, archives of images, copies; and BuildKit's sessions."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import secrets
import socket
import tarfile

import pytest
from live_guard import SMALL
from world import ask, tar

REFUSED = range(400, 500)
pytestmark = pytest.mark.usefixtures("unchanged")


LAYER = tar([("a", b"a")])
LAYERS = {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(LAYER).hexdigest()]}
CONFIG = json.dumps({"config": {}, "rootfs": LAYERS}).encode()


def kind(type_, target=""):
    info = tarfile.TarInfo()
    info.type, info.linkname = type_, target
    return info


def gnu_prefix():
    """A name that Python's reader takes for ``x/Dockerfile``, and Go's for ``Dockerfile``."""
    good, bad = f"FROM {SMALL}\n".encode(), b"FROM redis\n"
    whole = tar([("x/Dockerfile", good), ("Dockerfile", bad)])
    at = whole.index(b"Dockerfile\0", 1024)
    block = bytearray(whole[at : at + 512])
    block[257:265] = b"ustar  \0"
    block[345:346] = b"x"
    block[148:156] = b" " * 8
    block[148:156] = f"{sum(block):06o}\0 ".encode()
    return tar([("Dockerfile", good)])[:1024] + bytes(block) + whole[at + 512 :]


FROM_OTHERS = {
    "another's image": "FROM {vtag}\n",
    "another's image by id": "FROM {vimage}\n",
    "somebody's image": "FROM {bytag}\n",
    "an image from outside": "FROM redis\n",
    "a copy from another's image": "FROM " + SMALL + "\nCOPY --from={vtag} / /\n",
    "a copy in disguise": "FROM " + SMALL + "\nCOPY --fr\\om={vtag} / /\n",
    "from an address": "FROM " + SMALL + "\nADD http://127.0.0.1:1/x /\n",
    "a mark before it": "\ufeffFROM {vtag}\n",
    "in a trigger": "FROM " + SMALL + "\nONBUILD COPY --from={vtag} / /\n",
    "behind an argument": "ARG A={vtag}\nFROM $A\n",
    "behind an escape": "# escape=`\nFROM " + SMALL + "\nRUN a `\nFROM {vtag}\n",
}


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("name", FROM_OTHERS)
def test_builds(world, guard, me, name, version):
    text = world.fill(FROM_OTHERS[name]).encode()
    # BuildKit's builds send the context in a request of its own.
    target = "/build?t=stolen" if version == "1" else "/build?version=2&buildid=upload-request:a"
    status, found = ask(guard, me, "POST", target, tar([("Dockerfile", text)]))
    assert status in REFUSED, found


GOOD = b"FROM scratch\nCOPY a /a\n"
BAD = b"FROM redis\n"
CONTEXTS = {
    "none": b"",
    "no Dockerfile": tar([("a", b"a")]),
    "a Dockerfile that is a link": tar([("b", BAD), ("Dockerfile", kind(tarfile.SYMTYPE, "b"))]),
    "a Dockerfile that is a hard link": tar([("b", BAD), ("Dockerfile", kind(tarfile.LNKTYPE, "b"))]),
    "a second Dockerfile": tar([("Dockerfile", GOOD), ("Dockerfile", BAD)]),
    "a second one by another path": tar([("Dockerfile", GOOD), ("x/../Dockerfile", BAD)]),
    "a second one from the root": tar([("Dockerfile", GOOD), ("/Dockerfile", BAD)]),
    "the other spelling": tar([("dockerfile", BAD)]),
    "through a link to here": tar([("Dockerfile", GOOD), ("x", kind(tarfile.SYMTYPE, ".")), ("x/Dockerfile", BAD)]),
    "through a hard link to a link": tar(
        [
            ("Dockerfile", GOOD),
            ("x", kind(tarfile.SYMTYPE, ".")),
            ("y", kind(tarfile.LNKTYPE, "x")),
            ("y/Dockerfile", BAD),
        ]
    ),
    "a device": tar([("Dockerfile", GOOD), ("d", kind(tarfile.BLKTYPE))]),
    "a pipe": tar([("Dockerfile", GOOD), ("d", kind(tarfile.FIFOTYPE))]),
    "cut off": tar([("Dockerfile", GOOD), ("a", b"a" * 4000)])[:2500],
    "compressed and cut off": gzip.compress(tar([("Dockerfile", GOOD)]))[:60],
    "compressed in another way": b"BZh91AY&SY" + bytes(600),
    "no tar": b"hello" * 300,
}


@pytest.mark.parametrize("name", CONTEXTS)
def test_contexts(guard, me, name):
    status, found = ask(guard, me, "POST", "/build?t=stolen", CONTEXTS[name])
    assert status in REFUSED, found


def test_a_name_that_readers_take_differently(guard, me):
    """The engine gets the header as the guard has read it, so it builds from the file that was judged."""
    status, found = ask(guard, me, "POST", "/build", gnu_prefix())
    assert (status, SMALL in found, "redis" in found) == (200, True, False)


def test_a_dockerfile_whose_folder_becomes_a_link(guard, me):
    context = tar([("s/Dockerfile", GOOD), ("o/Dockerfile", BAD), ("s", kind(tarfile.SYMTYPE, "o"))])
    status, found = ask(guard, me, "POST", "/build?t=stolen&dockerfile=s/Dockerfile", context)
    assert status in REFUSED, found


def test_triggers_of_a_loaded_image(guard, me):
    """The engine would run them in the build; where they come from, nobody has looked at them."""
    name = f"trap{secrets.token_hex(4)}"
    config = {"config": {"OnBuild": ["ADD http://127.0.0.1:1/x /"]}, "rootfs": LAYERS}
    archive = archive_of([f"{name}:1"], **{"c.json": json.dumps(config).encode()})
    assert ask(guard, me, "POST", "/images/load?quiet=1", archive)[0] == 200
    status, found = ask(guard, me, "POST", "/build?t=stolen", tar([("Dockerfile", f"FROM {name}:1\n".encode())]))
    assert (status, "ONBUILD" in found["message"]) == (403, True)
    assert ask(guard, me, "DELETE", f"/images/{name}:1")[0] == 200


def archive_of(names, **more):
    manifest = [{"Config": "c.json", "RepoTags": names, "Layers": ["l.tar"]}]
    files = {"c.json": CONFIG, "l.tar": LAYER, "manifest.json": json.dumps(manifest).encode(), **more}
    return tar(files.items())


@pytest.mark.parametrize("key", ["vtag", "bytag", "course"])
def test_loading_onto_a_name_of_others(world, guard, me, key):
    """The name in the archive becomes the attacker's own; the one on the engine stays where it is."""
    before, name = world.now(), world.words[key]
    ask(guard, me, "POST", "/images/load?quiet=1", archive_of([name]))
    assert world.now() == before
    ask(guard, me, "DELETE", f"/images/{name}?force=1")
    assert world.now() == before


ARCHIVES = {
    "a list of names that is none": archive_of([], **{"manifest.json": b"{}"}),
    "names twice": archive_of([], **{"manifest.json": b'[{"RepoTags":[],"RepoTags":["alpine:3.20"]}]'}),
    "a name with dots": archive_of(["../../x:1"]),
    "a name like an id": archive_of(["deadbeefdead:1"]),
    "a list that is a link": tar([("c.json", CONFIG), ("m", b"[]"), ("manifest.json", kind(tarfile.SYMTYPE, "m"))]),
    "through a link to here": tar([("x", kind(tarfile.SYMTYPE, ".")), ("x/manifest.json", b"[]")]),
    "compressed": gzip.compress(archive_of(["a:1"])),
    "cut off": archive_of(["a:1"])[:700],
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_archives(guard, me, name):
    status, found = ask(guard, me, "POST", "/images/load", ARCHIVES[name])
    assert status in REFUSED, found


@pytest.mark.parametrize("tool", ["gzip", "bzip2", "xz", "zstd"])
def test_a_compressed_copy(world, guard, me, tool):
    begin = {"gzip": gzip.compress(b"x" * 600), "bzip2": b"BZh9", "xz": b"\xfd7zXZ\x00", "zstd": b"\x28\xb5\x2f\xfd"}
    target = f"/containers/{world.words['mine']}/archive?path=/"
    status, found = ask(guard, me, "PUT", target, begin[tool] + bytes(600))
    assert (status, "compressed tar" in found["message"]) == (415, True)


def test_a_device_in_a_copy(world, guard, me):
    target = f"/containers/{world.words['mine']}/archive?path=/"
    status, found = ask(guard, me, "PUT", target, tar([("d", kind(tarfile.CHRTYPE))]))
    assert (status, "no file, folder or link" in found["message"]) == (403, True)


# -- sessions ----------------------------------------------------------------------------------------------------


@pytest.fixture
def session(guard, other):
    """A session that another seat has opened, and holds."""
    uuid = secrets.token_hex(12)
    with socket.socket(socket.AF_UNIX) as there:
        there.connect(str(guard.socket(other)))
        there.sendall(begin_session(uuid))
        there.settimeout(10)
        assert b" 101 " in there.recv(200)
        yield uuid


def begin_session(uuid):
    lines = ["POST /session HTTP/1.1", "Host: d", "Connection: Upgrade", "Upgrade: h2c"]
    return "\r\n".join([*lines, f"X-Docker-Expose-Session-Uuid: {uuid}", "", ""]).encode()


def test_building_with_anothers_session(guard, me, session):
    status, found = ask(guard, me, "POST", f"/build?version=2&remote=client-session&session={session}")
    assert (status, "no active session" in found["message"]) == (400, True)


def test_opening_anothers_session(guard, me, session):
    assert b" 400 " in guard.raw(me, begin_session(session))


def test_opening_ones_own_session_twice(guard, other, session):
    assert b" 400 " in guard.raw(other, begin_session(session))


@pytest.mark.parametrize("uuid", ["", "a", "../../x", "A" * 12, "a b c d e f g", "x" * 100])
def test_odd_sessions(guard, me, uuid):
    assert b" 400 " in guard.raw(me, begin_session(uuid))


def test_a_hijack_of_another_kind(world, guard, me):
    """A tar is read to its end only: what stands behind it is none of the engine's."""
    behind = f"DELETE /containers/{world.words['victimid']}?force=1 HTTP/1.1\r\nHost: d\r\n\r\n".encode()
    body = io.BytesIO(tar([("Dockerfile", BAD)]) + behind).getvalue()
    head = f"POST /build HTTP/1.1\r\nHost: d\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    assert guard.raw(me, head + body).startswith(b"HTTP/1.1 404")
