"""How a report looks as a cell's result: as in the terminal, not as Python's own form."""

from __future__ import annotations

from labkit.report import text
from labkit.result import Report


def register() -> None:
    """Tell IPython, where it runs."""
    from IPython import get_ipython  # noqa: PLC0415  only a notebook has it

    shell = get_ipython()
    if shell is not None:
        shell.display_formatter.formatters["text/plain"].for_type(Report, _pretty)


def _pretty(report: Report, printer: object, cycle: bool) -> None:  # noqa: ARG001, FBT001  IPython's own signature
    printer.text(text.render(report).rstrip("\n"))  # type: ignore[attr-defined]
