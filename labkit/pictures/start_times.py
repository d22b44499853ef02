"""How long starts take, on a scale on which each step is ten times the one before."""

from __future__ import annotations

import math
from statistics import median
from typing import TYPE_CHECKING
from xml.etree.ElementTree import SubElement

from labkit.pictures import svg

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, LEFT, RIGHT = 760, 190, 20  # px
ROW, TOP, BOTTOM = 56, 10, 34
FIRST, LAST = -2, 2  # powers of ten, in seconds
QUICK = 5  # seconds: the words are the same on a machine that is busy


def start_times(measured: Sequence[float], quoted: tuple[float, float], source: str) -> svg.Figure:
    """Draw measured starts of containers as dots, and what is said of virtual machines as a bar.

    Args:
        measured: seconds, one for each start.
        quoted: shortest and longest seconds that ``source`` gives for a virtual machine; nobody measured them here.
        source: who says so.

    Returns:
        The figure: in words only how often was measured, and whether it was quick.
    """
    low, high = quoted
    middle = median(measured)
    said = "less than five seconds" if middle < QUICK else "five seconds or more"
    rows = [
        f"container: {said} (the middle one of {len(measured)} starts measured here)",
        f"virtual machine: {low:g} to {high:g} seconds (not measured: quoted from {source})",
    ]
    label = "Time to start, from a hundredth of a second to a hundred seconds. " + "; ".join(rows)
    drawing = svg.canvas(WIDTH, TOP + 2 * ROW + BOTTOM, label)
    for power in range(FIRST, LAST + 1):
        x = _x(10.0**power)
        svg.box(drawing, x, TOP, 1, 2 * ROW, fill=svg.QUIET)
        svg.write(drawing, x - 36 * (power == LAST), TOP + 2 * ROW + 18, f"{10.0**power:g} s", quiet=True)
    svg.write(drawing, 2, TOP + 22, "container", bold=True)
    svg.write(drawing, 2, TOP + 40, f"measured, {len(measured)} starts", quiet=True)
    dots = svg.measured(drawing)
    for number, seconds in enumerate(measured):
        y = TOP + 14 + number % 5 * 7
        style = f"fill:{svg.tint(svg.BRAND, 75)};stroke:none"
        SubElement(dots, "circle", {"cx": f"{_x(seconds):g}", "cy": f"{y:g}", "r": "4", "style": style})
    svg.write(drawing, 2, TOP + ROW + 22, "virtual machine", bold=True)
    svg.write(drawing, 2, TOP + ROW + 40, f"quoted: {source}", quiet=True)
    svg.box(drawing, _x(low), TOP + ROW + 14, _x(high) - _x(low), 24, fill=svg.tint(svg.WARN), line=svg.WARN)
    return svg.Figure(label, svg.lines(rows), drawing)


def _x(seconds: float) -> float:
    place = (math.log10(max(seconds, 10.0**FIRST)) - FIRST) / (LAST - FIRST)
    return round(LEFT + min(place, 1.0) * (WIDTH - LEFT - RIGHT), 1)
