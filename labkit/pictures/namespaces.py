"""Which processes share which namespaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.pictures import svg

if TYPE_CHECKING:
    from collections.abc import Mapping
    from xml.etree.ElementTree import Element

WIDTH, ROW, HEAD, FIRST = 760, 38, 34, 150  # px
FILLS = (svg.tint(svg.BRAND), svg.tint(svg.WARN), svg.tint(svg.GOOD), svg.PANEL)


def namespaces(places: Mapping[str, Mapping[str, str]]) -> svg.Figure:
    """Draw a table: a letter for each namespace, the same letter where two places share it.

    Args:
        places: for each place, by its name, the identity of each namespace by its kind, as /proc/PID/ns says it.

    Returns:
        The figure: letters in place of identities, which differ each time.
    """
    kinds = list(next(iter(places.values()), {}))
    rows = {kind: _letters([there.get(kind, "") for there in places.values()]) for kind in kinds}
    label = "Namespaces. " + "; ".join(f"{kind}: {_told(list(places), letters)}" for kind, letters in rows.items())
    wide = max(map(len, kinds), default=0)
    text = svg.lines(f"{kind:<{wide}}  {_told(list(places), letters)}" for kind, letters in rows.items())
    return svg.Figure(label, text, _draw(list(places), rows, label))


def _letters(identities: list[str]) -> list[str]:
    seen = list(dict.fromkeys(identities))
    return [chr(ord("A") + seen.index(each)) for each in identities]


def _told(places: list[str], letters: list[str]) -> str:
    """Say who shares with whom."""
    groups = [[place for place, each in zip(places, letters, strict=True) if each == letter] for letter in set(letters)]
    groups.sort(key=lambda group: places.index(group[0]))
    return " | ".join(" = ".join(group) for group in groups)


def _draw(places: list[str], rows: Mapping[str, list[str]], label: str) -> Element:
    drawing = svg.canvas(WIDTH, HEAD + ROW * max(1, len(rows)), label)
    column = (WIDTH - FIRST) / max(1, len(places))
    for at, place in enumerate(places):
        svg.write(drawing, FIRST + column * at + 10, 20, place, bold=True)
    for number, (kind, letters) in enumerate(rows.items()):
        y = HEAD + ROW * number
        svg.write(drawing, 2, y + 21, kind, mono=True)
        for at, letter in enumerate(letters):
            fill = FILLS[min(ord(letter) - ord("A"), len(FILLS) - 1)]
            svg.box(drawing, FIRST + column * at + 2, y + 2, column - 4, ROW - 6, fill=fill, line=svg.QUIET)
            svg.write(drawing, FIRST + column * at + 12, y + 22, letter, bold=True)
    return drawing
