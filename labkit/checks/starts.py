"""Checks of what an image prints when it is started: with arguments, and on machines that differ."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from labkit.checks.registry import check, failed, passed
from labkit.errors import SandboxError, StepTimeout
from labkit.evidence import Start
from labkit.words import mark, say

if TYPE_CHECKING:
    from labkit.evidence import Evidence
    from labkit.result import Finding

SHOWN = 200  # characters of an answer that a finding shows
MISSING = mark(
    "A container gets nothing from the machine that starts it: no variable, no time zone, no "
    "file. What the app needs must be in the image."
)
DIFFERS = mark(
    "Each machine may start a container as another user and in another folder. An app that finds "
    "its files all the same gives the same answer everywhere."
)

HANDED = mark(
    "What follows the image's name takes the place of CMD, and is handed to ENTRYPOINT as "
    "arguments: to an exec form as they are, to a shell form not at all."
)


@check("It does what it is told")
def prints(evidence: Evidence, *, runs: list[str], prints: list[str]) -> Finding:
    """Start containers of the image with arguments, and compare what each prints until it ends with exit code 0.

    Args:
        evidence: the evidence.
        runs: for each start what follows the image's name, as one would type it.
        prints: for each start what must be printed; spaces around a line do not count.
    """
    for typed, wanted in zip(runs, prints, strict=True):
        start = Start(tuple(shlex.split(typed)))
        saw = _other_answer(evidence, start, wanted)
        if saw:
            return failed(
                say("With `{start}` {saw}", start=start, saw=saw),
                say("`{start}` prints {wanted}", start=start, wanted=_quoted(wanted)),
                say(HANDED),
            )
    return passed(say("It printed what it should, each of {runs} times.", runs=len(runs)))


@check("The same answer on both machines")
def same_answer(
    evidence: Evidence, *, prints: str, given: list[str], user: str = "12345:12345", workdir: str = "/usr"
) -> Finding:
    """Start the image on two machines that differ, and compare what it prints with what is expected.

    On the first machine the container starts as the image says, on the second one as another user and in another
    folder. Neither has a network. Spaces around a line do not count.

    Args:
        evidence: the evidence.
        prints: what it must print, standard output and error together.
        given: environment variables that both machines give it, each as ``NAME=value``.
        user: as whom the second machine starts it.
        workdir: the folder that the second machine starts it in.
    """
    env = tuple((name, value) for name, _, value in (entry.partition("=") for entry in given))
    first, second = Start(env=env), Start(env=env, user=user, workdir=workdir)
    want = say("On both machines: {prints}", prints=_quoted(prints))
    if saw := _other_answer(evidence, first, prints):
        return failed(say("On the first machine (`{first}`) {saw}", first=first, saw=saw), want, say(MISSING))
    if saw := _other_answer(evidence, second, prints):
        return failed(say("On the second machine (`{second}`) {saw}", second=second, saw=saw), want, say(DIFFERS))
    return passed(say("Both machines got the same answer: {prints}", prints=_quoted(prints)))


def _other_answer(evidence: Evidence, start: Start, wanted: str) -> str:
    """Say what was seen in place of the wanted answer; "" where it was seen."""
    try:
        printed = evidence.printed(start)
    except StepTimeout:
        return say("the container did not end. An answer is printed once, and then the container ends.")
    except SandboxError as error:
        return say("the container did not start: {what}", what=error.what)
    if printed.exit_code:
        last = printed.last_words
        words = say("its last words: {words}", words=last) if last else say("it wrote nothing")
        return say("the container ended with exit code {code}; {words}", code=printed.exit_code, words=words)
    if _lines(printed.text) != _lines(wanted):
        return (
            say("it printed {text}", text=_quoted(printed.text)) if printed.text.strip() else say("it printed nothing.")
        )
    return ""


def _lines(text: str) -> list[str]:
    """The lines that say something; any kind of white space is one space, as people see it."""
    return [words for line in text.splitlines() if (words := " ".join(line.split()))]


def _quoted(text: str) -> str:
    flat = " / ".join(_lines(text))
    return f"“{flat if len(flat) <= SHOWN else flat[:SHOWN] + '…'}”"
