from __future__ import annotations

import json

import pytest

from labkit.guard import strictjson
from labkit.guard.refusal import Malformed


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"", None),
        (b" \r\n\t", None),
        (b"null", None),
        (b'{"a": [1, -2, true, null, "\xc3\xa9"]}\n', {"a": [1, -2, True, None, "é"]}),
        (b'{"a": 1, "A": 2}', {"a": 1, "A": 2}),  # levels of a model refuse it, maps such as labels do not
        (b"9223372036854775807", (1 << 63) - 1),
        (b"-9223372036854775807", 1 - (1 << 63)),
        (b'"\\ud83d\\ude00"', "\N{GRINNING FACE}"),  # both halves
    ],
)
def test_reads(body, value):
    assert strictjson.read(body) == value


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b'{"a": 1, "a": 2}', "twice"),
        (b'{"a": {"b": 1, "b": 1}}', "twice"),
        (b'{"a": 1, "\\u0061": 2}', "twice"),
        (b"1.0", "whole numbers"),
        (b"1e3", "whole numbers"),
        (b"NaN", "whole numbers"),
        (b"[-Infinity]", "whole numbers"),
        (b"9223372036854775808", "64 bits"),
        (b"1" * 5000, "64 bits"),
        (b"{} {}", "one JSON document"),
        (b"{},", "one JSON document"),
        (b'{"a": 1,}', "one JSON document"),
        (b"{'a': 1}", "one JSON document"),
        (b"{} // note", "one JSON document"),
        (b"\xef\xbb\xbf{}", "one JSON document"),
        (b"\x00", "one JSON document"),
        (b'"a\nb"', "one JSON document"),
        (b'"\xff"', "not UTF-8"),
        (b'{"a": 1}'.decode().encode("utf-16"), "not UTF-8"),
        (b'"\\ud800"', "not Unicode"),
        (b'{"\\udfff": 1}', "not Unicode"),
        (b"[" * 17 + b"]" * 17, None),
        (b"[" * 18 + b"]" * 18, "too deeply"),
        (b"[" * 100_000, "one JSON document"),
        (b" " * (strictjson.MOST + 1), "larger"),
    ],
)
def test_refuses_what_two_readers_could_take_differently(body, word):
    if word is None:
        assert strictjson.read(body) == json.loads(body)
        return
    with pytest.raises(Malformed, match=word):
        strictjson.read(body)


@pytest.mark.parametrize("value", [None, "", 0, False, [], {}, [""], [[], None]])
def test_empty(value):
    assert strictjson.is_empty(value)


@pytest.mark.parametrize("value", ["a", 1, True, ["a"], {"a": None}, [0, 1]])
def test_not_empty(value):
    assert not strictjson.is_empty(value)
