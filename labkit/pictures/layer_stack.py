"""An image as a stack of layers, the newest on top."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from labkit.pictures import sizes, svg

if TYPE_CHECKING:
    from collections.abc import Iterable
    from xml.etree.ElementTree import Element

WIDTH, ROW, STEP, HEAD = 760, 30, 34, 24  # px
BAR_X, BAR_WIDTH = 470, 200


class Layer(Protocol):
    """A layer: the instruction that made it, and its bytes."""

    @property
    def created_by(self) -> str: ...  # noqa: D102

    @property
    def size(self) -> int: ...  # noqa: D102


class Entry(Protocol):
    """A line of an image's history, which may have made no layer."""

    @property
    def instruction(self) -> str: ...  # noqa: D102

    @property
    def size(self) -> int: ...  # noqa: D102

    @property
    def layer(self) -> bool: ...  # noqa: D102


def layer_stack(layers: Iterable[Layer] | Iterable[Entry]) -> svg.Figure:
    """Draw the layers of an image.

    Args:
        layers: its layers, or its history, base first; history lines that made no layer are left out.

    Returns:
        The figure: for each layer the instruction and a bar of its size, two significant digits.
    """
    rows = [row for layer in layers if (row := _row(layer))][::-1]
    total = sizes.words(sum(size for _, size in rows))
    label = f"An image of {len(rows)} layers, {total} in all. From the top: " + "; ".join(
        f"{name}, {sizes.words(size)}" for name, size in rows
    )
    text = svg.lines(
        f"{len(rows)} layers, the newest on top",
        (f"  {sizes.words(size):>7}  {name}" for name, size in rows),
        f"  {total:>7}  in all",
    )
    return svg.Figure(label, text, _draw(rows, total, label))


def _row(layer: Layer | Entry) -> tuple[str, int] | None:
    if not getattr(layer, "layer", True):
        return None
    name = layer.created_by if hasattr(layer, "created_by") else layer.instruction
    return name or "(no instruction is known)", layer.size


def _draw(rows: list[tuple[str, int]], total: str, label: str) -> Element:
    drawing = svg.canvas(WIDTH, HEAD + STEP * len(rows) + HEAD, label)
    svg.write(drawing, 2, 15, "newest layer on top", quiet=True)
    most = max((sizes.rounded(size) for _, size in rows), default=0)
    for number, (name, size) in enumerate(rows):
        y = HEAD + STEP * number
        svg.box(drawing, 0.5, y + 0.5, WIDTH - 1, ROW - 1, line=svg.QUIET)
        svg.code(drawing, 12, y + 20, name, BAR_X - 24)
        share = sizes.rounded(size) / most if most else 0
        svg.box(drawing, BAR_X, y + 9, max(2, round(BAR_WIDTH * share)), 12, fill=svg.tint(svg.BRAND, 75))
        svg.write(drawing, WIDTH - 12, y + 20, sizes.words(size), end=True)
    y = HEAD + STEP * len(rows)
    svg.write(drawing, 2, y + 15, "base below", quiet=True)
    svg.write(drawing, WIDTH - 12, y + 15, f"{total} in all", end=True, bold=True)
    return drawing
