"""Walls that a person meets speak plainly: what, why, and what to do instead."""

from __future__ import annotations

import importlib
import pkgutil
import re

import pytest

from labkit import guard
from labkit.guard import walls
from labkit.guard.refusal import Malformed, Missing, Refused
from labkit.guard.walls import WALLS, bind, host_network, namespace, not_here, wall

WHOLE = [bind(), host_network(), not_here(), namespace("--pid host")]
OFTEN = ("Privileged", "Devices", "VolumesFrom", "Links", "UsernsMode", "CgroupParent", "MacAddress", "CpuShares")


@pytest.mark.parametrize("refused", [*WHOLE, *map(wall, OFTEN)], ids=lambda it: it.what)
def test_a_wall_that_people_meet_says_all_three(refused):
    assert refused.what
    assert refused.why
    assert refused.instead
    assert str(refused) == f"{refused.what} {refused.why} {refused.instead}"


@pytest.mark.parametrize("text", [*map(str, WHOLE), *(str(wall(field)) for field in WALLS)])
def test_sentences_are_sentences(text):
    assert re.match(r"(The lab|The lab's guard) does not (allow|know) ", text)
    assert text.endswith((".", "…", "path", "data", "/path."))
    assert "  " not in text
    assert "\n" not in text
    assert len(text) <= 300
    assert not re.search(r"(?i)forbidden|illegal|invalid|hostconfig|namespace|exception|capabilit", text)


def test_a_field_that_nobody_knows_is_named_but_not_as_long_as_it_likes():
    found = wall("X" * 500)
    assert isinstance(found, Malformed)
    assert "XXXX" in str(found)
    assert len(str(found)) < 200


def test_statuses():
    assert (Refused("a").status, Missing("a").status, Malformed("a").status) == (403, 404, 400)


def test_each_wall_is_of_a_field():
    assert all(re.fullmatch(r"[A-Z][A-Za-z]+", field) for field in walls.WALLS)


@pytest.mark.parametrize("name", sorted(each.name for each in pkgutil.walk_packages(guard.__path__, "labkit.guard.")))
def test_no_refusal_is_kept_to_be_raised_again(name):
    """Each time that it is raised, such a one keeps one more stack, with all that was held there."""
    if name != "labkit.guard.__main__":
        assert not [key for key, it in vars(importlib.import_module(name)).items() if isinstance(it, BaseException)]
