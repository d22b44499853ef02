"""Bundles as files: what is written is read again, and nothing else is."""

from __future__ import annotations

import json
import os
import re
import stat
import tracemalloc
import zipfile
from contextlib import suppress

import pytest
from bundle_tools import KEY, MINE, SECRET, bundle, exercise, findings, held, image, layer, members, rewritten
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from labkit.errors import LabError
from labkit.grading.bundle import NotSigned, read, read_key, write
from labkit.grading.bundle_models import LIMITS, MOST_KEYS, Held, Manifest, SaidAll
from labkit.grading.trees import Unreadable
from labkit.layers import LayerFile
from labkit.result import Outcome

AGAIN = "make the bundle again with `labkit bundle`, and hand it in as it is."


@pytest.fixture
def this(tmp_path):
    return exercise(tmp_path / "exercises")


@pytest.fixture
def ada(tmp_path):
    return tmp_path / "in" / "ada.zip"


def refused(path, key=None):
    """What is said of it."""
    with pytest.raises(Unreadable) as caught:
        read(path, key)
    return str(caught.value)


class TestRoundTrip:
    def test_all_of_it(self, this, ada):
        found = read(bundle(ada, this))
        assert found.held == held()
        assert found.files[".dockerignore"].data == b"big\n"
        assert [each.outcome for each in found.said.findings] == [Outcome.PASS] * 4
        assert (found.manifest.exercise, found.signature) == ("08-x", "none")
        assert stat.S_IMODE(ada.stat().st_mode) & 0o077 == 0, "a learner's own"

    def test_no_secret_is_in_it_that_was_only_searched(self, this):
        assert not any(SECRET.encode() in data for data in members(this).values())

    def test_an_executable_file_stays_one(self, this, ada):
        made = members(this)
        manifest = json.loads(made["manifest.json"])
        manifest["members"]["files/Dockerfile"]["executable"] = True
        ada.parent.mkdir()
        write(ada, {**made, "manifest.json": json.dumps(manifest).encode()})
        assert read(ada).files["Dockerfile"].executable

    def test_nothing_was_built(self, this, ada):
        assert read(bundle(ada, this, built=False)).held is None

    def test_long_and_odd_words_are_cut(self, this, ada):
        said = tuple(type(f)(f.outcome, "é\udcff" + "x" * 9999, check=f.check) for f in findings(this))
        saw = read(bundle(ada, this, said=said)).said.findings[0].saw
        assert (saw[:3], len(saw)) == ("é?x", 4000)

    def test_too_large_to_hold(self, this):
        many = [[f"{number}{'x' * 4000}", 1, 1, 1, False] for number in range(2200)]
        layers = [{**image()["layers"][0], "files": many}]
        with pytest.raises(LabError, match="more than a bundle may hold"):
            members(this, held(image=image(layers=layers)))

    def test_a_place_that_is_not_there(self, this, tmp_path):
        with pytest.raises(LabError, match="cannot be written"):
            write(tmp_path / "none" / "x.zip", members(this))

    def test_the_same_members_give_the_same_bytes(self, this, ada):
        made = members(this)
        ada.parent.mkdir()
        write(ada, made, KEY)
        first = ada.read_bytes()
        write(ada, made, KEY)
        assert ada.read_bytes() == first

    def test_columns_are_those_of_a_layers_files(self):
        assert LayerFile.__slots__ == ("size", "mode", "uid", "is_dir")


class TestKey:
    def test_read(self, tmp_path):
        path = tmp_path / "key"
        path.write_bytes(b"  " + b"a" * 16 + b"\r\n")
        assert read_key(path) == b"a" * 16

    @pytest.mark.parametrize("data", [b"", b"short", b" " * 100, b"x" * 5000])
    def test_none(self, tmp_path, data):
        path = tmp_path / "key"
        path.write_bytes(data)
        with pytest.raises(LabError, match="holds no key"):
            read_key(path)

    def test_not_there(self, tmp_path):
        with pytest.raises(LabError, match="cannot be read"):
            read_key(tmp_path / "key")

    def test_right(self, this, ada):
        assert read(bundle(ada, this, key=KEY), KEY).signature == "right"
        assert read(ada).signature == "not looked at"

    def test_wrong(self, this, ada):
        with pytest.raises(NotSigned, match="changed on its way, or signed with another key"):
            read(bundle(ada, this, key=b"z" * 16), KEY)

    def test_missing(self, this, ada):
        with pytest.raises(NotSigned, match="is not signed"):
            read(bundle(ada, this), KEY)

    @pytest.mark.parametrize("text", ["", "{}", '{"algorithm": "none", "value": "' + "0" * 64 + '"}', "[" * 1000])
    def test_no_signature_at_all(self, this, ada, text):
        rewritten(bundle(ada, this, key=KEY), {"signature.json": text.encode()})
        assert "has signature.json otherwise than `labkit bundle` writes it" in refused(ada, KEY)


class TestChanged:
    @pytest.mark.parametrize("name", ["report.json", "evidence.json", "files/Dockerfile", "files/.dockerignore"])
    @pytest.mark.parametrize("data", [b"", b"{}", None, MINE])
    def test_any_member(self, this, ada, name, data):
        bundle(ada, this)
        same = read(ada).files["Dockerfile"].data == data and name == "files/Dockerfile"
        rewritten(ada, {name: data})
        if same:
            read(ada)
        elif data is None:
            assert refused(ada) == f"ada.zip holds other files than its manifest says, such as {name!r}: {AGAIN}"
        else:
            assert refused(ada) == f"ada.zip was changed after it was made: {name!r} has another hash: {AGAIN}"

    def test_one_more(self, this, ada):
        rewritten(bundle(ada, this), {"files/x": b"1"})
        assert "holds other files than its manifest says, such as 'files/x'" in refused(ada)

    @pytest.mark.parametrize("name", ["other.txt", "signature.json", "files", "report.json/x"])
    def test_what_no_bundle_holds(self, this, ada, name):
        rewritten(bundle(ada, this, key=KEY), {name: b"1"}, hashes=True)
        refused(ada)

    @pytest.mark.parametrize("name", ["files/../x", "/files/x", "files\\x", "C:/x", "files//x", "../manifest.json"])
    def test_paths_that_lead_astray(self, this, ada, name):
        rewritten(bundle(ada, this), {name: b"1"}, hashes=True)
        assert "a path that leads out of it" in refused(ada)

    def test_no_report(self, this, ada):
        rewritten(bundle(ada, this), {"report.json": None}, hashes=True)
        assert "has report.json otherwise" in refused(ada)

    def test_no_manifest(self, this, ada):
        rewritten(bundle(ada, this), {"manifest.json": None})
        assert refused(ada) == f"ada.zip is no bundle, or not all of it: manifest.json is not in it: {AGAIN}"

    def test_two_of_a_name(self, this, ada):
        bundle(ada, this)
        with zipfile.ZipFile(ada, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("report.json", b"{}")
        assert "twice" in refused(ada)

    def test_every_cut(self, this, ada):
        data = bundle(ada, this).read_bytes()
        for length in range(0, len(data), 7):
            ada.write_bytes(data[:length])
            refused(ada)

    def test_every_third_byte(self, this, ada):
        data = bundle(ada, this, key=KEY).read_bytes()
        whole = read(ada, KEY)
        for at in range(0, len(data), 3):
            spoiled = bytearray(data)
            spoiled[at] ^= 0xFF
            ada.write_bytes(spoiled)
            try:
                found = read(ada, KEY)
            except Unreadable:
                continue
            assert (found.files, found.held, found.said) == (whole.files, whole.held, whole.said), at

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
    @given(st.binary(max_size=200), st.integers(0, 3000))
    def test_any_bytes(self, this, ada, noise, at):
        data = bundle(ada, this).read_bytes()
        ada.write_bytes(data[:at] + noise + data[at:])
        with suppress(Unreadable):
            assert read(ada).held == held()


class TestHostile:
    @pytest.mark.parametrize("name", ["manifest.json", "report.json", "evidence.json"])
    @pytest.mark.parametrize(
        "text",
        [
            b"",
            b"null",
            b"[]",
            b"{}",
            b"\xff",
            b"NaN",
            b'{"a": 1}',
            b"[" * 100_000,
            b'{"a":' * 40_000,
            b"1" * 10_000,
            b'"\\ud800"',
            b'{"build": null, "image": null, "context": [], "baseline_size": 1e400, "searched": {}}',
            b'{"build": null, "image": null, "context": [["a", -1]], "baseline_size": null, "searched": {}}',
            b'{"build": null, "image": null, "context": [], "baseline_size": "1", "searched": {}}',
            b'{"build": null, "image": null, "context": [], "baseline_size": null, "searched": {"x": null}}',
            b'{"snapshot": "0", "findings": []}',
        ],
    )
    def test_text_that_is_not_ours(self, this, ada, name, text):
        bundle(ada, this)
        rewritten(ada, {name: text}, hashes=name != "manifest.json")
        assert f"has {name} otherwise than `labkit bundle` writes it" in refused(ada)

    @pytest.mark.parametrize("model", [Held, Manifest, SaidAll])
    def test_models_refuse_what_they_do_not_know(self, model):
        assert model.model_config["extra"] == "forbid"
        assert model.model_config["strict"]

    @pytest.mark.parametrize(("name", "other"), [("format_version", 2), ("new", 1), ("exercise_hash", "A" * 64)])
    def test_another_manifest(self, this, ada, name, other):
        manifest = {**json.loads(members(this)["manifest.json"]), name: other}
        rewritten(bundle(ada, this), {"manifest.json": json.dumps(manifest).encode()})
        assert "has manifest.json otherwise" in refused(ada)

    def test_many_wrong_keys_reach_no_model(self, this, ada, monkeypatch):
        """It would make a report of each."""
        text = b"{" + b",".join(b'"k%d":0' % number for number in range(100_000)) + b"}"
        rewritten(bundle(ada, this), {"evidence.json": text}, hashes=True, compression=zipfile.ZIP_DEFLATED)
        monkeypatch.setattr(Held, "model_validate_json", lambda _text: pytest.fail("it did"))
        assert "has evidence.json otherwise" in refused(ada)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"image": image(config={"Cmd": [0] * 100_000})},
            {"image": image(layers=[0] * 100_000)},
            {"image": image(layers=[{**image()["layers"][0], "files": [[]] * 100_000}])},
            {"image": image(layers=[{**image()["layers"][0], "files": [[0] * 100_000]}])},
            {"image": image(layers=[{**image()["layers"][0], "removed": [0] * 100_000}])},
            {"build": {"builder": "classic", "steps": [{}] * 100_000}},
            {"context": [0] * 100_000},
        ],
        ids=["config", "layers", "files", "row", "removed", "steps", "context"],
    )
    def test_of_many_wrong_things_in_a_list_the_first_is_enough(self, wrong):
        text = json.dumps({**held().model_dump(mode="json"), **wrong})
        with pytest.raises(ValidationError) as caught:
            Held.model_validate_json(text)
        assert caught.value.error_count() <= 10

    def test_more_removed_paths_than_anybody_can_look_for(self, this, ada):
        files = [[str(number), 1, 1, 1, False] for number in range(20_000)]
        layers = [layer("1", *files), layer("2", removed=[str(number) for number in range(6000)])]
        text = json.dumps({**held().model_dump(mode="json"), "image": image(layers=layers)}).encode()
        rewritten(bundle(ada, this), {"evidence.json": text}, hashes=True, compression=zipfile.ZIP_DEFLATED)
        assert "has evidence.json otherwise" in refused(ada)

    def test_many_keys_that_are_ours(self, this, ada):
        config = {"Labels": {str(number): "x" for number in range(MOST_KEYS + 1)}}
        bundle(ada, this, held(image=image(config=config)))
        assert "has evidence.json otherwise" in refused(ada)

    @pytest.mark.parametrize("name", sorted(LIMITS))
    def test_a_member_that_is_too_large(self, this, ada, name):
        bundle(ada, this, key=KEY)
        rewritten(ada, {name: b" " * (LIMITS[name] + 1)}, compression=zipfile.ZIP_DEFLATED)
        assert f"holds {name} in a way or of a size that is not read" in refused(ada, KEY)

    def test_a_file_that_is_too_large(self, this, ada):
        big = b" " * ((1 << 20) + 1)
        rewritten(bundle(ada, this), {"files/Dockerfile": big}, hashes=True, compression=zipfile.ZIP_DEFLATED)
        assert "'files/Dockerfile'" not in (said := refused(ada))
        assert "holds files/Dockerfile in a way or of a size" in said

    def test_a_size_that_is_a_lie(self, this, ada):
        """The list says little, the data is much: reading ends at the limit."""
        rewritten(bundle(ada, this), {"manifest.json": b" " * (64 << 20)}, compression=zipfile.ZIP_DEFLATED)
        data = ada.read_bytes().replace((64 << 20).to_bytes(4, "little"), (100).to_bytes(4, "little"))
        ada.write_bytes(data)
        tracemalloc.start()
        refused(ada)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 16 << 20

    @pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    def test_methods_that_cannot_be_bounded(self, this, ada, method):
        rewritten(bundle(ada, this), {}, compression=method)
        assert "in a way or of a size that is not read" in refused(ada)

    def test_what_is_no_file(self, this, ada):
        real = bundle(ada.with_name("real.zip"), this)
        ada.symlink_to(real)
        assert "is a link" in refused(ada)
        ada.unlink()
        ada.mkdir()
        assert "folder" in refused(ada)
        ada.rmdir()
        os.mkfifo(ada)
        assert "not a plain file" in refused(ada)
        ada.unlink()
        assert "cannot be opened" in refused(ada)

    def test_a_file_that_is_larger_than_any(self, this, ada):
        bundle(ada, this)
        with ada.open("r+b") as file:
            file.truncate(40 << 20)
        assert re.match(r"ada\.zip is larger than any bundle", refused(ada))
