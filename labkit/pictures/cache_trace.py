"""Builds beside each other: which steps were reused, and which were made anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from labkit.pictures import svg

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from xml.etree.ElementTree import Element

WIDTH, GAP, ROW, STEP, HEAD = 760, 20, 30, 34, 30  # px
WORD = 92  # px that the word takes
# These make no layer, and BuildKit does not report them as steps (source: BuildKit, dockerfile2llb).
NO_LAYER = {"ARG", "CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD", "SHELL"}
NO_LAYER |= {"STOPSIGNAL", "USER", "VOLUME"}
WORDS = {"base": "base", "reused": "✓ reused", "built": "● built"}
COLORS = {"base": svg.PANEL, "reused": svg.tint(svg.GOOD), "built": svg.tint(svg.WARN)}


class Step(Protocol):
    """One step of a build."""

    @property
    def instruction(self) -> str: ...  # noqa: D102

    @property
    def cached(self) -> bool: ...  # noqa: D102

    @property
    def stage(self) -> str: ...  # noqa: D102


def cache_trace(builds: Mapping[str, Iterable[Step]]) -> svg.Figure:
    """Draw builds as columns of steps.

    Args:
        builds: the steps of each build, by the title to show.

    Returns:
        The figure: each step is "reused", "built", or the "base". Instructions that make no layer are left out.
    """
    columns = {title: rows_of(steps) for title, steps in builds.items()}
    label = "Steps of builds. " + ". ".join(
        f"{title}: " + "; ".join(f"{instruction}, {word}" for word, instruction in rows)
        for title, rows in columns.items()
    )
    text = svg.lines(
        *([title, *(f"  {word:<6}  {instruction}" for word, instruction in rows)] for title, rows in columns.items())
    )
    return svg.Figure(label, text, _draw(columns, label))


def rows_of(steps: Iterable[Step]) -> list[tuple[str, str]]:
    """Word and instruction of each step; the stage stands before it where there are several."""
    shown = [step for step in steps if step.instruction.split(maxsplit=1)[0].upper() not in NO_LAYER]
    several = len({step.stage for step in shown}) > 1
    return [(_word(step), f"[{step.stage}] {step.instruction}" if several else step.instruction) for step in shown]


def _word(step: Step) -> str:
    if step.instruction.upper().startswith("FROM "):
        return "base"
    return "reused" if step.cached else "built"


def _draw(columns: Mapping[str, list[tuple[str, str]]], label: str) -> Element:
    most = max((len(rows) for rows in columns.values()), default=0)
    drawing = svg.canvas(WIDTH, HEAD + STEP * most, label)
    width = (WIDTH - GAP * (len(columns) - 1)) / max(1, len(columns))
    for number, (title, rows) in enumerate(columns.items()):
        x = number * (width + GAP)
        svg.write(drawing, x + 2, 18, title, bold=True)
        for row, (word, instruction) in enumerate(rows):
            y = HEAD + STEP * row
            svg.box(drawing, x + 0.5, y + 0.5, width - 1, ROW - 1, fill=COLORS[word], line=svg.QUIET)
            svg.write(drawing, x + 10, y + 20, WORDS[word], bold=word == "built")
            svg.code(drawing, x + WORD, y + 20, instruction, width - WORD - 8)
    return drawing
