"""Layers as folders: what is read of them, and how it is known that nothing was overlooked."""

from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit import known
from labkit.layers import Contents, LayerFile, above, read_folders, seen
from labkit.unpacked import folders, witnesses

FOLDER, FILE = LayerFile(0, 0o755, 0, is_dir=True), LayerFile(1, 0o644, 0, is_dir=False)
PATHS = st.lists(st.sampled_from("ab"), min_size=1, max_size=4).map("/".join)


@st.composite
def layers(draw):
    """Some layers, and the same with the folders that each replaces as a whole, which an archive does not tell."""
    told, true = [], []
    for _ in range(draw(st.integers(1, 4))):
        files = dict.fromkeys(draw(st.lists(PATHS, max_size=4)), FILE)
        files = {folder: FOLDER for path in files for folder in above(path)} | {
            path: file for path, file in files.items() if not any(path in above(other) for other in files)
        }
        removed = tuple(path for path in draw(st.lists(PATHS, max_size=2)) if path not in files)
        inside = sorted(path for path, file in files.items() if file.is_dir)
        replaced = draw(st.lists(st.sampled_from(inside), max_size=1)) if inside else []
        told.append(Contents(files, removed, {}))
        true.append(Contents(files, (*removed, *(f"{path}/" for path in replaced)), {}))
    return told, true


@given(layers())
def test_witnesses_are_seen_where_nothing_is_overlooked_and_else_not_all_of_them(both):
    told, true = both
    asked = set(witnesses(told, seen(told), set(range(len(told)))))
    assert (asked <= set(seen(true))) == (set(seen(told)) == set(seen(true)))


DEEP = "/".join("d" * 2000)


@pytest.mark.parametrize(
    ("files", "removed", "left"),
    [
        ((), ("a",), {"b", DEEP}),
        ((), ("a/x",), {"a", "a/xy", "b", DEEP}),
        ((), ("a/",), {"a", "b", DEEP}),
        ((), ("/",), set()),
        ((), ("d",), {"a", "a/x", "a/xy", "b"}),
        (("a/x",), ("a",), {"a/x", "b", DEEP}),
        (("a",), (), {"a", "b", DEEP}),
        (("b",), (), {"a", "a/x", "a/xy", "b", DEEP}),
    ],
)
def test_what_a_layer_hides(files, removed, left):
    below = {"a": FOLDER, "a/x": FILE, "a/xy": FILE, "b": FILE, DEEP: FILE}
    there = seen([Contents(below, (), {}), Contents(dict.fromkeys(files, FILE), removed, {})])
    assert set(there) == left
    assert {path for path, (number, _) in there.items() if number} == set(files)


def test_an_archive_of_folders():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, kind, data in (
            ("layers/", tarfile.DIRTYPE, b""),
            ("layers/3/", tarfile.DIRTYPE, b""),
            ("layers/4/app/", tarfile.DIRTYPE, b""),
            ("layers/4/app/key", tarfile.REGTYPE, b"the lamp"),
            ("layers/4/app/.wh.mine", tarfile.REGTYPE, b""),
            ("layers/4/app/gone", tarfile.CHRTYPE, b""),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.size = kind, len(data)
            archive.addfile(info, io.BytesIO(data))
    found = read_folders([out.getvalue()], [b"lamp", b"ink"])
    assert list(found) == ["3", "4"]
    assert (dict(found["3"].files), set(found["4"].files)) == ({}, {"app", "app/key", "app/.wh.mine"})
    assert found["4"].removed == ("app/gone",)
    assert found["4"].found == {b"lamp": "app/key", b"ink": None}


@pytest.mark.parametrize(
    ("driver", "wanted"),
    [
        ({"Name": "overlay2", "Data": {"UpperDir": "/3", "LowerDir": "/2:/1"}}, ["/1", "/2", "/3"]),
        ({"Name": "overlay2", "Data": {"UpperDir": "/1"}}, ["/1"]),
        ({"Name": "vfs", "Data": {}}, []),
        (None, []),
    ],
)
def test_where_an_engine_keeps_layers(driver, wanted):
    assert folders({"GraphDriver": driver}) == wanted


def test_a_layer_is_known_by_all_below_it():
    one, other = known.chains(["a", "b"]), known.chains(["c", "b"])
    assert one == known.chains(["a", "b", "d"])[:2]
    assert not set(one) & set(other)


def test_a_layer_that_is_known_is_read_again_for_new_words_only(monkeypatch, tmp_path):
    monkeypatch.setenv("LABKIT_CACHE", str(tmp_path))
    base, own = Contents({"a": FILE}, (), {}), Contents({"b": FILE}, (), {b"lamp": "b"})
    known.remember(["base", "own"], [base, own], {"base"})
    assert [each and set(each.files) for each in known.recall(["base", "own"], frozenset([b"lamp"]))] == [{"a"}, {"b"}]
    assert [each and set(each.files) for each in known.recall(["base", "own"], frozenset([b"ink"]))] == [{"a"}, None]
    known.forget()
    assert [each and set(each.files) for each in known.recall(["base", "own"], frozenset(), {"base"})] == [{"a"}, None]
