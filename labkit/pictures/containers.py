"""One image and its containers: what they share, and what each has of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.pictures import sizes, svg

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from xml.etree.ElementTree import Element

    from labkit.pictures.layer_stack import Layer

WIDTH, ROW, STEP, HEAD, GAP = 760, 30, 34, 24, 10  # px
SHOWN = 3  # changes of a container that are shown
WORDS = {"A": "+", "C": "~", "D": "-"}  # as `docker diff` says added, changed and deleted


def containers(name: str, layers: Iterable[Layer], own: Mapping[str, Sequence[str]]) -> svg.Figure:
    """Draw an image with the containers that stand on it.

    Args:
        name: the image's name.
        layers: its layers, base first.
        own: for each container, by its name, the lines that `docker diff` gives: a letter and a path.

    Returns:
        The figure: on top each container's writable layer with its first changes, below them the image, once.
    """
    stack = [(layer.created_by or "(no instruction is known)", layer.size) for layer in layers][::-1]
    rows = {each: _changes(lines) for each, lines in own.items()}
    label = "; ".join(f"container {each}: {', '.join(changes)}" for each, changes in rows.items())
    label = f"{label}. Below all of them the image {name}, read-only, {len(stack)} layers."
    wide = max(map(len, rows), default=0)
    text = svg.lines(
        (f"{each:<{wide}}  {', '.join(changes)}" for each, changes in rows.items()),
        f"below all of them, once and read-only: {name}",
        (f"  {sizes.words(size):>7}  {instruction}" for instruction, size in stack),
    )
    return svg.Figure(label, text, _draw(name, stack, rows, label))


def _changes(lines: Sequence[str]) -> list[str]:
    """Name what was added, changed or deleted, without the folders that only hold such files."""
    found = [line.split(maxsplit=1) for line in lines if line.strip()]
    paths = sorted(path for _, path in found)
    said = [
        f"{WORDS.get(letter, letter)} {path}"
        for letter, path in sorted(found, key=lambda each: each[1])
        if not any(other.startswith(f"{path}/") for other in paths)
    ]
    more = [f"and {len(said) - SHOWN} more"] if len(said) > SHOWN else []
    return [*said[:SHOWN], *more] or ["empty"]


def _draw(name: str, stack: list[tuple[str, int]], rows: Mapping[str, list[str]], label: str) -> Element:
    high = HEAD + ROW + 22 * max(map(len, rows.values()), default=1)
    drawing = svg.canvas(WIDTH, high + GAP + HEAD + STEP * len(stack), label)
    wide = (WIDTH + GAP) / max(1, len(rows)) - GAP
    for number, (each, changes) in enumerate(rows.items()):
        x = (wide + GAP) * number
        svg.box(drawing, x + 0.5, 0.5, wide - 1, high - 1, fill=svg.tint(svg.BRAND), line=svg.BRAND)
        svg.code(drawing, x + 10, 18, each, wide - 20)
        svg.write(drawing, x + 10, 36, "writable", quiet=True)
        for line, change in enumerate(changes):
            svg.code(drawing, x + 10, 60 + 22 * line, change, wide - 20)
    top = high + GAP
    svg.write(drawing, 2, top + 15, f"{name}: read-only, shared by {len(rows)}", quiet=True)
    for number, (instruction, size) in enumerate(stack):
        y = top + HEAD + STEP * number
        svg.box(drawing, 0.5, y + 0.5, WIDTH - 1, ROW - 1, line=svg.QUIET)
        svg.code(drawing, 12, y + 20, instruction, WIDTH - 130)
        svg.write(drawing, WIDTH - 12, y + 20, sizes.words(size), end=True)
    return drawing
