"""What both HTML pages share: the templates, and how text gets into them."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from labkit.report import panel
from labkit.report.grades.shared import UNRUN, number, percent, visible
from labkit.status import FINDINGS


def prose(text: str) -> Markup:
    """A sentence from anybody, safe in HTML; what stands in `backticks` becomes code."""
    return Markup(panel.prose(visible(text, keep="\n")))  # noqa: S704  which escapes; line breaks stay, styles show them


def page(template: str, **values: object) -> str:
    """A whole page from one of the templates beside this file; it needs nothing else to be read."""
    return ENVIRONMENT.get_template(template).render(**values)


ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
ENVIRONMENT.filters |= {"prose": prose, "visible": visible, "number": number, "percent": percent}
ENVIRONMENT.globals |= {
    "words": {outcome.value: (shown.sign, shown.english) for outcome, shown in FINDINGS.items()},
    "unrun": UNRUN,
}
