"""What the lab says to a learner, in the learner's language.

A message is written in English where it is said, and is its own key in gettext's catalogs,
``labkit/locale/<language>/labkit.po``. What is stored or compared (a status, an outcome, the name of a phase) is no
message: it is translated where it is shown.
"""

from __future__ import annotations

import io
import os
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from gettext import GNUTranslations
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LOCALE, NAME = Path(__file__).with_name("locale"), "labkit.po"
ENGLISH = "en"
KEYWORDS = {"say": None, "say_many": (1, 2), "mark": None, "check": None}  # calls whose first texts are messages
_fixed: ContextVar[str] = ContextVar("language", default="")


def say(template: str, /, **values: object) -> str:
    """Say a message.

    Args:
        template: the message in English, a literal or one that is marked by `mark`.
        values: what its ``{placeholders}`` stand for; without any, braces mean themselves.
    """
    found = template if language() == ENGLISH else _catalog(language()).gettext(template)
    return _filled(found, template, values)


def say_many(one: str, many: str, count: int, /, **values: object) -> str:
    """Say a message that depends on a number.

    Args:
        one: the message in English for 1.
        many: for any other number.
        count: the number; both may call it ``{count}``.
        values: as for `say`.
    """
    english = one if count == 1 else many
    found = english if language() == ENGLISH else _catalog(language()).ngettext(one, many, count)
    return _filled(found, english, {"count": count, **values})


def mark(template: str) -> str:
    """Give a message as it is: it is found where it stands, and said later, by `say`."""
    return template


def _filled(found: str, english: str, values: Mapping[str, object]) -> str:
    """Fill a message in; a translation whose placeholders are broken is not worth a traceback."""
    if found != english:
        with suppress(LookupError, ValueError, AttributeError, TypeError):
            return found.format(**values) if values else found
    return english.format(**values) if values else english


@cache
def languages() -> tuple[str, ...]:
    """The languages that there are catalogs for: all but English."""
    return tuple(sorted(path.parent.name for path in LOCALE.glob(f"*/{NAME}")))


def translations() -> tuple[str, ...]:
    """Names of the files that say what an exercise says in another language (`labkit.translated`)."""
    return tuple(f"{name}.toml" for name in languages())


def language() -> str:
    """The language that is spoken: LABKIT_LANG, else the locale's where there is a catalog for it, else English."""
    if fixed := _fixed.get():
        return fixed
    for wanted in _wanted(os.environ):
        for name in (wanted, wanted.partition("_")[0]):
            if name == ENGLISH or name in languages():
                return name
    return ENGLISH


def _wanted(env: Mapping[str, str]) -> list[str]:
    """The languages that a user wants, the first one most.

    source: gettext's manual, "Locale Environment Variables" and "The LANGUAGE variable"
    """
    named = next((env[name] for name in ("LABKIT_LANG", "LC_ALL", "LC_MESSAGES", "LANG") if env.get(name)), "")
    if _plain(named) not in ("", "C", "POSIX") and not env.get("LABKIT_LANG"):
        named = env.get("LANGUAGE") or named
    return [_plain(each) for each in named.split(":")]


def _plain(locale: str) -> str:
    """A locale without its encoding and variant: ``es_MX`` of ``es_MX.UTF-8@euro``."""
    return locale.partition(".")[0].partition("@")[0].replace("-", "_")


@contextmanager
def spoken(name: str) -> Iterator[None]:
    """Speak one language in this context, whatever the environment says: for what is kept and compared."""
    before = _fixed.set(name)
    try:
        yield
    finally:
        _fixed.reset(before)


@cache
def _catalog(name: str) -> GNUTranslations:
    """A catalog in the form that the standard library knows."""
    from babel.messages.mofile import write_mo  # noqa: PLC0415  whoever speaks English does not wait for it
    from babel.messages.pofile import read_po  # noqa: PLC0415

    compiled = io.BytesIO()
    with (LOCALE / name / NAME).open("rb") as file:
        write_mo(compiled, read_po(file, locale=name))
    compiled.seek(0)
    return GNUTranslations(compiled)
