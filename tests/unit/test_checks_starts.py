"""The checks of what an image prints: what they must refuse, what they must accept, what they say."""

from __future__ import annotations

import pytest

from labkit.checks.registry import CHECKS
from labkit.errors import SandboxError, StepTimeout
from labkit.evidence import Printed, Start
from labkit.result import Outcome
from labkit.testing import FakeEvidence

TICKET = "Norderney\n23,80 EUR\n"
RIGHT = Printed(0, TICKET, "23,80 EUR")
OTHER = Printed(0, "Norderney\n23.80 EUR\n", "23.80 EUR")
ENDED = Printed(1, "Error: no fares.\n", "Error: no fares.")
DUMB = Printed(127, "", "")
NOT_STARTED = SandboxError("The image has no program nod.", fix="-")
ENDLESS = StepTimeout("The container was still running after 20 seconds.", fix="-")


def judged(*prints, wanted=TICKET):
    return CHECKS["same_answer"](FakeEvidence(prints=prints), prints=wanted, given=["PASSENGERS=2"])


@pytest.mark.parametrize(
    "printed",
    [
        RIGHT,
        Printed(0, "\nNorderney \n\n  23,80\u00a0EUR", ""),  # spaces that cannot be seen are none
        Printed(0, "Norderney\r\n23,80\u202fEUR\r\n", ""),
    ],
)
def test_the_right_answer_on_both_passes(printed):
    finding = judged(RIGHT, printed)
    assert finding.outcome is Outcome.PASS
    assert "“Norderney / 23,80 EUR”" in finding.saw


@pytest.mark.parametrize(
    ("first", "second", "says"),
    [
        (OTHER, OTHER, "On the first machine (`docker run -e PASSENGERS=2 IMAGE`) it printed “Norderney / 23.80 EUR”"),
        (RIGHT, OTHER, "On the second machine (`docker run -e PASSENGERS=2 --user 12345:12345 --workdir /usr IMAGE`)"),
        (RIGHT, ENDED, "ended with exit code 1; its last words: Error: no fares."),
        (RIGHT, DUMB, "ended with exit code 127; it wrote nothing"),
        (Printed(0, " \n", ""), RIGHT, "it printed nothing."),
        (NOT_STARTED, RIGHT, "did not start: The image has no program nod."),
        (RIGHT, ENDLESS, "second machine"),
        (ENDLESS, RIGHT, "did not end"),
        # the right text, but the program says that it failed
        (RIGHT, Printed(3, TICKET, "23,80 EUR"), "exit code 3"),
        # more than the answer: a warning that only one machine gives
        (RIGHT, Printed(0, f"Warning: no locale\n{TICKET}", ""), "Warning"),
    ],
)
def test_any_other_answer_is_refused(first, second, says):
    finding = judged(first, second)
    assert finding.outcome is Outcome.FAIL
    assert says in finding.saw
    assert "“Norderney / 23,80 EUR”" in finding.want
    assert finding.why


def test_why_differs_between_the_machines():
    assert judged(OTHER, OTHER).why != judged(RIGHT, OTHER).why


def test_a_long_answer_is_shortened():
    assert len(judged(Printed(0, "word " * 500, ""), RIGHT).saw) < 350


@pytest.mark.parametrize(
    ("machine", "said"),
    [
        (Start(), "docker run IMAGE"),
        (Start(("test", "a b")), "docker run IMAGE test 'a b'"),
        (
            Start(env=(("A", "1"), ("B", "x=y")), user="5", workdir="/", entrypoint="sh"),
            "docker run -e A=1 -e B=x=y --user 5 --workdir / --entrypoint sh IMAGE",
        ),
    ],
)
def test_a_machine_is_said_as_docker_run(machine, said):
    assert str(machine) == said


@pytest.mark.parametrize(
    ("printed", "passes"),
    [(RIGHT, True), (OTHER, False), (ENDED, False), (DUMB, False), (NOT_STARTED, False), (ENDLESS, False)],
)
def test_with_arguments(printed, passes):
    evidence = FakeEvidence(prints=[printed])
    finding = CHECKS["prints"](evidence, runs=["", "--to 'a b'"], prints=[TICKET, TICKET])
    assert (finding.outcome is Outcome.PASS) is passes
    assert passes or finding.saw.startswith("With `docker run IMAGE` ")


def test_each_start_counts():
    finding = CHECKS["prints"](FakeEvidence(prints=[RIGHT]), runs=["", "'a b' c"], prints=[TICKET, "other"])
    assert finding.saw == "With `docker run IMAGE 'a b' c` it printed “Norderney / 23,80 EUR”"
