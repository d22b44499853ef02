"""Where the files of a multi-stage image come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.pictures import svg

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from xml.etree.ElementTree import Element

WIDTH, GAP, ROW, STEP, HEAD = 760, 120, 30, 34, 30  # px
WORDS = {True: "→ comes along", False: "stays behind"}


def stage_files(stages: Mapping[str, Sequence[str]], image: Mapping[str, str]) -> svg.Figure:
    """Draw the files of the stages on the left, those of the image on the right.

    Args:
        stages: files that each earlier stage added to its base image, by the stage's name.
        image: files that the last stage added to its own, each with the place that it comes from: a stage's name
            followed by ``:`` and the path there, or ``""`` where the last stage made it.

    Returns:
        The figure.
    """
    left = [(stage, path, f"{stage}:{path}" in image.values()) for stage, paths in stages.items() for path in paths]
    right = [(path, source.partition(":")[0] or "the last stage") for path, source in sorted(image.items())]
    said = [
        *(f"{stage}  {WORDS[comes]:<13}  /{path}" for stage, path, comes in left),
        *(f"image  from {source}: /{path}" for path, source in right),
    ]
    label = "Files of the stages and of the image. " + "; ".join(" ".join(line.split()) for line in said)
    return svg.Figure(label, svg.lines(said), _draw(left, right, label))


def _draw(left: list[tuple[str, str, bool]], right: list[tuple[str, str]], label: str) -> Element:
    drawing = svg.canvas(WIDTH, HEAD + STEP * max(len(left), len(right)), label)
    width = (WIDTH - GAP) / 2
    svg.write(drawing, 2, 18, "earlier stages", bold=True)
    svg.write(drawing, width + GAP + 2, 18, "the image", bold=True)
    for number, (stage, path, comes) in enumerate(left):
        y = HEAD + STEP * number
        fill = svg.tint(svg.GOOD) if comes else svg.PANEL
        svg.box(drawing, 0.5, y + 0.5, width - 1, ROW - 1, fill=fill, line=svg.QUIET)
        svg.code(drawing, 10, y + 20, f"/{path}", width - 100)
        svg.write(drawing, width - 10, y + 20, stage, quiet=True, end=True)
        svg.write(drawing, width + 10, y + 20, WORDS[comes], quiet=not comes)
    for number, (path, source) in enumerate(right):
        y = HEAD + STEP * number
        svg.box(drawing, width + GAP + 0.5, y + 0.5, width - 1, ROW - 1, fill=svg.tint(svg.GOOD), line=svg.QUIET)
        svg.code(drawing, width + GAP + 10, y + 20, f"/{path}", width - 150)
        svg.write(drawing, WIDTH - 10, y + 20, f"from {source}", quiet=True, end=True)
    return drawing
