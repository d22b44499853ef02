"""Images beside each other by size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.pictures import sizes, svg

if TYPE_CHECKING:
    from collections.abc import Mapping

WIDTH, STEP = 760, 54  # px
BAR_HEIGHT = 24


def size_comparison(images: Mapping[str, int]) -> svg.Figure:
    """Draw a bar for each image, and how much it saves against the first.

    Args:
        images: bytes by the name to show.

    Returns:
        The figure: sizes to two significant digits, savings to the nearest 5 percent.
    """
    first = next(iter(images.values()), 0)
    said = {name: [sizes.words(size)] for name, size in images.items()}
    for name, size in list(images.items())[1:]:
        said[name].append(sizes.change(size, first))
    label = "Sizes. " + "; ".join(f"{name}: {', '.join(words)}" for name, words in said.items())
    wide = max((len(name) for name in images), default=0)
    text = svg.lines(f"{name:<{wide}}  {', '.join(words)}" for name, words in said.items())
    drawing = svg.canvas(WIDTH, max(1, STEP * len(images)), label)
    most = max(map(sizes.rounded, images.values()), default=0)
    for number, (name, size) in enumerate(images.items()):
        y = STEP * number
        svg.write(drawing, 2, y + 15, name, bold=True)
        svg.write(drawing, WIDTH - 2, y + 15, ", ".join(said[name]), end=True)
        share = sizes.rounded(size) / most if most else 0
        fill = svg.tint(svg.BRAND if not number else svg.GOOD, 75)
        svg.box(drawing, 0, y + 22, WIDTH, BAR_HEIGHT)
        svg.box(drawing, 0, y + 22, max(2, round(WIDTH * share)), BAR_HEIGHT, fill=fill)
    return svg.Figure(label, text, drawing)
