"""The repository as MkDocs sees it: each page keeps its path, so a link that works there works in the site.

Three things are made here, and stored nowhere else: the list of the exercises, a page for each source file that a page
links to, and one style sheet for all notebooks. What a notebook's page would fetch from elsewhere is taken out.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files
from mkdocs_jupyter.config import settings

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
# diagrams that come from other hosts. The notebooks have no formulas; diagrams are shown as their text.
STYLES = re.compile(r"<style\b.*?</style>", re.DOTALL)
SCRIPTS = re.compile(r"<script\b[^>]*>.*?</script>", re.DOTALL)
DIAGRAM = re.compile(r'<div class="jp-Mermaid">\s*<pre class="mermaid">')
NOTEBOOK_LINK = re.compile(r'(<a href="[\w/.-]+)\.ipynb"')
PICTURE = re.compile(r'<picture>\s*<source [^>]*srcset="([^"]+)"[^>]*>\s*<img ([^>]*)src="([^"]+)"([^>]*)>\s*</picture>')


@event_priority(100)  # before mkdocs-jupyter, which takes the notebooks from this list
def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Give the repository's pages in place of the folder's."""
    theme = [file for file in files if file.src_dir != config.docs_dir]
    paths = [path for pattern in (*PAGES, *PICTURES) for path in sorted(ROOT.glob(pattern))]
    ours = [File(path.relative_to(ROOT).as_posix(), str(ROOT), config.site_dir, use_directory_urls=False) for path in paths]
    made = {"exercises/index.md": exercises_page(), "assets/notebook.css": notebook_css()}
    made["assets/site.css"] = Path(__file__).with_name("site.css").read_text(encoding="utf-8")
    made |= {f"{name}.md": source_page(name) for name in sorted(linked_sources(paths))}
    return Files([*theme, *ours, *(File.generated(config, name, content=text) for name, text in made.items())])


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Lead links to a source file to the page that shows it."""
    here = Path(page.file.src_uri).parent

    def lead(link: re.Match[str]) -> str:
        return f"{link[1]}{link[2]}.md{link[3]}" if is_source(here / link[2]) else link[0]

    return LINK.sub(lead, markdown)


def on_page_content(html: str, page: Page, **_: object) -> str:
    """Take out of a page what it would fetch, and let the pictures follow the site's theme."""
    if page.file.src_uri.endswith(".ipynb"):
        html = SCRIPTS.sub("", STYLES.sub("", html))
        html = DIAGRAM.sub('<div class="diagram"><pre>', NOTEBOOK_LINK.sub(r'\1.html"', html))
    return PICTURE.sub(r'<img \2src="\3#only-light"\4><img \2src="\1#only-dark"\4>', html)


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
    """Give the styles of notebooks once for all pages; the dark ones hold in the site's dark theme only."""
    folder = Path(settings.templates_dir) / "mkdocs_html" / "assets"
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in ("index.css", "theme-light.css"))


def exercises_page() -> str:
    """List the exercises, as their folders define them."""
    exercises = course.exercises(ROOT)
    rows = [f"| [{each.title}](#{each.name}) | {_notebook(each)} | {each.minutes} |" for each in exercises]
    return HEAD + "\n".join([*rows, "", *map(_section, exercises), ""])


def _notebook(exercise: Exercise) -> str:
    return f"[{exercise.notebook.replace('_', ' ')}](../notebooks/{exercise.notebook}.ipynb)"


def _section(exercise: Exercise) -> str:
    checks = [f"- {_headline(spec)}" for spec in exercise.checks if not spec.hidden]
    about = f"`{exercise.slug}` · {exercise.section} · about {exercise.minutes} minutes · {_notebook(exercise)}"
    files = ", ".join(f"`{name}`" for name in exercise.files)
    return "\n".join([f"## {exercise.title} {{#{exercise.name}}}\n", f"{about}\n", f"You edit {files}.\n", *checks, ""])


def _headline(spec: CheckSpec) -> str:
    return spec.title or REGISTERED[spec.use].title.format(**spec.arguments)
