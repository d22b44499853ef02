from __future__ import annotations

import pytest

from labkit.guard import names
from labkit.guard.names import Names, Ref
from labkit.guard.refusal import Malformed

REFS = [
    "web",
    "shop/web:1",
    "a/b/c/d:V1.0-x_y",
    "o/web",
    "h/web",
    "localhost/web",
    "localhost:5000/web:2",
    "host.example:5000/a/b:c",
    "host.example/a__b/c-d--e",
    "my-host.example/a",
]


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("alpine", Ref("", "alpine", "latest")),
        ("alpine:3.20", Ref("", "alpine", "3.20")),
        ("library/alpine:3.20", Ref("", "alpine", "3.20")),
        ("docker.io/library/alpine", Ref("", "alpine", "latest")),
        ("index.docker.io/library/alpine:1", Ref("", "alpine", "1")),
        ("docker.io/alpine", Ref("", "alpine", "latest")),
        ("docker.io/shop/web", Ref("", "shop/web", "latest")),
        ("docker.io/library/shop/web", Ref("", "library/shop/web", "latest")),
        ("shop/web", Ref("", "shop/web", "latest")),
        ("localhost/web", Ref("localhost", "web", "latest")),
        ("host:5000/web", Ref("host:5000", "web", "latest")),
        ("localhost:5000", Ref("", "localhost", "5000")),  # no slash: a tag
        ("a.b/c", Ref("a.b", "c", "latest")),
        ("a.b", Ref("", "a.b", "latest")),
    ],
)
def test_parse_as_the_engine_does(text, ref):
    assert names.parse(text) == ref


@pytest.mark.parametrize(
    "text",
    [
        *("", ":", "a:", ":1", "/a", "a/", "a//b", "A", "a/B", "a b", "a\n", "a\0", "-a", "a-", "_a", "a..b", "a___b"),
        *("a@sha256:" + "0" * 64, "host:x/a", "host:5000/", "-h.x/a", "h..x/a", "a:-1", "a:" + "t" * 129),
        *("a:1:2", "../a", "a/../b", "a/./b", "a%2fb", "a" * 201, "é", "a:é", "http://a/b"),
    ],
)
def test_parse_refuses(text):
    with pytest.raises(Malformed, match="invalid reference format"):
        names.parse(text)


@pytest.mark.parametrize("text", ["f68b7144a1ec", "cafe", "0" * 64, "dead:1"])
def test_a_new_name_is_not_like_an_id(text):
    with pytest.raises(Malformed, match="id"):
        names.parse_new(text)


@pytest.mark.parametrize("text", ["labkit.invalid/eve/o/web", "labkit.invalid/a"])
def test_a_new_name_is_not_like_one_on_the_engine(text):
    with pytest.raises(Malformed, match="own"):
        names.parse_new(text)


@pytest.mark.parametrize("text", REFS)
def test_an_image_has_one_name_on_the_engine_and_comes_back(text):
    own = Names("ada")
    ref = names.parse(text)
    there = own.image(ref)
    assert there.startswith("labkit.invalid/ada/")
    assert own.plain(there) == str(ref)
    assert own.plain(f"Loaded image: {there}\n") == f"Loaded image: {ref}\n"
    assert names.parse(there).host == "labkit.invalid"  # the engine takes it


def test_no_two_images_have_the_same_name_on_the_engine():
    assert len({Names("ada").image(names.parse(text)) for text in REFS}) == len(REFS)


def test_no_name_of_a_seat_is_the_beginning_of_anothers():
    seats = ["a", "ab", "a1", "b", "0", "a" * 32]
    for one in map(Names, seats):
        for two in map(Names, seats):
            if one != two:
                assert not two.prefix.startswith(one.prefix)
                assert not two.repository.startswith(one.repository)


@pytest.mark.parametrize("name", ["", "A", "a-b", "a_b", "a.b", "a/b", "é", "a" * 33, "a\n", "a "])
def test_no_seat_has_such_a_name(name):
    assert not names.SEAT.fullmatch(name)


@pytest.mark.parametrize("name", ["web", "/web", "a", "A.b_c-d", "0web", "cafe", "x" * 63])
def test_names_of_objects(name):
    assert names.check_object(name) == name.removeprefix("/")


@pytest.mark.parametrize(
    "name", ["", "/", "//a", "-a", ".a", "_a", "a/b", "a b", "a\n", "é", "x" * 64, "f68b7144a1ec", "0" * 64]
)
def test_no_names_of_objects(name):
    with pytest.raises(Malformed):
        names.check_object(name)


def test_view_maps_names_everywhere_and_hides_the_labs_labels():
    found = Names("ada").view(
        {
            "Name": "/lk-ada-web",
            "lk-ada-net": {"Labels": {"labkit.guard": "ada", "labkit.guard.intent": "x", "mine": "1"}},
            "List": ["labkit.invalid/ada/o/shop:1", 5, None, True],
            "Other": "lk-eve-web",
        }
    )
    assert found == {
        "Name": "/web",
        "net": {"Labels": {"mine": "1"}},
        "List": ["shop:1", 5, None, True],
        "Other": "lk-eve-web",  # to be left out, not to be renamed
    }
