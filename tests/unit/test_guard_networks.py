"""Where the networks of seats get their addresses."""

from __future__ import annotations

import pytest

from labkit.guard.rules.networks import pool

NARROW = {"Base": "10.50.0.0/20", "Size": 24}
IPV6 = {"Base": "fd00::/8", "Size": 64}
WIDE = {"Base": "10.213.0.0/16", "Size": 24}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"DefaultAddressPools": [WIDE]}, "10.213"),
        ({"DefaultAddressPools": [IPV6, NARROW, WIDE]}, "10.213"),
        ({"DefaultAddressPools": [{"Base": "10.0.0.0/8", "Size": 24}]}, "10.0"),
        ({"DefaultAddressPools": [NARROW]}, "10.231"),
        ({"DefaultAddressPools": None}, "10.231"),
        ({}, "10.231"),
        (None, "10.231"),
    ],
)
def test_the_engines_own_pool_where_it_is_wide_enough(said, expected):
    assert pool(said) == expected
