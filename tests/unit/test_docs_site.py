"""The site of the documentation: it builds without a warning, has a place for all, and fetches nothing from outside."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from filelock import FileLock

from labkit import course

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "img"
NOTEBOOKS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
LARGEST = 3_000_000  # bytes of all pictures
FETCHED = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "srcset"}
PICTURE = re.compile(r'(?:src|srcset)="([^"]+)"|!\[[^\]]*\]\(([^)]+)\)')


class Page(HTMLParser):
    """What a page fetches, where it leads, and what it says."""

    def __init__(self, path):
        super().__init__()
        self.path, self.fetched, self.links, self.ids, self.words = path, [], [], set(), []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.ids.add(values.get("id"))
        if target := values.get(FETCHED.get(tag, "")):
            self.fetched.append(target)
        if tag == "a" and (target := values.get("href")):
            self.links.append(target)

    def handle_data(self, data):
        self.words.append(data)

    def leads_to(self, target):
        """The file that a relative address names."""
        return (self.path.parent / unquote(urlsplit(target).path)).resolve()


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    if not all(map(importlib.util.find_spec, ("mkdocs", "material", "mkdocs_jupyter"))):
        pytest.skip("there is no mkdocs (pip install 'labkit[test]')")
    here = tmp_path_factory.getbasetemp()
    shared = here.parent if os.environ.get("PYTEST_XDIST_WORKER") else here  # all processes of one run look at one site
    site = shared / "site"
    with FileLock(shared / "site.lock"):
        if not site.exists():
            build(site)
    return {path.relative_to(site).as_posix(): Page(path) for path in sorted(site.rglob("*.html"))}


def build(site):
    argv = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(site)]
    env = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_each_notebook_has_its_page_with_what_it_gave(pages):
    for name in NOTEBOOKS:
        page = pages[f"notebooks/{name}.html"]
        assert "<svg" in page.path.read_text(encoding="utf-8"), name
        assert name in " ".join(pages["index.html"].links), f"{name} is not in the navigation"


def test_each_exercise_has_its_place(pages):
    page = pages["exercises/index.html"]
    said = " ".join(" ".join(page.words).split())
    for exercise in course.exercises(ROOT):
        assert exercise.name in page.ids
        assert exercise.title in said
        assert f"../notebooks/{exercise.notebook}.html" in page.links
        assert f"about {exercise.minutes} minutes" in said
        assert [spec.title for spec in exercise.checks if spec.title.replace("`", "") not in said] == []


def test_nothing_is_fetched_from_outside(pages):
    fetched = [(name, target) for name, page in pages.items() for target in page.fetched]
    assert [each for each in fetched if re.match(r"(https?:)?//", each[1])] == []
    assert len(fetched) > len(pages)
    # Material would fetch what draws these, and formulas.
    texts = {name: page.path.read_text(encoding="utf-8") for name, page in pages.items()}
    assert [name for name, text in texts.items() if 'class="mermaid"' in text or "MathJax" in text] == []


def test_what_is_fetched_and_where_links_lead_is_there(pages):
    lost = [
        (name, target)
        for name, page in pages.items()
        if name != "404.html"  # which has addresses from the server's root
        for target in (*page.fetched, *page.links)
        if not urlsplit(target).scheme and not target.startswith("#") and not page.leads_to(target).exists()
    ]
    assert lost == []


def test_a_diagram_is_told_in_words(pages):
    said = "".join(pages["notebooks/02_containers_vs_vms.html"].words)
    assert "one kernel → container engine → app and its files" in said


@pytest.mark.parametrize("name", NOTEBOOKS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_each_notebook_has_its_pictures(name, theme):
    """Where this fails: `python docs/site/shots.py`."""
    assert (IMAGES / f"{name}-{theme}.webp").read_bytes()[8:12] == b"WEBP"


def test_pictures_that_pages_name_are_there_and_small():
    named = [
        path.parent / "".join(found)
        for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))
        for found in PICTURE.findall(path.read_text(encoding="utf-8"))
    ]
    assert [path for path in named if not path.is_file()] == []
    assert len(named) >= 2
    assert sum(path.stat().st_size for path in IMAGES.iterdir()) < LARGEST


def test_no_picture_is_left_over():
    known = {f"{name}-{theme}.webp" for name in NOTEBOOKS for theme in ("light", "dark")}
    assert {path.name for path in IMAGES.iterdir()} == known
