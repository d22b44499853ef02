"""One Dockerfile built several times: for each step and build, whether it was reused; and how long each build took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.pictures import svg
from labkit.pictures.cache_trace import COLORS, WORDS, Step, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from xml.etree.ElementTree import Element

WIDTH, LEFT, GAP, ROW, STEP, HEAD, FOOT = 760, 250, 8, 30, 34, 30, 40  # px
WORD = len("reused")


def cache_matrix(builds: Mapping[str, Iterable[Step]], seconds: Mapping[str, float]) -> svg.Figure:
    """Draw builds of one Dockerfile: a row for each step, a column for each build.

    Args:
        builds: the steps of each build, by what happened before it; all have the same instructions.
        seconds: how long each took, by the same names.

    Returns:
        The figure: the text has no seconds, since they differ from run to run.
    """
    columns = {title: rows_of(steps) for title, steps in builds.items()}
    instructions = [instruction for _, instruction in next(iter(columns.values()), [])]
    label = "Steps of builds. " + ". ".join(
        f"{title}: " + "; ".join(f"{instruction}, {word}" for word, instruction in rows)
        for title, rows in columns.items()
    )
    wide = max(map(len, instructions), default=0)
    head = " " * wide + "".join(f"  {title:<{WORD}}" for title in columns)
    text = [head.rstrip()]
    for place, instruction in enumerate(instructions):
        words = "".join(f"  {rows[place][0]:<{max(WORD, len(title))}}" for title, rows in columns.items())
        text.append(f"{instruction:<{wide}}{words}".rstrip())
    return svg.Figure(label, svg.lines(text), _draw(columns, instructions, seconds, label))


def _draw(
    columns: Mapping[str, list[tuple[str, str]]], instructions: list[str], seconds: Mapping[str, float], label: str
) -> Element:
    drawing = svg.canvas(WIDTH, HEAD + STEP * len(instructions) + FOOT, label)
    width = (WIDTH - LEFT) / max(1, len(columns)) - GAP
    for place, instruction in enumerate(instructions):
        svg.code(drawing, 2, HEAD + STEP * place + 20, instruction, LEFT - 10)
    foot = HEAD + STEP * len(instructions)
    svg.write(drawing, 2, foot + 22, "seconds for all of it", quiet=True)
    times = svg.measured(drawing)
    most = max(seconds.values(), default=0)
    for number, (title, rows) in enumerate(columns.items()):
        x = LEFT + number * (width + GAP)
        svg.write(drawing, x + 2, 18, title, bold=True)
        for place, (word, _) in enumerate(rows):
            y = HEAD + STEP * place
            svg.box(drawing, x + 0.5, y + 0.5, width - 1, ROW - 1, fill=COLORS[word], line=svg.QUIET)
            svg.write(drawing, x + 10, y + 20, WORDS[word], bold=word == "built")
        if title in seconds and most:
            share = max(2.0, round(width * seconds[title] / most, 1))
            svg.box(times, x, foot + 6, share, 6, fill=svg.tint(svg.BRAND, 75))
            svg.write(times, x + 2, foot + 30, f"{seconds[title]:.1f} s")
    return drawing
