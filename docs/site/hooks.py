"""The repository as MkDocs sees it: each page keeps its path, so a link that works there works in the site.

Three things are made here, and stored nowhere else: the list of the exercises, a page for each source file that a page
links to, and one style sheet for all notebooks. What a notebook's page would fetch from elsewhere is taken out.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyterlab_pygments import JupyterStyle
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs_jupyter.config import settings
from pygments.formatters import HtmlFormatter

from labkit import course
from labkit.checks.registry import REGISTERED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.pages import Page

    from labkit.spec import CheckSpec, Exercise

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "benchmarks/README.md", "docs/*.md", "notebooks/*.ipynb")
PICTURES = ("docs/img/*",)
LINK = re.compile(r"(\]\()([^)#:\s]+)(\))")
HEAD = """# Exercises

Each is opened in its notebook, or from a terminal (`./lab start NAME`). It is checked by what the engine does with your
files; below each stands what the check looks at.

| exercise | notebook | minutes |
|---|---|--:|
"""
# What mkdocs-jupyter puts on top of each notebook's page: half a megabyte of styles, and scripts for formulas and
# diagrams that come from other hosts. The notebooks have no formulas; a diagram is told in words.
STYLES = re.compile(r"<style\b.*?</style>", re.DOTALL)
SCRIPTS = re.compile(r"<script\b[^>]*>.*?</script>|<!--.*?-->", re.DOTALL)
DIAGRAM = re.compile(r'<div class="jp-Mermaid">\s*<pre class="mermaid">(.*?)</pre>\s*</div>', re.DOTALL)
NODE = re.compile(r'\b(\w+)[\[(]+"([^"]+)"[\])]+')  # of a Mermaid flowchart: its id and its label
ARROWS = ((r'-- "([^"]+)" -->', r"→ (\1) →"), ("-->", "→"), ("---", "·"), (" & ", " and "), ("<br/>", ": "))
NOTEBOOK_STYLES = '<link rel="stylesheet" href="../assets/notebook.css">'  # for these pages alone: they are of Jupyter
NOTEBOOK_LINK = re.compile(r'(<a href="[\w/.-]+)\.ipynb"')
PICTURE = re.compile(
    r'<picture>\s*<source [^>]*srcset="([^"]+)"[^>]*>\s*<img ([^>]*)src="([^"]+)"([^>]*)>\s*</picture>'
)


@event_priority(100)  # before mkdocs-jupyter, which takes the notebooks from this list
def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Give the repository's pages in place of the folder's."""
    theme = [file for file in files if file.src_dir != config.docs_dir]
    paths = [path for pattern in (*PAGES, *PICTURES) for path in sorted(ROOT.glob(pattern))]
    ours = [
        File(path.relative_to(ROOT).as_posix(), str(ROOT), config.site_dir, use_directory_urls=False) for path in paths
    ]
    made = {"exercises/index.md": exercises_page(titles(config.nav)), "assets/notebook.css": notebook_css()}
    made["assets/site.css"] = Path(__file__).with_name("site.css").read_text(encoding="utf-8")
    new = [File.generated(config, name, content=text) for name, text in made.items()]
    new += [
        File.generated(config, f"{name}.md", content=source_page(name), inclusion=InclusionLevel.NOT_IN_NAV)
        for name in sorted(set(linked_sources(paths)))
    ]
    return Files([*theme, *ours, *new])


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Lead links to a source file to the page that shows it."""
    here = Path(page.file.src_uri).parent

    def lead(link: re.Match[str]) -> str:
        return f"{link[1]}{link[2]}.md{link[3]}" if is_source(here / link[2]) else link[0]

    return LINK.sub(lead, markdown)


def on_page_content(content: str, /, page: Page, **_: object) -> str:
    """Take out of a page what it would fetch, and let the pictures follow the site's theme."""
    if page.file.src_uri.endswith(".ipynb"):
        content = SCRIPTS.sub("", STYLES.sub("", content))
        content = NOTEBOOK_STYLES + NOTEBOOK_LINK.sub(r'\1.html"', DIAGRAM.sub(in_words, content))
    return PICTURE.sub(r'<img \2src="\3#only-light"\4><img \2src="\1#only-dark"\4>', content)


def in_words(diagram: re.Match[str]) -> str:
    """Tell a Mermaid flowchart as lines: Material would take what draws it from another host."""
    text = html.unescape(diagram[1])
    labels = dict(NODE.findall(text))
    lines, depth = [], 0
    for line in map(str.strip, NODE.sub(r"\1", text).splitlines()):
        kind, _, rest = line.partition(" ")
        depth -= kind == "end"
        if kind == "subgraph":
            lines.append("  " * depth + labels.get(rest, rest) + ":")
            depth += 1
        elif kind not in ("", "end", "direction", "flowchart"):
            lines.append("  " * depth + _spoken(line, labels))
    return f'<div class="diagram"><pre>{html.escape(chr(10).join(lines))}</pre></div>'


def _spoken(line: str, labels: dict[str, str]) -> str:
    """Put labels in place of ids, and words in place of arrows."""
    parts = re.split(r'("[^"]*")', line)  # a label on an arrow holds no ids
    line = "".join(
        part if part[:1] == '"' else re.sub(r"\w+", lambda m: labels.get(m[0], m[0]), part) for part in parts
    )
    for pattern, words in ARROWS:
        line = re.sub(pattern, words, line)
    return line


def linked_sources(paths: list[Path]) -> Iterator[str]:
    """Yield the source files that Markdown pages link to, as paths from the root."""
    for path in paths:
        if path.suffix == ".md":
            here = path.parent.relative_to(ROOT)
            links = LINK.findall(path.read_text(encoding="utf-8"))
            yield from ((here / link).as_posix() for _, link, _ in links if is_source(here / link))


def is_source(path: Path) -> bool:
    """Tell whether a path, relative to the root, is a source file's."""
    return path.suffix == ".py" and (ROOT / path).is_file()


def source_page(name: str) -> str:
    """Show a source file."""
    return f"# `{name}`\n\n~~~~~~python\n{(ROOT / name).read_text(encoding='utf-8')}~~~~~~\n"


def notebook_css() -> str:
    """Give the styles of notebooks once for all pages."""
    folder = Path(settings.templates_dir) / "mkdocs_html" / "assets"
    files = [(folder / name).read_text(encoding="utf-8") for name in ("index.css", "theme-light.css")]
    return "\n".join([*files, HtmlFormatter(style=JupyterStyle).get_style_defs(".highlight-ipynb")])


def titles(nav: Any) -> dict[str, str]:  # noqa: ANN401  YAML of any shape
    """Map the pages that the navigation names to their titles there."""
    found: dict[str, str] = {}
    for entry in nav:
        for title, rest in entry.items():
            found |= {rest: title} if isinstance(rest, str) else titles(rest)
    return found


def exercises_page(names: dict[str, str]) -> str:
    """List the exercises, as their folders define them.

    Args:
        names: titles of the notebooks, by path.
    """
    exercises = course.exercises(ROOT)
    paths = [f"notebooks/{each.notebook}.ipynb" for each in exercises]
    links = [f"[{names[path]}](../{path})" for path in paths]
    both = list(zip(exercises, links, strict=True))
    rows = [f"| [{each.title}](#{each.name}) | {link} | {each.minutes} |" for each, link in both]
    return HEAD + "\n".join([*rows, "", *(_section(each, link) for each, link in both), ""])


def _section(exercise: Exercise, notebook: str) -> str:
    checks = [f"- {_headline(spec)}" for spec in exercise.checks if not spec.hidden]
    about = f"`{exercise.slug}` · {exercise.section} · about {exercise.minutes} minutes · {notebook}"
    files = ", ".join(f"`{name}`" for name in exercise.files)
    return "\n".join([f"## {exercise.title} {{#{exercise.name}}}\n", f"{about}\n", f"You edit {files}.\n", *checks, ""])


def _headline(spec: CheckSpec) -> str:
    return spec.title or REGISTERED[spec.use].title.format(**spec.arguments)
