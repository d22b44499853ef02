"""Two states of one thing, fact by fact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.pictures import svg

if TYPE_CHECKING:
    from collections.abc import Mapping
    from xml.etree.ElementTree import Element

WIDTH, LEFT, GAP, ROW, STEP, HEAD = 760, 220, 12, 30, 34, 30  # px


def before_after(facts: Mapping[str, tuple[str, str]]) -> svg.Figure:
    """Draw facts before and after a change.

    Args:
        facts: by what they are about, what was seen before and what is seen now.

    Returns:
        The figure: what has changed stands out.
    """
    rows = [(name, old, new) for name, (old, new) in facts.items()]
    said = [f"{name}: {old} → {new if new != old else 'the same'}" for name, old, new in rows]
    label = "Before and after. " + "; ".join(said)
    return svg.Figure(label, svg.lines(said), _draw(rows, label))


def _draw(rows: list[tuple[str, str, str]], label: str) -> Element:
    drawing = svg.canvas(WIDTH, HEAD + STEP * len(rows), label)
    width = (WIDTH - LEFT - GAP) / 2
    svg.write(drawing, LEFT + 2, 18, "before", bold=True)
    svg.write(drawing, LEFT + width + GAP + 2, 18, "after", bold=True)
    for number, (name, old, new) in enumerate(rows):
        y = HEAD + STEP * number
        svg.write(drawing, 2, y + 20, name)
        for place, text in enumerate((old, new)):
            x = LEFT + place * (width + GAP)
            changed = place == 1 and new != old
            fill = svg.tint(svg.GOOD) if changed else svg.PANEL
            svg.box(drawing, x + 0.5, y + 0.5, width - 1, ROW - 1, fill=fill, line=svg.QUIET)
            svg.write(drawing, x + 10, y + 20, text, bold=changed)
    return drawing
