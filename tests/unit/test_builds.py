"""What the messages of the classic builder say of a build."""

from __future__ import annotations

import sys

import pytest

from labkit.commands import Transcript
from labkit.engine.buildtypes import LostParent, Tail, fault
from labkit.engine.classic import Trace

OTHERS = "bbbbbbbbbbbb"  # of a step that somebody else made anew, just before


def traced(*steps):
    """A build as the builder tells it: each step is an instruction and the image that it gave."""
    trace = Trace({}, lambda *_: None, restores=False)
    for number, (instruction, image) in enumerate(steps, 1):
        trace.feed({"stream": f"Step {number}/{len(steps)} : {instruction}"})
        trace.feed({"stream": f" ---> {image}\n"})
    return trace.result()


BUILDER = (
    ("FROM node:20-alpine AS builder", "000000000000"),
    ("WORKDIR /app", "aaaaaaaaaaa1"),
    ("COPY package*.json ./", "aaaaaaaaaaa2"),
    ("RUN npm ci", "aaaaaaaaaaa3"),
)


@pytest.mark.parametrize(
    ("last", "torn"),
    [
        ((), False),
        ((("FROM node:20-alpine", "000000000000"), ("WORKDIR /app", "aaaaaaaaaaa1")), False),
        ((("FROM node:20-alpine", "000000000000"), ("WORKDIR /srv", OTHERS)), False),
        ((("FROM node:20-alpine", "000000000000"), ("RUN true", OTHERS), ("WORKDIR /app", OTHERS)), False),
        ((("FROM builder", "aaaaaaaaaaa3"), ("WORKDIR /app", OTHERS)), False),
        ((("FROM node:20-alpine", "000000000000"), ("WORKDIR /app", OTHERS)), True),
        ((("from node:20-alpine as run", "000000000000"), ("WORKDIR /app", OTHERS)), False),
        ((("FROM node:20-alpine as run", "000000000000"), ("WORKDIR /app", OTHERS)), True),
    ],
    ids=["one stage", "alike", "another folder", "another step above", "on the stage", "torn", "from", "as"],
)
def test_whether_stages_that_begin_alike_share_their_images(last, torn):
    assert traced(*BUILDER, *last).torn is torn


@pytest.mark.parametrize(
    ("text", "code", "lost"),
    [
        ('$ docker build .\nunable to find image "sha256:0123456789ab"\n', 1, True),
        ('$ docker build .\nunable to find image "sha256:…"\n', 1, True),
        ('$ docker build .\nunable to find image "sha256:0123456789ab"\n$ docker run -d other\n', 0, True),
        ("$ docker rmi sha256:0123\nError response from daemon: No such image: sha256:0123\n", 1, False),
        ("$ docker run nothing\nUnable to find image 'nothing:latest' locally\n", 125, False),
    ],
)
def test_commands_whose_build_lost_its_cache(text, code, lost):
    assert Transcript(text, code).lost_cache is lost


@pytest.mark.parametrize("advice", ["See 'docker run --help'.", "Run 'docker run --help' for more information", ""])
def test_last_words_are_no_advice_to_read_the_help(advice):
    assert (
        Transcript(f"$ docker run x\ndocker: no such image.\n\n{advice}\n", 125).last_words == "docker: no such image."
    )
    assert Transcript(advice, 1).last_words == ""


def test_of_a_log_without_end_the_end_is_kept():
    tail = Tail(most=10)
    for number in range(100_000):
        tail.add(f"{number} ")
    assert str(tail) == "998 99999 "
    tail.add("x" * 100 + "end")
    assert str(tail) == "xxxxxxxend"
    assert sys.getsizeof(tail._parts) < 2000  # noqa: SLF001  its memory is what it is for


def test_of_a_short_log_all_is_kept():
    tail = Tail(most=10)
    tail.add("one")
    tail.add(" two")
    assert str(tail) == "one two"


@pytest.mark.parametrize(
    ("message", "instruction", "says"),
    [
        ("pull access denied for nowhere", "FROM nowhere:1 AS a", "The image nowhere:1 is not on this engine"),
        (
            "COPY failed: file not found: stat src: file does not exist",
            "COPY src /",
            "there is no src in what it copies",
        ),
        ("no space left on device", "RUN fill", "The engine has no room left"),
        ("something of its own", "RUN x", "something of its own"),
    ],
)
def test_why_a_build_failed(message, instruction, says):
    assert says in str(fault(message, instruction, "log", "said"))


def test_a_parent_that_somebody_removed_is_no_fault_of_the_learners():
    assert isinstance(fault('unable to find image "sha256:0123"', "RUN x", "", ""), LostParent)
