from __future__ import annotations

import time

import pytest

from labkit.dockerfile import Dockerfile
from labkit.progress import CACHED, Heard, Listener
from labkit.ui import diff
from labkit.ui.buildlog import MOST, BuildLog


@pytest.fixture
def shown():
    return []


@pytest.fixture
def log(shown):
    return BuildLog(shown.append, lambda *_: None)


def states(steps):
    return [(step["build"], step["number"], step["state"]) for step in steps]


def test_steps_of_two_builds(log, shown):
    assert isinstance(log, Listener)
    log.step("FROM a", 1, 2)
    log.step("RUN b", 2, 2)
    log.output("one\n")
    log.output("two\n")
    log.step("FROM a", 1, 2)
    log.step("RUN b", 2, 2)
    log.output(CACHED)
    log.ended()
    assert states(shown[-1]) == [(1, 1, "made"), (1, 2, "made"), (2, 1, "made"), (2, 2, "reused")]
    assert [step["text"] for step in shown[-1]] == ["", "one\ntwo\n", "", ""]
    assert log.failed_at == ""


def test_a_build_that_fails(log, shown):
    log.failed()  # before its first step: there is nothing to mark
    log.output("lost")
    log.step("FROM a", 1, 2)
    log.failed()
    log.ended()
    assert states(shown[-1]) == [(1, 1, "failed")]
    assert log.failed_at == "FROM a"


def test_of_much_output_the_end_is_shown_and_seldom(log, shown):
    log.step("RUN yes", 1, 1)
    for number in range(10_000):
        log.output(f"{number}\n")
    log.ended()
    text = shown[-1][0]["text"]
    assert text.startswith("…")
    assert text.endswith("9999\n")
    assert len(text) == MOST + 1
    assert len(shown) < 100


def test_colors_for_a_terminal_are_left_out_also_in_two_pieces(log, shown):
    log.step("RUN npm ci", 1, 1)
    for piece in ("\x1b[91mnpm error\n", "\x1b[0m\x1b[1;3", "1mcode\x1b[2K 1\n"):
        log.output(piece)
    log.ended()
    assert shown[-1][0]["text"] == "npm error\ncode 1\n"


def test_last_words_before_a_long_silence_are_shown(log, shown):
    log.step("RUN sleep 60", 1, 1)
    log.output("now I sleep\n")
    deadline = time.monotonic() + 10
    while shown[-1][0]["text"] != "now I sleep\n":
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_who_listens_to_nothing_is_told_of_steps_all_the_same():
    told = []
    heard = Heard(lambda *what: told.append(what))
    heard.step("FROM a", 1, 2)
    heard.output("x")
    heard.failed()
    assert told == [("build", 1, 2)]


@pytest.mark.parametrize(
    ("instruction", "line"),
    [("RUN npm ci   --omit=dev", 3), ("run npm ci --omit=dev", 3), ("FROM a AS b", 1), ('CMD ["x"]', 5), ("RUN no", 0)],
)
def test_where_an_instruction_stands(instruction, line):
    text = '# top\nFROM a\n\nrun npm ci \\\n    --omit=dev\nCMD ["x"]\n'
    assert Dockerfile(text.removeprefix("# top\n").replace("FROM a", "FROM a AS b")).line_of(instruction) == line


def test_what_differs():
    before = {"Dockerfile": "".join(f"{n}\n" for n in range(20)), "same": "x\n"}
    after = {"Dockerfile": before["Dockerfile"].replace("2\n3\n", "2\n<3>\n").replace("17\n", ""), "same": "x\n"}
    html = diff.render(before, after)
    assert html.count("<pre") == 1
    assert "<del>- 3\n</del><ins>+ &lt;3&gt;\n</ins>" in html
    assert '<span class="gap">⋮\n</span>' in html
    assert diff.render(before, before) == ""
