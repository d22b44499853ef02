"""Sizes as people say them, rounded so coarsely that two builds of the same image give the same words."""

from __future__ import annotations

MB = 1_000_000  # as `docker images` counts
STEP = 5  # percent


def rounded(size: int) -> float:
    """Megabytes (10^6 bytes) to two significant digits; 0.0 stands for anything below 1 MB."""
    if size < MB:
        return 0.0
    return float(f"{size / MB:.2g}")


def words(size: int) -> str:
    """Say a size: ``< 1 MB``, ``2.5 MB``, ``160 MB``, ``1.2 GB``."""
    megabytes = rounded(size)
    if not megabytes:
        return "< 1 MB"
    return f"{megabytes:g} MB" if megabytes < 1000 else f"{megabytes / 1000:g} GB"  # noqa: PLR2004  1 GB


def change(size: int, first: int) -> str:
    """Compare with a first size, to the nearest 5 percent: ``60 % smaller``, ``10 % larger``, ``about the same``."""
    before, after = rounded(first), rounded(size)
    if not before:
        return "about the same" if not after else "larger"
    percent = STEP * round(100 * (before - after) / before / STEP)
    if not percent:
        return "about the same"
    if percent > 100 - STEP:  # rounding must not say that nothing is left
        return f"more than {100 - STEP} % smaller"
    return f"{abs(percent)} % {'smaller' if percent > 0 else 'larger'}"
