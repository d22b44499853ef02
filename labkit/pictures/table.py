"""What was seen in each of several cases, as rows and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.pictures import svg

if TYPE_CHECKING:
    from collections.abc import Mapping
    from xml.etree.ElementTree import Element

WIDTH, ROW, HEAD, EDGE = 760, 34, 34, 10  # px
FILLS = (svg.tint(svg.BRAND), svg.tint(svg.GOOD), svg.tint(svg.WARN), svg.PANEL)


def table(rows: Mapping[str, Mapping[str, str]]) -> svg.Figure:
    """Draw a table of short texts; in a column, equal ones have the same color.

    Args:
        rows: for each row, by its name, a text by the column's name; all rows have the same columns.

    Returns:
        The figure.
    """
    columns = list(next(iter(rows.values()), {}))
    wide = [max([len(name), *(len(row[name]) for row in rows.values())]) for name in columns]
    first = max(map(len, rows), default=0)
    lines = [
        "  ".join([name.ljust(first), *(row[c].ljust(w) for c, w in zip(columns, wide, strict=True))]).rstrip()
        for name, row in [("", {c: c for c in columns}), *rows.items()]
    ]
    label = "; ".join(f"{name}: {', '.join(f'{c}: {row[c]}' for c in columns)}" for name, row in rows.items())
    return svg.Figure(label or "An empty table.", svg.lines(lines), _draw(columns, rows, label or "An empty table."))


def _draw(columns: list[str], rows: Mapping[str, Mapping[str, str]], label: str) -> Element:
    names = {name: max([len(name), *(len(row[name]) for row in rows.values())]) for name in columns}
    first = max(map(len, rows), default=0) * svg.CHAR + EDGE
    chars = sum(names.values()) or 1
    width = max(WIDTH, first + sum(length * svg.CHAR + 2 * EDGE for length in names.values()))
    drawing = svg.canvas(width, HEAD + ROW * max(1, len(rows)), label)
    for number, name in enumerate(rows):
        svg.write(drawing, 2, HEAD + ROW * number + 21, name, mono=True)
    x = first
    for name, length in names.items():
        wide = (width - first) * length / chars
        svg.write(drawing, x + EDGE, 20, name, mono=True)
        seen = list(dict.fromkeys(row[name] for row in rows.values()))
        for number, row in enumerate(rows.values()):
            y = HEAD + ROW * number
            fill = FILLS[min(seen.index(row[name]), len(FILLS) - 1)]
            svg.box(drawing, x + 2, y + 2, wide - 4, ROW - 6, fill=fill, line=svg.QUIET)
            svg.write(drawing, x + EDGE, y + 21, row[name], mono=True)
        x += wide
    return drawing
