"""The catalogs of messages as files, for authors: what the code says is looked up, and translations keep up with it."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from labkit.words import KEYWORDS, LOCALE, NAME, languages

if TYPE_CHECKING:
    from pathlib import Path

TEMPLATE = LOCALE / "labkit.pot"
METHODS = [
    ("**/node_modules/**.py", "ignore"),
    ("guard/**.py", "ignore"),  # it answers as docker does, and docker is English
    ("**.py", "python"),
]
KEPT = ("Project-Id-Version", "Language", "Plural-Forms", "MIME-Version", "Content-Type", "Content-Transfer-Encoding")


def extracted() -> Catalog:
    """All messages of the package, in the order of its files."""
    catalog = Catalog(project="labkit", charset="utf-8")
    found = extract_from_dir(LOCALE.parent, METHODS, keywords=KEYWORDS)
    for name, _, message, comments, context in found:
        catalog.add(message, locations=[(f"labkit/{name}", 0)], auto_comments=comments, context=context)
    return catalog


def read(path: Path) -> Catalog:
    """A catalog that is there."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.name if path.name == NAME else None)


def written(catalog: Catalog) -> str:
    """A catalog's text, without dates and addresses: the same messages give the same bytes."""
    out = io.BytesIO()
    catalog.header_comment, catalog.fuzzy = "", False
    for each in catalog:
        each.flags -= {"python-format", "python-brace-format"}  # guessed, and wrong where a text has a "%"
    write_po(out, catalog, width=120, include_lineno=False, ignore_obsolete=True)
    lines = out.getvalue().decode("utf-8").lstrip("#\n").splitlines(keepends=True)
    header = re.compile(rf'"(?!(?:{"|".join(KEPT)}): )[A-Z][A-Za-z-]+: [^"]*"\n')
    end = next(number for number, line in enumerate(lines) if line == "\n")
    return "".join([line for line in lines[:end] if not header.fullmatch(line)] + lines[end:])


def renew() -> list[Path]:
    """Write the template anew, and bring each catalog up to date: new messages are empty in it, old ones are gone.

    Returns:
        What was written.
    """
    template, paths = extracted(), [LOCALE / language / NAME for language in languages()]
    TEMPLATE.write_text(written(template), encoding="utf-8")
    for path in paths:
        catalog = read(path)
        catalog.update(template, no_fuzzy_matching=True)
        path.write_text(written(catalog), encoding="utf-8")
    return [TEMPLATE, *paths]
