"""The results of a class as files: one renderer for each format, and none of them decides anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from labkit.report.grades import classroom, classroom50, csv_, gradescope, html_class, html_learner, json_, junit
from labkit.result import Grade

Render = Callable[[Sequence[Grade], Mapping[str, str]], str | Iterator[str]]


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file.

    Attributes:
        file: the file's name.
        each: whether there is one for each learner, with that learner's grades; else there is one for the class.
        render: gives the file's text, whole or in pieces, to be written as UTF-8, from the grades and from what only
            the caller knows. That is a mapping with some of the keys in `shared.ABOUT`; a format that cannot do without
            some of them raises a ValueError that names those.
    """

    file: str
    each: bool
    render: Render


FORMATS: dict[str, Format] = {
    "json": Format("grades.json", each=False, render=json_.render),
    "csv": Format("gradebook-long.csv", each=False, render=csv_.render_long),
    "csv-wide": Format("gradebook.csv", each=False, render=csv_.render_wide),
    "class": Format("class.html", each=False, render=html_class.render),
    "html": Format("report.html", each=True, render=html_learner.render),
    "junit": Format("junit.xml", each=False, render=junit.render),
    "gradescope": Format("results.json", each=True, render=gradescope.render),
    "classroom50": Format("result.json", each=True, render=classroom50.render),
    "classroom": Format("classroom.json", each=True, render=classroom.render),
}
