"""The processes of a container and who they run as."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from labkit.pictures import svg

if TYPE_CHECKING:
    from collections.abc import Iterable
    from xml.etree.ElementTree import Element

WIDTH, ROW, STEP, EDGE, HEAD = 760, 30, 36, 14, 30  # px
INDENT, WHO = 30, 160  # px


class Process(Protocol):
    """A process: its user id and its command line."""

    @property
    def uid(self) -> int: ...  # noqa: D102

    @property
    def command(self) -> str: ...  # noqa: D102


def process_tree(processes: Iterable[Process]) -> svg.Figure:
    """Draw a container with its processes; the first one is what the container was started for.

    Args:
        processes: in the order in which they were started.

    Returns:
        The figure: user and command, without process ids, which differ each time.
    """
    rows = [("root, uid 0" if one.uid == 0 else f"uid {one.uid}", one.uid == 0, one.command) for one in processes]
    label = f"A container with {len(rows)} process{'es' * (len(rows) != 1)}. " + "; ".join(
        f"{command} runs as {who}" for who, _, command in rows
    )
    text = svg.lines(
        "container",
        (f"  {'└─ ' if number else ''}{who}: {command}" for number, (who, _, command) in enumerate(rows)),
    )
    return svg.Figure(label, text, _draw(rows, label))


def _draw(rows: list[tuple[str, bool, str]], label: str) -> Element:
    height = HEAD + STEP * len(rows) + EDGE - (STEP - ROW)
    drawing = svg.canvas(WIDTH, height, label)
    svg.box(drawing, 0.5, 0.5, WIDTH - 1, height - 1, fill=svg.PAGE, line=svg.QUIET)
    svg.write(drawing, EDGE, 20, "container", quiet=True)
    for number, (who, root, command) in enumerate(rows):
        x, y = EDGE + (INDENT if number else 0), HEAD + STEP * number
        fill = svg.tint(svg.WARN if root else svg.GOOD)
        svg.box(drawing, x + 0.5, y + 0.5, WIDTH - EDGE - x - 1, ROW - 1, fill=fill, line=svg.QUIET)
        svg.write(drawing, x + 12, y + 20, f"{'▲' if root else '✓'} {who}", bold=True)
        svg.code(drawing, x + WHO, y + 20, command, WIDTH - EDGE - x - WHO - 12)
    return drawing
