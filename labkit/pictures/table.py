"""What was seen in each of several cases, as rows and columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.pictures import svg

if TYPE_CHECKING:
    from collections.abc import Mapping
    from xml.etree.ElementTree import Element

WIDTH, ROW, HEAD, FIRST = 760, 34, 34, 250  # px


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
    drawing = svg.canvas(WIDTH, HEAD + ROW * max(1, len(rows)), label)
    column = (WIDTH - FIRST) / max(1, len(columns))
    for at, name in enumerate(columns):
        svg.code(drawing, FIRST + column * at + 10, 20, name, column - 14)
    fills = (svg.tint(svg.BRAND), svg.tint(svg.GOOD), svg.tint(svg.WARN), svg.PANEL)
    seen: dict[str, list[str]] = {name: list(dict.fromkeys(row[name] for row in rows.values())) for name in columns}
    for number, (name, row) in enumerate(rows.items()):
        y = HEAD + ROW * number
        svg.code(drawing, 2, y + 21, name, FIRST - 10)
        for at, key in enumerate(columns):
            fill = fills[min(seen[key].index(row[key]), len(fills) - 1)]
            svg.box(drawing, FIRST + column * at + 2, y + 2, column - 4, ROW - 6, fill=fill, line=svg.QUIET)
            svg.code(drawing, FIRST + column * at + 10, y + 21, row[key], column - 18)
    return drawing
