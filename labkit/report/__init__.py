"""A report as text for somebody or something: one renderer for each format, and none of them decides anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.report import json_, junit, panel, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from labkit.result import Report

RENDERERS: dict[str, Callable[[Report], str]] = {
    "text": text.render,
    "json": json_.render,
    "junit": junit.render,
    "panel": panel.render,
}
