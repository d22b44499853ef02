"""For course authors: `labkit dev notebooks` runs the text twins and stores what they give, `manual` lists the checks.

A notebook is two files: ``twins/NN_topic.md`` (MyST, what authors edit and reviewers read) and ``NN_topic.ipynb`` (what
learners open, with its outputs). The second is made from the first; a rebuild without a change gives the same bytes.
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import click

from labkit import course
from labkit.checks.manual import manual as make_manual
from labkit.errors import LabError
from labkit.words import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Iterable

CELL_SECONDS = 300
SANITIZE = "tests/nbval_sanitize.cfg"
WIDGET = "application/vnd.jupyter.widget-view+json"


@click.group()
def dev() -> None:
    """For course authors."""


@dev.command()
@click.argument("names", nargs=-1)
def notebooks(names: tuple[str, ...]) -> None:
    """Run notebooks from their text twins and store them with their outputs; all where none is named."""
    folder = course.root() / "notebooks" / "twins"
    twins = [folder / f"{Path(name).stem}.md" for name in names] or sorted(folder.glob("*.md"))
    for twin in twins:
        click.echo(f"{twin.name}: ", nl=False)
        cells = rebuild(twin)
        click.echo(f"{cells} code cells run")


@dev.command()
def manual() -> None:
    """Write docs/checks.md anew from the checks, and from the wrong submissions that they refuse."""
    page = course.root() / "docs" / "checks.md"
    page.write_text(make_manual(course.refused()), encoding="utf-8")
    click.echo(f"wrote {page}")


@dev.command()
def words() -> None:
    """Write the catalogs of messages anew from the code; what is new in them is still to be translated."""
    from labkit.catalogs import renew  # noqa: PLC0415  only authors need it

    for path in renew():
        click.echo(f"wrote {path}")


def rebuild(twin: Path) -> int:
    """Execute one text twin into its notebook beside the twins' folder; return the number of code cells.

    Raises:
        LabError: a cell failed.
    """
    import jupytext  # noqa: PLC0415  only authors have these
    import nbformat  # noqa: PLC0415
    from nbclient import NotebookClient  # noqa: PLC0415
    from nbclient.exceptions import CellExecutionError  # noqa: PLC0415

    notebook, folder = jupytext.read(twin), twin.parent.parent
    with tempfile.TemporaryDirectory(prefix="labkit-") as own, patch.dict(os.environ, starter_state(own)):
        try:
            NotebookClient(
                notebook,
                timeout=CELL_SECONDS,
                kernel_name="python3",
                resources={"metadata": {"path": str(folder)}},
                store_widget_state=False,  # else the widget's whole bundle lands in the file
                record_timing=False,
            ).execute()
        except CellExecutionError as error:
            raise LabError(f"{twin.name}: a cell failed: {error.ename}: {error.evalue}", fix="mend it") from error
    normalise(notebook, patterns((course.root() / SANITIZE).read_text(encoding="utf-8")))
    nbformat.write(notebook, folder / f"{twin.stem}.ipynb")  # type: ignore[no-untyped-call]
    return sum(cell.cell_type == "code" for cell in notebook.cells)


def starter_state(folder: str) -> dict[str, str]:
    """Where a learner's things are, as variables, for notebooks that run as if nobody had done anything yet.

    They speak English, as what is stored in the notebooks does, whatever their author speaks.
    """
    return {"LABKIT_WORK": f"{folder}/work", "LABKIT_DATA": f"{folder}/data", "LABKIT_LANG": ENGLISH}


def patterns(text: str) -> list[tuple[re.Pattern[str], str]]:
    """Read nbval's sanitize file: pairs of ``regex:`` and ``replace:`` lines, in order."""
    found = re.findall(r"^regex: (.*)\nreplace:[ ]?(.*)$", text, re.MULTILINE)
    return [(re.compile(pattern), replacement) for pattern, replacement in found]


def normalise(notebook: Any, pairs: Iterable[tuple[re.Pattern[str], str]]) -> None:  # noqa: ANN401  nbformat is untyped
    """Take out what differs between two runs: ids, widget models, and what the sanitize patterns name."""
    pairs = list(pairs)
    for key in ("widgets", "jupytext"):
        notebook.metadata.pop(key, None)
    notebook.metadata.get("language_info", {}).pop("version", None)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:03}"
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":  # a progress bar, which was there while a build took long
            cell.outputs = [output for output in cell.outputs if set(output.get("data", "-")) != {WIDGET}]
        for output in cell.get("outputs", []):
            _normalise_output(output, pairs)


def _normalise_output(output: Any, pairs: list[tuple[re.Pattern[str], str]]) -> None:  # noqa: ANN401
    if output.output_type == "stream":
        output.text = _sanitised(output.text, pairs)
    output.get("data", {}).pop(WIDGET, None)  # stored, it is but an error; before the first run its text is shown
    for kind, value in output.get("data", {}).items():
        if isinstance(value, str) and kind.startswith("text/"):
            output.data[kind] = _sanitised(value, pairs)


def _sanitised(text: str, pairs: list[tuple[re.Pattern[str], str]]) -> str:
    for pattern, replacement in pairs:
        text = pattern.sub(replacement, text)
    return text
