"""What a build may ask of BuildKit: what is refused, and what the engine gets of the rest."""

from __future__ import annotations

import contextlib

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from labkit.guard.buildkit import judge
from labkit.guard.buildkit.control import progress
from labkit.guard.buildkit.judge import Build
from labkit.guard.buildkit.schema import MESSAGE
from labkit.guard.ledger import Ledger
from labkit.guard.refusal import Refused
from labkit.guard.seat import Seat

REF, SESSION, THEIRS = "a" * 25, "b" * 25, "c" * 25


@pytest.fixture
def seat(tmp_path):
    book = Ledger(tmp_path / "ledger.db")
    other = Seat("bob", book)
    other.own("session", THEIRS, "open")
    other.own("build", THEIRS)
    return Seat("ada", book, {"alpine:3.20": "sha256:" + "a" * 64})


def solve(**fields):
    message = MESSAGE["Solve"](ref=REF, session=SESSION)
    attrs = {key: fields.pop(key) for key in ("frontend_attrs", "exporter_attrs", "inputs") if key in fields}
    for kind, more in fields.pop("exporters", []):
        message.exporters.add(type=kind).attrs.update(more)
    for key, value in attrs.items():
        getattr(message, key).update(value)
    message.MergeFrom(MESSAGE["Solve"](**fields))
    return message.SerializeToString()


SOLVES = {
    "put together elsewhere": ({"definition": b"\x0a\x00"}, "put together elsewhere"),
    "inputs from elsewhere": ({"inputs": {"a": b"\x0a\x00"}}, "put together elsewhere"),
    "a policy of the client's": ({"policy": b"\x0a\x00"}, "put together elsewhere"),
    "the host's network": ({"entitlements": ["network.host"]}, "--allow network.host"),
    "no walls": ({"entitlements": ["security.insecure"]}, "--allow security.insecure"),
    "another frontend": ({"frontend": "gateway.v0"}, "frontend 'gateway.v0'"),
    "a cache": ({"cache": b"\x0a\x01a"}, "--cache-to"),
    "a folder": ({"exporters": [("local", {"dest": "/x"})]}, "--output type=local"),
    "a tar": ({"exporter": "tar"}, "--output type=tar"),
    "an archive": ({"exporters": [("oci", {})]}, "--output type=oci"),
    "a push": ({"exporters": [("image", {"name": "a", "push": "true"})]}, "--push"),
    "two results": ({"exporters": [("moby", {}), ("image", {})]}, "one --output"),
    "a name like an id": ({"exporters": [("moby", {"name": "deadbeefdead"})]}, "reads like"),
    "another's session": ({"session": THEIRS}, "no active session"),
    "a session that is none": ({"session": "../x"}, "no active session"),
    "another's build": ({"ref": THEIRS}, "no name for a build"),
    "a short ref": ({"ref": "a"}, "no name for a build"),
    "a frontend by option": ({"frontend_attrs": {"source": "x/y"}}, "# syntax"),
    "a syntax argument": ({"frontend_attrs": {"build-arg:BUILDKIT_SYNTAX": "x/y"}}, "BUILDKIT_SYNTAX"),
    "a context from an address": ({"frontend_attrs": {"context": "https://x.invalid/a.git"}}, "no folder"),
    "a named context": ({"frontend_attrs": {"context:a": "docker-image://redis"}}, "--build-context"),
    "a host": ({"frontend_attrs": {"add-hosts": "a=127.0.0.1"}}, "--add-host"),
    "a network": ({"frontend_attrs": {"force-network-mode": "host"}}, "--network host"),
    "a control group": ({"frontend_attrs": {"cgroup-parent": "/"}}, "--cgroup-parent"),
    "a request": ({"frontend_attrs": {"requestid": "x.y"}}, "--call x.y"),
    "an unknown option": ({"frontend_attrs": {"new-thing": "1"}}, "new-thing"),
    "another's folder": ({"frontend_attrs": {"local-sessionid:context": THEIRS}}, "no active session"),
    "a shared folder of a name": ({"frontend_attrs": {"local-sessionid:base": SESSION}}, "local-sessionid:base"),
    "another platform": ({"frontend_attrs": {"platform": "linux/amd64,linux/s390x"}}, "--platform"),
    "endless options": ({"frontend_attrs": {"build-arg:A": "a" * (256 << 10)}}, "too long"),
    "an ignore file": ({"frontend_attrs": {"filename": "a.dockerignore"}}, ".dockerignore"),
}


@pytest.mark.parametrize("name", SOLVES)
def test_a_build_that_is_refused(seat, name):
    fields, word = SOLVES[name]
    with pytest.raises(Refused) as error:
        judge.solve(solve(**fields), seat)
    assert word in str(error.value)


def test_an_unknown_field_is_refused(seat):
    with pytest.raises(Refused, match="field 99 of Solve"):
        judge.solve(solve() + b"\x9a\x06\x01a", seat)


def test_a_build_as_the_engine_gets_it(seat):
    wished = {"target": "base", "build-arg:A": "1", "label:labkit.guard": "bob", "label:mine": "1", "vcs:source": "x"}
    body = solve(
        exporters=[("moby", {"name": "shop/web:1,docker.io/library/a", "push": "false"})], frontend_attrs=wished
    )
    ref, build, anew = judge.solve(body, seat)
    found = MESSAGE["Solve"].FromString(anew)
    assert (ref, build.session, list(map(str, build.names))) == (REF, SESSION, ["shop/web:1", "a:latest"])
    assert build.asked == "shop/web:1,docker.io/library/a"
    (exporter,) = found.exporters
    names = "labkit.invalid/ada/o/shop/web:1,labkit.invalid/ada/o/a:latest"
    assert (exporter.type, dict(exporter.attrs)) == ("moby", {"name": names})
    assert dict(found.exporter_attrs) == {"name": names}
    assert dict(found.frontend_attrs) == {
        "target": "base",
        "build-arg:A": "1",
        "label:mine": "1",
        "build-arg:BUILDKIT_CACHE_MOUNT_NS": "ada",
        "force-network-mode": "none",
        "image-resolve-mode": "local",
    }


def bridge(**fields):
    options = fields.pop("options", {})
    message = MESSAGE["BridgeSolve"](frontend="dockerfile.v0", **fields)
    message.options.update(options)
    return message.SerializeToString()


@pytest.mark.parametrize(
    "fields",
    [
        {"definition": b"\x0a\x00"},
        {"cache_imports": [b"\x0a\x01a"]},
        {"policies": [b""]},
        {"exporter_attr": b"a"},
        {"options": {"source": "x/y"}},
        {"options": {"context": "git://x.invalid/a"}},
    ],
)
def test_a_frontends_work_that_is_refused(seat, fields):
    with pytest.raises(Refused):
        judge.bridge_solve(bridge(**fields), seat)


def test_how_a_dockerfile_is_read(seat):
    options = {"build-arg:V": "3.20", "filename": "Dockerfile", "local-sessionid:dockerfile": SESSION}
    reading, anew = judge.bridge_solve(bridge(options=options), seat)
    assert (reading.arguments, reading.folders) == ({"V": "3.20"}, {"local-sessionid:dockerfile": SESSION})
    assert dict(MESSAGE["BridgeSolve"].FromString(anew).options) == {
        **options,
        "build-arg:BUILDKIT_CACHE_MOUNT_NS": "ada",
        "force-network-mode": "none",
        "image-resolve-mode": "local",
    }


@pytest.mark.parametrize("name", ["a.dockerignore", "a.dockerignore/", "a.dockerignore/.", "b/../a.dockerignore//"])
def test_an_ignore_file_is_no_dockerfile(seat, name):
    with pytest.raises(Refused, match="cannot end with"):
        judge.options({"filename": name}, seat)


def test_a_dockerfiles_name_is_cleaned(seat):
    assert judge.options({"filename": "./a//b/../Dockerfile/"}, seat)["filename"] == "a/Dockerfile"


def test_a_frontends_own_words_about_its_result():
    asked = MESSAGE["Return"]()
    for key in ("containerimage.config/linux/amd64", "refs.platforms", "frontend.x", "image.name", "attestation"):
        asked.result.metadata[key] = b"x"
    found = MESSAGE["Return"].FromString(judge.returned(asked.SerializeToString(), Build(SESSION)))
    assert set(found.result.metadata) == {"containerimage.config/linux/amd64", "refs.platforms", "frontend.x"}


def test_a_result_must_be_one_that_the_engine_gave():
    build = Build(SESSION, results={"mine"})
    good, bad = MESSAGE["Return"](), MESSAGE["Return"]()
    good.result.ref.id, bad.result.refs.refs["linux/amd64"].id = "mine", "theirs"
    good.result.metadata["containerimage.config"] = b"{}"
    found = MESSAGE["Return"].FromString(judge.returned(good.SerializeToString(), build))
    assert (found.result.ref.id, dict(found.result.metadata)) == ("mine", {"containerimage.config": b"{}"})
    with pytest.raises(Refused, match="no result"):
        judge.returned(bad.SerializeToString(), build)


def test_progress_shows_the_seats_names(seat):
    message = MESSAGE["Progress"]()
    message.vertexes.add(name="[1/2] FROM labkit.invalid/ada/o/shop:1", error="labkit.invalid/ada/o/shop:1: gone")
    message.statuses.add(id="naming to labkit.invalid/ada/o/shop:1")
    unknown = b"\x92\x03\x01a"  # all else that the engine says stays
    found = progress(message.SerializeToString() + unknown, seat)
    again = MESSAGE["Progress"].FromString(found)
    assert (again.vertexes[0].name, again.statuses[0].id) == ("[1/2] FROM shop:1", "naming to shop:1")
    assert again.vertexes[0].error == "shop:1: gone"
    assert found.endswith(unknown)


WORDS = st.one_of(
    st.text(max_size=20), st.sampled_from(["context", "filename", "build-arg:A", "label:b", "a.dockerignore/", "none"])
)
OPTIONS = st.dictionaries(WORDS, WORDS, max_size=5)


@given(given_options=OPTIONS)
def test_whatever_the_options_the_walls_stand(given_options):
    seat = Seat("ada", Ledger(":memory:"))
    try:
        found = judge.options(given_options, seat)
    except Refused:
        return
    assert (found["force-network-mode"], found["image-resolve-mode"]) == ("none", "local")
    assert found["build-arg:BUILDKIT_CACHE_MOUNT_NS"] == "ada"
    assert not found.get("filename", "").rstrip("/.").endswith(".dockerignore")
    assert not {"context", "source", "cmdline"} & found.keys()


@given(body=st.binary(max_size=200), options=OPTIONS)
def test_whatever_the_bytes_they_are_read_or_refused(body, options):
    seat = Seat("ada", Ledger(":memory:"))
    for read in (judge.solve, judge.bridge_solve, lambda it, _: judge.returned(it, Build(SESSION))):
        for each in (body, solve(frontend_attrs=options), bridge(options=options) + body):
            with contextlib.suppress(Refused, DecodeError):
                read(each, seat)
