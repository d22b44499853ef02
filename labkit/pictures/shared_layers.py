"""Two images beside each other: which layers they share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from labkit.pictures import sizes, svg

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from xml.etree.ElementTree import Element

WIDTH, ROW, STEP, HEAD, GAP = 760, 30, 34, 28, 16  # px


class Layer(Protocol):
    """A layer: its identity, the instruction that made it, and its bytes."""

    @property
    def diff_id(self) -> str: ...  # noqa: D102

    @property
    def created_by(self) -> str: ...  # noqa: D102

    @property
    def size(self) -> int: ...  # noqa: D102


def shared_layers(images: Mapping[str, Sequence[Layer]]) -> svg.Figure:
    """Draw images as stacks side by side, with the layers marked that more than one has.

    Args:
        images: layers, base first, by the image's name.

    Returns:
        The figure: shared layers are counted once.
    """
    names = list(images)
    holders = {
        layer.diff_id: [name for name in names if layer.diff_id in {each.diff_id for each in images[name]}]
        for layers in images.values()
        for layer in layers
    }
    unique = {layer.diff_id: layer.size for layers in images.values() for layer in layers}
    apart = sum(layer.size for layers in images.values() for layer in layers)
    total = f"{sizes.words(sum(unique.values()))} on the disk, since shared layers are stored once"
    total += f"; {sizes.words(apart)} if they were not"
    shared = {id_ for id_, there in holders.items() if len(there) > 1}
    text = svg.lines(
        *([name, *(f"  {_row(layer, shared)}" for layer in reversed(layers))] for name, layers in images.items()), total
    )
    label = f"{len(shared)} layers are shared by {' and '.join(names)}. {total}"
    return svg.Figure(label, text, _draw(images, shared, total, label))


def _row(layer: Layer, shared: set[str]) -> str:
    return f"{'shared' if layer.diff_id in shared else 'own   '}  {sizes.words(layer.size):>7}  {layer.created_by}"


def _draw(images: Mapping[str, Sequence[Layer]], shared: set[str], total: str, label: str) -> Element:
    most = max(map(len, images.values()), default=0)
    drawing = svg.canvas(WIDTH, HEAD + STEP * most + HEAD, label)
    wide = (WIDTH + GAP) / max(1, len(images)) - GAP
    for column, (name, layers) in enumerate(images.items()):
        x = (wide + GAP) * column
        svg.write(drawing, x + 2, 18, name, bold=True)
        for number, layer in enumerate(reversed(layers)):
            y = HEAD + STEP * (most - len(layers) + number)
            ours = layer.diff_id in shared
            fill = svg.tint(svg.GOOD) if ours else svg.PANEL
            svg.box(drawing, x + 0.5, y + 0.5, wide - 1, ROW - 1, fill=fill, line=svg.GOOD if ours else svg.QUIET)
            svg.code(drawing, x + 10, y + 20, f"{'= ' if ours else ''}{layer.created_by}", wide - 95)
            svg.write(drawing, x + wide - 10, y + 20, sizes.words(layer.size), end=True)
    svg.write(drawing, 2, HEAD + STEP * most + 18, total, quiet=True)
    return drawing
