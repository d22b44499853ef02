"""Layers read where the engine keeps them hold what `docker save` writes out, or are not read so."""

from __future__ import annotations

import pytest

from labkit import known, unpacked
from labkit.image import Image
from labkit.known import chains, course_chains
from labkit.layers import read_archive
from labkit.sandbox import Sandbox
from labkit.workspace import SourceFile

BASE = "alpine:3.20"
MANY = "for one in 1 2 3 4 5; do for two in 1 2 3 4 5; do mkdir -p /m/$one$two; touch /m/$one$two/{}; done; done"
STEPS = {
    "nothing removed": "COPY a.txt b.txt /app/\nRUN cd /app && ln a.txt hard && ln -s a.txt soft && chmod 4755 b.txt",
    "a base's file removed": "RUN rm /etc/passwd /bin/arch && chown 1000 /etc/group",
    "a file removed later": "COPY a.txt b.txt /app/\nRUN rm /app/a.txt\nRUN touch /app/c",
    "a folder removed": "COPY a.txt b.txt /app/\nRUN rm -r /app\nRUN touch /other",
    "a folder replaced in a later step": "COPY a.txt b.txt /app/\nRUN rm -r /app\nCOPY b.txt /app/",
    "a folder becomes a file": "COPY a.txt b.txt /app/\nRUN rm -r /app && touch /app",
    "a folder becomes a link": "COPY a.txt b.txt /app/\nRUN rm -r /app && ln -s /etc /app",
    "odd names": "COPY a.txt /app/\nRUN touch '/a b' /app/.wh.mine \"$(printf 'a\\nb')\" /ümlaut && mkdir -p '/x y/z'",
    "many folders near each other": f"RUN {MANY.format('a')}\nRUN {MANY.format('b')}",
    "no layer of its own": "ENV A=b",
}
# Left to the archive: a folder that is replaced is not seen unpacked, and the last one could be anything.
REPLACED = {
    "a folder replaced in the same step": "COPY a.txt b.txt /app/\nRUN rm -r /app && mkdir /app && touch /app/new",
    "one deeper": "COPY a.txt /app/deep/down/\nRUN cd /app && touch x && rm -r deep && mkdir deep && touch deep/y",
    "a base's": "RUN rm -r /sbin && mkdir /sbin && touch /sbin/mine",
    "one of two": "COPY a.txt /one/\nCOPY a.txt /two/\nRUN touch /one/x && rm -r /two && mkdir /two",
    "something else where the layers are shown": "COPY a.txt /app/\nRUN ln -s /app /.labkit-layers",
    "one of many": f"RUN {MANY.format('a')}\nRUN {MANY.format('b')}; rm -r /m/23 && mkdir /m/23",
    "and filled again": "COPY a.txt /app/\nRUN rm -r /app && mkdir /app && touch /app/b\nRUN touch /app/c",
}
FILES = {name: SourceFile(f"this is {name}: lamp-{name[0]}".encode()) for name in ("a.txt", "b.txt")}


@pytest.fixture(scope="module")
def box(engine, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LABKIT_STATE", str(tmp_path_factory.mktemp("state")))
        with Sandbox(engine) as box:
            yield box


def built(box, steps):
    dockerfile = SourceFile(f"FROM {BASE}\n{steps}\n".encode())
    return box.look(box.build({**FILES, "Dockerfile": dockerfile}).image_id)


def read(engine, image):
    inspected = engine.image(image.id)
    known = [None] * len(image.diff_ids)
    return unpacked.read(engine, inspected, known, words=[b"lamp-a", b"lamp-b"], labels={})


def saved(engine, image):
    return read_archive(engine.save(image.id), [b"lamp-a", b"lamp-b"])


def plain(contents):
    """What layers hold, but for the words that a folder was replaced as a whole, which is not seen unpacked."""
    return [(each.files, sorted(p for p in each.removed if p[-1] != "/"), each.found) for each in contents]


def check_that_a_container_sees(engine, box, image):
    known.forget()
    container = box.run(image.id, ["sleep", "60"])
    seen = set(engine.exec(container.id, ["find", "/", "-xdev", "-print0"])[1].split("\0"))
    given = {"", "/", "/.dockerenv", "/dev", "/proc", "/sys"}
    given |= {f"/etc/{name}" for name in ("hostname", "hosts", "resolv.conf", "mtab")}
    said = {f"/{path}" for path in image.files}
    kernels = {path for path in said | seen if path.startswith(("/dev/", "/proc/", "/sys/"))}
    assert said - given - kernels == seen - given - kernels


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS)
def test_unpacked_layers_hold_what_the_archive_holds(engine, box, steps):
    image = built(box, steps)
    if unpacked.folders(engine.image(BASE)):  # else this engine keeps them otherwise
        assert plain(read(engine, image)) == plain(saved(engine, image))
    check_that_a_container_sees(engine, box, image)


@pytest.mark.parametrize("steps", REPLACED.values(), ids=REPLACED)
def test_what_is_not_seen_is_left_to_the_archive(engine, box, steps):
    image = built(box, steps)
    assert read(engine, image) is None
    check_that_a_container_sees(engine, box, image)


def test_what_is_known_is_not_read_again(box, monkeypatch):
    below, image = built(box, "COPY a.txt /app/"), built(box, "COPY a.txt /app/\nCOPY b.txt /app/")
    assert below.find(["lamp-a", "lamp-b"]) == {"lamp-a": "app/a.txt"}
    asked = []
    real = unpacked.read_folders
    monkeypatch.setattr(unpacked, "read_folders", lambda chunks, words: asked.append(real(chunks, words)) or asked[-1])
    assert image.find(["lamp-a", "lamp-b"]) == {"lamp-a": "app/a.txt", "lamp-b": "app/b.txt"}
    assert image.files["app/b.txt"].size == len(FILES["b.txt"].data)
    assert [list(each) for each in asked] == [[str(len(image.diff_ids) - 1)]]


def test_the_course_images_are_read_once_for_all_processes(engine, monkeypatch, tmp_path):
    monkeypatch.setenv("LABKIT_CACHE", str(tmp_path))
    known.forget()
    first = Image(engine, BASE).files
    known.forget()
    monkeypatch.setattr(unpacked, "read", lambda *_, **__: pytest.fail("read again"))
    assert Image(engine, BASE).files == first
    for path in tmp_path.glob("layers-1/*"):
        path.write_bytes(b"broken")
    assert known.recall(chains(Image(engine, BASE).diff_ids), frozenset(), course_chains(engine))[0] is not None
    known.forget()
    monkeypatch.undo()
    assert Image(engine, BASE).files == first
