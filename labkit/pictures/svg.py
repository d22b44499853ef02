"""What all pictures share: a figure, and the few shapes that it is drawn with.

Pictures are inline SVG inside text/html, since an image/svg+xml output becomes an <img> that no theme variable reaches
(source: JupyterLab 4, rendermime). Colors are JupyterLab's variables with a fallback for wherever there are none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

if TYPE_CHECKING:
    from collections.abc import Iterable

PAGE = "var(--jp-layout-color1,#fff)"
PANEL = "var(--jp-layout-color2,#eee)"
INK = "var(--jp-content-font-color1,#212121)"
QUIET = "var(--jp-ui-font-color2,#616161)"  # the border variables are too faint in the dark theme
GOOD = "var(--jp-success-color1,#388e3c)"
WARN = "var(--jp-warn-color1,#e65100)"
BRAND = "var(--jp-brand-color1,#1976d2)"
SANS = "var(--jp-content-font-family,system-ui,sans-serif)"
MONO = "var(--jp-code-font-family,monospace)"
CHAR = 7.9  # px, the widest a character of 13 px gets in the monospace fonts that are met


@dataclass(frozen=True, eq=False)
class Figure:
    """A picture with a text form; both are the same for the same lesson on every engine and builder.

    Attributes:
        label: what a screen reader says of the whole.
        text: the same as lines of text.
        drawing: the SVG.
    """

    label: str
    text: str
    drawing: Element

    def _repr_html_(self) -> str:
        indent(self.drawing, space="")  # lines, so that a change shows as one in a notebook's history
        return tostring(self.drawing, encoding="unicode")

    def __repr__(self) -> str:
        return self.text


def tint(color: str, percent: int = 22) -> str:
    """Mix a color into the page's, so that text on it stays readable in light and dark themes."""
    return f"color-mix(in srgb, {color} {percent}%, {PAGE})"


def canvas(width: float, height: float, label: str) -> Element:
    """Begin a drawing of so many px, which shrinks with its column."""
    return Element(
        "svg",
        {
            "role": "img",
            "aria-label": label,
            "viewBox": f"0 0 {width:g} {height:g}",
            "width": f"{width:g}",
            "style": f"max-width:100%;height:auto;font-family:{SANS};font-size:13px",
        },
    )


def measured(parent: Element) -> Element:
    """Give a group for what differs from run to run, such as times: nbval does not compare what is in it."""
    return SubElement(parent, "g", {"class": "measured"})


def box(  # noqa: PLR0913  a rectangle has this many sides to it
    parent: Element, x: float, y: float, width: float, height: float, *, fill: str = PANEL, line: str = "none"
) -> None:
    """Draw a rectangle with rounded corners."""
    place = {"x": x, "y": y, "width": width, "height": height}
    SubElement(
        parent,
        "rect",
        {**{name: f"{value:g}" for name, value in place.items()}, "rx": "4", "style": f"fill:{fill};stroke:{line}"},
    )


def write(  # noqa: PLR0913  as few as the pictures need
    parent: Element,
    x: float,
    y: float,
    text: str,
    *,
    mono: bool = False,
    bold: bool = False,
    quiet: bool = False,
    end: bool = False,
) -> None:
    """Write one line of text with its baseline at ``y``; with ``end``, it ends at ``x``."""
    style = [f"fill:{QUIET if quiet else INK}"]
    style += [f"font-family:{MONO}"] * mono + ["font-weight:600"] * bold + ["text-anchor:end"] * end
    SubElement(parent, "text", {"x": f"{x:g}", "y": f"{y:g}", "style": ";".join(style)}).text = text


def code(parent: Element, x: float, y: float, text: str, width: float) -> None:
    """Write one line of code in ``width`` px, shortened if need be; the whole of it is shown on hovering."""
    room = int(width / CHAR)
    short = text if len(text) <= room else f"{text[: room - 1]}…"
    write(parent, x, y, short, mono=True)
    if short != text:
        SubElement(parent[-1], "title").text = text


def lines(*parts: str | Iterable[str]) -> str:
    """Join lines and groups of lines."""
    flat = [[part] if isinstance(part, str) else list(part) for part in parts]
    return "\n".join(line for group in flat for line in group)
