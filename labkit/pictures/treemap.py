"""Rectangles for sizes: the layout of a treemap, near to squares.

source: M. Bruls, K. Huizing, J. J. van Wijk, Squarified Treemaps (2000)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Box(NamedTuple):
    """A rectangle, in px."""

    x: float
    y: float
    width: float
    height: float


def squarify(sizes: Sequence[float], room: Box) -> list[Box]:
    """Divide a rectangle.

    Args:
        sizes: all above 0, the largest first.
        room: what is divided.

    Returns:
        A rectangle for each size, in the same order; its share of the area is its share of the sizes.
    """
    boxes: list[Box] = []
    rest = list(sizes)
    while rest:
        scale = room.width * room.height / sum(rest)
        side = min(room.width, room.height)
        count = 1
        while count < len(rest) and _worst(rest[: count + 1], side, scale) <= _worst(rest[:count], side, scale):
            count += 1
        row, rest = rest[:count], rest[count:]
        filled, room = _row(row, room, sum(row) * scale / side)
        boxes += filled
    return boxes


def _worst(row: Sequence[float], side: float, scale: float) -> float:
    """The longest of a row's rectangles, as its longer side by its shorter one."""
    thick = sum(row) * scale / side
    return max(max(size * scale / thick**2, thick**2 / (size * scale)) for size in row)


def _row(row: Sequence[float], room: Box, thick: float) -> tuple[list[Box], Box]:
    """Lay a row along the shorter side; give its rectangles and what is left of the room."""
    boxes, total, at = [], sum(row), 0.0
    for size in row:
        share = size / total
        if room.width >= room.height:
            boxes.append(Box(room.x, room.y + at * room.height, thick, share * room.height))
        else:
            boxes.append(Box(room.x + at * room.width, room.y, share * room.width, thick))
        at += share
    if room.width >= room.height:
        return boxes, Box(room.x + thick, room.y, room.width - thick, room.height)
    return boxes, Box(room.x, room.y + thick, room.width, room.height - thick)
