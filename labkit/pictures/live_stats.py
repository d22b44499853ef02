"""Your containers, live: state, ports, processor and memory, drawn anew each second until it is stopped."""

from __future__ import annotations

import atexit
import contextvars
import threading
from typing import TYPE_CHECKING, Any, Protocol

import ipywidgets as widgets

from labkit.pictures import svg

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

WIDTH, ROW, HEAD, EDGE = 760, 34, 28, 12  # px
STATE, PORTS, CPU, MEMORY, BAR = 200, 300, 430, 590, 70  # px from the left, and a bar's width
MIB = 1 << 20
JOIN = 5.0  # seconds that the end of the kernel waits for a reading that is under way
COLORS = {"running": svg.GOOD, "paused": svg.WARN}
NONE_YET = "There is no container yet."


class Usage(Protocol):
    """A container at one moment; ``cpu`` in percent of a core, ``memory`` and ``limit`` in bytes."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def state(self) -> str: ...  # noqa: D102
    @property
    def ports(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def cpu(self) -> float | None: ...  # noqa: D102
    @property
    def memory(self) -> int | None: ...  # noqa: D102
    @property
    def limit(self) -> int: ...  # noqa: D102


class Meter(Protocol):
    """What reads them."""

    def read(self) -> Sequence[Usage]: ...  # noqa: D102


class Source(Protocol):
    """Whose containers they are, such as ``mine()``."""

    def meter(self, name: str) -> Meter: ...  # noqa: D102


def usage(containers: Sequence[Usage]) -> svg.Figure:
    """Draw containers with what they use now.

    Args:
        containers: at one moment.

    Returns:
        The figure; its text says names, states and ports, since what is used differs each second.
    """
    wide = max((len(each.name) for each in containers), default=0)
    high = max((len(each.state) for each in containers), default=0)
    rows = [f"{each.name:<{wide}}  {each.state:<{high}}  {', '.join(each.ports)}".rstrip() for each in containers]
    label = "; ".join(", ".join([each.name, each.state, *_used(each)]) for each in containers) or NONE_YET
    return svg.Figure(f"Containers: {label}", svg.lines(rows or NONE_YET), _draw(containers, label))


def _used(one: Usage) -> list[str]:
    ports = [f"port {port}" for port in one.ports]
    cpu = [f"{one.cpu:.0f} % of a core"] if one.cpu is not None else []
    memory = [f"{one.memory / MIB:.0f} of {one.limit / MIB:.0f} MiB"] if one.memory is not None else []
    return [*ports, *cpu, *memory]


def _draw(containers: Sequence[Usage], label: str) -> Element:
    drawing = svg.canvas(WIDTH, HEAD + ROW * max(1, len(containers)), label)
    heads = {EDGE: "container", STATE: "state", PORTS: "ports", CPU: "cpu, of a core", MEMORY: "memory, of its limit"}
    for x, head in heads.items():
        svg.write(drawing, x, 18, head, quiet=True)
    if not containers:
        svg.write(drawing, EDGE, HEAD + 21, NONE_YET)
    for number, each in enumerate(containers):
        y = HEAD + ROW * number
        svg.box(drawing, 0.5, y + 0.5, WIDTH - 1, ROW - 5)
        svg.code(drawing, EDGE, y + 20, each.name, STATE - EDGE - 22)
        color = COLORS.get(each.state, svg.QUIET)
        svg.box(drawing, STATE - 16, y + 9, 10, 10, fill=color if each.state == "running" else "none", line=color)
        svg.write(drawing, STATE, y + 20, each.state)
        svg.code(drawing, PORTS, y + 20, ", ".join(each.ports), CPU - PORTS - 8)
        if each.cpu is not None:
            _bar(drawing, CPU, y, each.cpu / 100, f"{each.cpu:.0f} %")
        if each.memory is not None:
            _bar(drawing, MEMORY, y, each.memory / max(1, each.limit), f"{each.memory / MIB:.0f} MiB")
    return drawing


def _bar(drawing: Element, x: float, y: float, share: float, text: str) -> None:
    svg.box(drawing, x, y + 9, BAR, 12, fill=svg.PAGE, line=svg.QUIET)
    svg.box(drawing, x, y + 9, max(1.0, BAR * min(1.0, share)), 12, fill=svg.BRAND)
    svg.write(drawing, x + BAR + 8, y + 20, text)


class LiveStats(widgets.VBox):  # type: ignore[misc]
    """The picture, drawn anew until it is stopped: by its button, by ``stop()``, or at the kernel's end.

    Args:
        meter: reads the containers.
        every: seconds between two readings.
    """

    def __init__(self, meter: Meter, every: float = 1.0) -> None:
        self._meter, self._every, self._reading = meter, every, threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._text = ""
        self._picture = widgets.HTML()
        self._button = widgets.Button()
        self._note = widgets.Label()
        self._button.on_click(lambda _: self.stop() if self.running else self.start())
        super().__init__([self._picture, widgets.HBox([self._button, self._note])])
        self.refresh()
        self.start()

    @property
    def running(self) -> bool:
        """Whether it is refreshed."""
        return not self._stopped.is_set()

    def start(self) -> None:
        """Refresh it from now on."""
        self.stop()
        self._stopped = threading.Event()
        work = contextvars.copy_context().run  # ipykernel keeps there which cell a message belongs to
        self._thread = threading.Thread(target=work, args=(self._go_on, self._stopped), name="labkit-live", daemon=True)
        self._thread.start()
        atexit.register(self.stop)
        self._button.description, self._note.value = "Stop", "live"

    def stop(self) -> None:
        """Leave it as it is now."""
        self._stopped.set()
        atexit.unregister(self.stop)
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join(JOIN)
        self._button.description, self._note.value = "Go on", "stopped"

    def _go_on(self, stopped: threading.Event) -> None:
        while not stopped.wait(self._every):
            try:
                self.refresh()
            except Exception as error:  # noqa: BLE001  whatever it is: nobody else would show it
                self._note.value = f"No reading: {str(error).partition(chr(10))[0]}"

    def refresh(self) -> None:
        """Read and draw once."""
        with self._reading:
            figure = usage(self._meter.read())
            self._text = figure.text
            self._picture.value = figure._repr_html_()

    def _repr_mimebundle_(self, **options: Any) -> Any:  # noqa: ANN401  IPython's own signature
        self.refresh()
        found = super()._repr_mimebundle_(**options)
        if isinstance(found, dict):  # ipywidgets cuts the text off after 110 characters
            found["text/plain"] = repr(self)
        return found

    def __repr__(self) -> str:
        return self._text


_last: list[LiveStats] = []


def live_stats(source: Source, name: str = "", *, every: float = 1.0) -> LiveStats:
    """Show containers live; an earlier one of the same kernel stops.

    Args:
        source: whose containers, such as ``mine()``.
        name: only those whose name holds this.
        every: seconds between two readings.

    Returns:
        A widget; ``stop()`` ends its refreshing, as its button does.
    """
    while _last:
        _last.pop().stop()
    _last.append(LiveStats(source.meter(name), every))
    return _last[0]
