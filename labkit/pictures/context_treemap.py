"""A folder that a build is made from, as areas: what takes how much, and what of it is sent to the engine."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from labkit.pictures import svg
from labkit.pictures.treemap import Box, squarify

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from xml.etree.ElementTree import Element

WIDTH, HEIGHT, HEAD, LINE = 760, 260, 24, 20  # px
SMALLEST = 0.01  # share of the whole; what is smaller is named below the picture
GAP = 2  # px
LETTER = 7  # px, the widest that a line of small names gets on average


class Entry(NamedTuple):
    """A file or folder at the top: bytes in all and bytes sent, and whether anything stays."""

    name: str  # a folder's ends with a slash
    size: int
    sent: int
    whole: bool

    @property
    def words(self) -> str:
        """What happens to it."""
        if self.whole:
            return "sent"
        return f"sent in part: {_size(self.sent)}" if self.sent else "stays here"


def context_treemap(files: Mapping[str, int], sent: Collection[str] | None = None) -> svg.Figure:
    """Draw the files and folders at the top of a build's folder, each as large as its share of the bytes.

    Args:
        files: bytes by path of all files in the folder.
        sent: paths of those that are sent to the engine; None for all.

    Returns:
        The figure: sizes to two significant digits; entries below 1 percent are named in a line below.
    """
    entries = _entries(files, files.keys() if sent is None else set(sent))
    total, travels = sum(e.size for e in entries), sum(e.sent for e in entries)
    count = len(files) if sent is None else len(files.keys() & set(sent))
    head = f"{_size(travels)} of {_size(total)} are sent, {count} of {len(files)} files"
    label = f"{head}. " + "; ".join(f"{e.name}, {_size(e.size)}, {e.words}" for e in entries)
    wide = max((len(e.name) for e in entries), default=0)
    text = svg.lines(head, (f"  {_size(e.size):>6}  {e.name:<{wide}}  {e.words}" for e in entries))
    return svg.Figure(label, text, _draw(entries, total, head, label))


def _entries(files: Mapping[str, int], sent: Collection[str]) -> list[Entry]:
    sizes, travels, parted = Counter[str](), Counter[str](), set[str]()
    for path, size in files.items():
        top, slash, _ = path.partition("/")
        sizes[top + slash] += size
        travels[top + slash] += size * (path in sent)
        if path not in sent:
            parted.add(top + slash)
    largest_first = sorted(sizes.items(), key=lambda entry: (-entry[1], entry[0]))
    return [Entry(name, size, travels[name], name not in parted) for name, size in largest_first]


def _size(size: int) -> str:
    """Say a size to two significant digits: ``0 kB``, ``31 kB``, ``2.6 MB``, ``160 MB``."""
    kilobytes = float(f"{size / 1000:.2g}")
    if kilobytes < 1:
        return "< 1 kB" if size else "0 kB"
    return f"{kilobytes:g} kB" if kilobytes < 1000 else f"{kilobytes / 1000:g} MB"  # noqa: PLR2004  1 MB


def _draw(entries: list[Entry], total: int, head: str, label: str) -> Element:
    large = [entry for entry in entries if total and entry.size >= SMALLEST * total]
    below = [f"{e.name} ({e.words})" for e in entries if e not in large]
    lines = _wrapped(["too small to see:", *below]) if below else []
    room = HEIGHT if large else 0
    drawing = svg.canvas(WIDTH, HEAD + room + LINE * len(lines) + 8, label)
    svg.write(drawing, 2, 15, head, bold=True)
    places = squarify([entry.size for entry in large], Box(0, HEAD, WIDTH, room))
    for entry, place in zip(large, places, strict=True):
        _block(drawing, entry, place)
    for number, line in enumerate(lines):
        svg.write(drawing, 2, HEAD + room + LINE * (number + 1), line, quiet=True)
    return drawing


def _block(drawing: Element, entry: Entry, place: Box) -> None:
    """A filled box for what is sent, an empty one for what stays; both, by share, for a folder that is parted."""
    x, y = round(place.x, 1), round(place.y, 1)
    width, height = round(max(place.width - GAP, 1), 1), round(max(place.height - GAP, 1), 1)
    svg.box(drawing, x, y, width, height, fill=svg.PAGE, line=svg.QUIET)
    if entry.sent:
        svg.box(drawing, x, y, width * entry.sent / entry.size, height, fill=svg.tint(svg.BRAND, 45))
    inside = width - 16
    for number, line in enumerate((entry.name, f"{_size(entry.size)}, {entry.words}")):
        if inside > 5 * svg.CHAR and height > 20 + 18 * number:  # room for some letters
            svg.code(drawing, x + 8, y + 18 * (number + 1), line, inside)


def _wrapped(words: list[str]) -> list[str]:
    """Join words to lines that fit the picture, with commas after the first."""
    lines, room = [words[0]], int(WIDTH / LETTER)
    for number, word in enumerate(words[1:]):
        joint = ", " if number else " "
        if len(lines[-1]) + len(joint) + len(word) > room:
            lines[-1] += ","
            lines.append(word)
        else:
            lines[-1] += joint + word
    return lines
