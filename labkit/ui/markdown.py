"""Markdown of the course's authors as HTML: no raw HTML, and links leave the notebook alone."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token
    from markdown_it.utils import OptionsDict


LEVELS = {"h1": "h4", "h2": "h4", "h3": "h5"}  # below the panel's own heading, which is an h3


def render(text: str) -> str:
    """Render Markdown (CommonMark and tables) as HTML."""
    return str(_parser().render(text))


def render_inline(text: str) -> str:
    """Render Markdown of a single line as HTML without a paragraph."""
    return str(_parser().renderInline(text))


def without_title(text: str) -> str:
    """Take away a text's first line where it is its title, and the minutes below it: the panel's head says both."""
    return re.sub(r"\A\s*# .*\n\s*(?:\*\d+ minutes?\*\s*\n)?", "", text)


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.add_render_rule("link_open", _link_open)
    parser.add_render_rule("heading_open", _heading)
    parser.add_render_rule("heading_close", _heading)
    return parser


def _link_open(
    self: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    _env: Any,  # noqa: ANN401  the library's own type
) -> str:
    """Open links in a tab of their own: following one must not close the notebook."""
    tokens[index].attrSet("target", "_blank")
    tokens[index].attrSet("rel", "noopener noreferrer")
    return str(self.renderToken(tokens, index, options, _env))


def _heading(
    self: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    _env: Any,  # noqa: ANN401  the library's own type
) -> str:
    tokens[index].tag = LEVELS.get(tokens[index].tag, "h6")
    return str(self.renderToken(tokens, index, options, _env))
