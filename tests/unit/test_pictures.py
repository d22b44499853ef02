from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree import ElementTree as ET

import pytest

from labkit.demo import with_sources
from labkit.pictures import (
    before_after,
    cache_matrix,
    cache_trace,
    containers,
    context_treemap,
    layer_stack,
    namespaces,
    process_tree,
    shared_layers,
    size_comparison,
    sizes,
    stage_files,
    start_times,
    table,
)

MB = 1_000_000


@dataclass
class Layer:
    created_by: str
    size: int
    diff_id: str = ""


@dataclass
class Entry:
    instruction: str
    size: int
    layer: bool


@dataclass
class Step:
    instruction: str
    cached: bool
    stage: str = "0"


@dataclass
class Process:
    uid: int
    command: str


BASE, COPY = Layer("FROM node:20-alpine", 112_600_000), Layer("COPY . .", 27_000)
FIGURES = {
    "context": context_treemap({"node_modules/a": 5 * MB, "logs/b": 2 * MB, ".env": 9}, ["logs/b"]),
    "no context": context_treemap({}),
    "layers": layer_stack([BASE, COPY]),
    "trace": cache_trace({"first": [Step("FROM a", cached=True), Step("COPY . .", cached=False)], "second": []}),
    "matrix": cache_matrix(
        {
            "cold": [Step("FROM a", cached=True), Step("COPY . .", cached=False)],
            "again": [Step("FROM a", cached=True), Step("COPY . .", cached=True)],
        },
        {"cold": 2.5, "again": 0.1},
    ),
    "no matrix": cache_matrix({}, {}),
    "stages": stage_files({"builder": ["w/a.js", "w/out"]}, {"out": "builder:w/out", "made": ""}),
    "no stages": stage_files({}, {}),
    "states": before_after({"user": ("root", "node"), "kernel": ("one", "one")}),
    "no states": before_after({}),
    "sizes": size_comparison({"one": 400 * MB, "two": 100 * MB}),
    "processes": process_tree([Process(0, "node a.js"), Process(1000, "sleep 9")]),
    "namespaces": namespaces(
        {"one": {"pid": "pid:[4]", "user": "user:[1]"}, "two": {"pid": "pid:[5]", "user": "user:[1]"}}
    ),
    "starts": start_times([0.2, 0.5, 0.001, 300], (30, 60), "somebody"),
    "containers": containers("web", [BASE], {"one": ["C /data", "A /data/note", "D /etc/motd"], "two": []}),
    "shared": shared_layers(
        {"a": [Layer("FROM x", 100 * MB, "1"), Layer("COPY a", MB, "2")], "b": [Layer("FROM x", 100 * MB, "1")]}
    ),
    "table": table({"CMD": {"run": "a", "run x": "x"}, "ENTRYPOINT": {"run": "a", "run x": "a x"}}),
    "no table": table({}),
    "no containers": containers("web", [], {}),
    "none to share": shared_layers({}),
    "no namespaces": namespaces({}),
    "no layers": layer_stack([]),
    "no builds": cache_trace({}),
    "no sizes": size_comparison({}),
    "no processes": process_tree([]),
}


@pytest.mark.parametrize("figure", FIGURES.values(), ids=FIGURES)
def test_a_figure_is_an_image_that_says_what_it_shows(figure):
    root = ET.fromstring(figure._repr_html_())  # noqa: S314  our own text; IPython's name for it
    assert root.tag == "svg"
    assert root.get("role") == "img"
    assert root.get("aria-label") == figure.label != ""
    assert repr(figure) == figure.text


@pytest.mark.parametrize("figure", FIGURES.values(), ids=FIGURES)
def test_all_colors_follow_the_theme(figure):
    colors = re.findall(r"(?:fill|stroke):([^;]+)", " ".join(e.get("style", "") for e in figure.drawing.iter()))
    assert all(color == "none" or "var(--jp-" in color for color in colors)


@pytest.mark.parametrize("figure", FIGURES.values(), ids=FIGURES)
def test_nothing_is_drawn_outside(figure):
    _, _, width, height = map(float, figure.drawing.get("viewBox").split())
    for shape in figure.drawing.iter("rect"):
        x, y, wide, high = (float(shape.get(key)) for key in ("x", "y", "width", "height"))
        assert wide > 0
        assert x >= 0 <= y
        assert x + wide <= width
        assert y + high <= height


def test_text_is_escaped():
    nasty = '<script>alert("&")</script>'
    figures = [
        layer_stack([Layer(nasty, 1)]),
        cache_trace({nasty: [Step(nasty, cached=True)]}),
        size_comparison({nasty: 1}),
        process_tree([Process(0, nasty)]),
    ]
    for figure in figures:
        html = figure._repr_html_()
        assert "<script" not in html
        assert nasty in " ".join(ET.fromstring(html).itertext())  # noqa: S314  our own text


def test_layers_stand_newest_first():
    assert FIGURES["layers"].text.splitlines() == [
        "2 layers, the newest on top",
        "   < 1 MB  COPY . .",
        "   110 MB  FROM node:20-alpine",
        "   110 MB  in all",
    ]


def test_a_matrix_has_a_column_for_each_build_and_no_time_in_its_text():
    assert FIGURES["matrix"].text.splitlines() == [
        "          cold    again",
        "FROM a    base    base",
        "COPY . .  built   reused",
    ]
    slower = cache_matrix({"cold": [Step("FROM a", cached=True)]}, {"cold": 9})
    assert "9.0 s" in slower._repr_html_()
    assert "9.0" not in slower.text + slower.label


def test_files_are_traced_to_their_stage():
    assert FIGURES["stages"].text.splitlines() == [
        "builder  stays behind   /w/a.js",
        "builder  → comes along  /w/out",
        "image  from the last stage: /made",
        "image  from builder: /out",
    ]


def test_what_has_not_changed_is_said():
    assert FIGURES["states"].text.splitlines() == ["user: root → node", "kernel: one → the same"]


def test_history_shows_only_what_made_a_layer():
    history = [Entry("ADD rootfs", 8 * MB, layer=True), Entry('CMD ["sh"]', 0, layer=False)]
    assert "CMD" not in layer_stack(history).text
    assert "ADD rootfs" in layer_stack(history).text


@pytest.mark.parametrize("change", [0, 14, -300, 2000])
def test_some_bytes_more_or_less_change_nothing(change):
    """Archives of one and the same lesson differ by some bytes from builder to builder."""
    same, other = (layer_stack([BASE, Layer("RUN npm ci", 2_538_977 + more)]) for more in (0, change))
    assert same._repr_html_() == other._repr_html_()
    assert repr(same) == repr(other)


def test_a_trace_names_what_was_reused():
    text = cache_trace(
        {
            "first": [Step("FROM a", cached=True), Step("COPY . .", cached=False), Step("RUN b", cached=False)],
            "again": [Step("FROM a", cached=True), Step("COPY . .", cached=True), Step("RUN b", cached=False)],
        }
    ).text
    assert text.splitlines() == [
        "first",
        "  base    FROM a",
        "  built   COPY . .",
        "  built   RUN b",
        "again",
        "  base    FROM a",
        "  reused  COPY . .",
        "  built   RUN b",
    ]


def test_a_trace_is_the_same_for_both_builders():
    """BuildKit tells nothing of instructions that make no layer."""
    buildkit = [Step("FROM a", cached=True), Step("RUN b", cached=False)]
    classic = [*buildkit, Step("EXPOSE 3000", cached=False), Step("user node", cached=False)]
    assert cache_trace({"x": classic}).text == cache_trace({"x": buildkit}).text


def test_a_trace_of_several_stages_names_them():
    steps = [Step("FROM a AS builder", cached=True, stage="builder"), Step("FROM b", cached=True, stage="1")]
    assert "[builder] FROM a AS builder" in cache_trace({"x": steps}).text


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (0, "< 1 MB"),
        (999_999, "< 1 MB"),
        (MB, "1 MB"),
        (2_538_977, "2.5 MB"),
        (161_403_994, "160 MB"),
        (999 * MB, "1 GB"),
        (1_240 * MB, "1.2 GB"),
    ],
)
def test_sizes_in_words(size, said):
    assert sizes.words(size) == said


@pytest.mark.parametrize(
    ("size", "first", "said"),
    [
        (100, 400, "75 % smaller"),
        (2, 400, "more than 95 % smaller"),
        (161, 423, "60 % smaller"),
        (440, 400, "10 % larger"),
        (401, 400, "about the same"),
        (0, 0, "about the same"),
        (5, 0, "larger"),
    ],
)
def test_a_change_to_the_nearest_five_percent(size, first, said):
    assert sizes.change(size * MB, first * MB) == said


def test_processes_by_user():
    assert FIGURES["processes"].text.splitlines() == [
        "container",
        "  root, uid 0: node a.js",
        "  └─ uid 1000: sleep 9",
    ]


def test_a_long_instruction_is_shortened_where_it_is_drawn_and_whole_on_hovering():
    long = "RUN " + "apt-get " * 40
    drawing = layer_stack([Layer(long, 1)]).drawing
    assert any(
        text.text.endswith("…") and text.find("title").text == long for text in drawing.iter("text") if len(text)
    )


def test_copies_are_named_as_in_the_dockerfile():
    steps = [
        Step("COPY src ./", cached=False, stage="builder"),
        Step("FROM base", cached=True, stage="1"),
        Step("WORKDIR /app", cached=True, stage="1"),
        Step("COPY package*.json ./", cached=True, stage="1"),
        Step("COPY --from=builder /app/dist ./dist", cached=True, stage="1"),
    ]
    history = ["COPY … /base", "WORKDIR /app", "COPY … ./", "RUN npm ci", "COPY … ./dist"]
    assert with_sources(history, steps) == [
        "COPY … /base",
        "WORKDIR /app",
        "COPY package*.json ./",
        "RUN npm ci",
        "COPY --from=builder /app/dist ./dist",
    ]
    assert with_sources(history, steps[:1]) == [*history[:4], "COPY src ./"]


def test_namespaces_have_letters_for_identities():
    assert FIGURES["namespaces"].text == "pid   one | two\nuser  one = two"
    three = namespaces({name: {"net": each} for name, each in {"a": "1", "b": "2", "c": "1"}.items()})
    assert three.text == "net  a = c | b"


def test_starts_are_told_in_words():
    assert FIGURES["starts"].text.splitlines() == [
        "container: less than five seconds (the middle one of 4 starts measured here)",
        "virtual machine: 30 to 60 seconds (not measured: quoted from somebody)",
    ]
    assert "five seconds or more" in start_times([5.5], (30, 60), "x").text


def test_containers_have_what_is_their_own():
    assert FIGURES["containers"].text.splitlines() == [
        "one  + /data/note, - /etc/motd",
        "two  empty",
        "below all of them, once and read-only: web",
        "   110 MB  FROM node:20-alpine",
    ]
    many = containers("web", [], {"one": [f"A /{name}" for name in "abcde"]})
    assert many.text.splitlines()[0] == "one  + /a, + /b, + /c, and 2 more"


def test_shared_layers_count_once():
    assert FIGURES["shared"].text.splitlines() == [
        "a",
        "  own        1 MB  COPY a",
        "  shared   100 MB  FROM x",
        "b",
        "  shared   100 MB  FROM x",
        "100 MB on the disk, since shared layers are stored once; 200 MB if they were not",
    ]


def test_a_table_stands_in_columns():
    assert FIGURES["table"].text.splitlines() == [
        "            run  run x",
        "CMD         a    x",
        "ENTRYPOINT  a    a x",
    ]
