"""Read JSON so that nobody else can read it differently.

The engine's own reader folds the case of keys, takes the last of two equal ones, merges objects and ignores what comes
after the document (source: Go, encoding/json). Here each of these is refused.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NoReturn

from labkit.guard.refusal import Malformed

if TYPE_CHECKING:
    from labkit.guard.messages import Json

MOST = 1 << 20  # bytes
DEEPEST = 16
LARGEST = (1 << 63) - 1


def read(body: bytes) -> Json:
    """Parse one JSON document.

    Args:
        body: at most a mebibyte of UTF-8; nothing but white space may follow the document.

    Returns:
        It, with whole numbers only; None for an empty body.

    Raises:
        Malformed: it is no JSON, or such as two readers may read differently.
    """
    if len(body) > MOST:
        raise Malformed("The request's body is larger than one mebibyte.")
    if not body.strip(b" \t\r\n"):
        return None
    try:
        text = body.decode("utf-8")
        found = json.loads(
            text, object_pairs_hook=_object, parse_float=_no_number, parse_constant=_no_number, parse_int=_integer
        )
    except UnicodeDecodeError as error:
        raise Malformed("The request's body is not UTF-8.") from error
    except (ValueError, RecursionError) as error:
        raise Malformed("The request's body is not one JSON document.") from error
    _check(found, 0)
    return found


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed("The request's body has the same key twice.")
    return found


def _no_number(text: str) -> NoReturn:
    raise Malformed(f"The request's body has the number {text[:40]}, and only whole numbers are known.")


def _integer(text: str) -> int:
    if len(text) > len(str(LARGEST)) + 1 or abs(int(text)) > LARGEST:
        raise Malformed("The request's body has a number of more than 64 bits.")
    return int(text)


def _check(value: Json, depth: int) -> None:
    """Refuse what is nested too deeply, and strings that are no Unicode (half of a surrogate pair)."""
    if depth > DEEPEST:
        raise Malformed("The request's body is nested too deeply.")
    if isinstance(value, str):
        if any("\ud800" <= char <= "\udfff" for char in value):
            raise Malformed("The request's body has a string that is not Unicode.")
    elif isinstance(value, list):
        for each in value:
            _check(each, depth + 1)
    elif isinstance(value, dict):
        for key, each in value.items():
            _check(key, depth)
            _check(each, depth + 1)


def is_empty(value: Json) -> bool:
    """Tell whether the engine would take a value like an absent one: null, "", 0, false, [], {}, or lists of these."""
    if isinstance(value, list):
        return all(is_empty(each) for each in value)
    return not value
