"""Checks of a build context: how much is sent to the engine, and what of it must reach no image."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from labkit.checks.registry import check, failed, passed
from labkit.words import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from labkit.evidence import Evidence
    from labkit.result import Finding

SHOWN = 3  # how many files or secrets a finding names


@check("The build sends at most {kilobytes} kB")
def context_at_most(evidence: Evidence, *, kilobytes: int) -> Finding:
    """Add up the files that the build sends to the engine: all in the folder but what .dockerignore leaves out.

    Args:
        evidence: the evidence.
        kilobytes: how much that may be, in 1000 bytes.
    """
    context = evidence.context
    total = sum(context.values())
    if total <= kilobytes * 1000:
        return passed(say("The build sends {total} in {count} files.", total=_size(total), count=len(context)))
    return failed(
        say("The build sends {total}. The largest are {largest}.", total=_size(total), largest=_largest(context)),
        say("At most {kilobytes} kB.", kilobytes=kilobytes),
        say(
            "The folder is packed and sent before the first instruction runs, whether an instruction "
            "copies it or not. Only .dockerignore leaves something out."
        ),
    )


def _size(size: float) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"  # noqa: PLR2004  a megabyte


def _largest(context: Mapping[str, int]) -> str:
    """Name the folders (as deep as the first that holds files) with most bytes."""
    places: Counter[str] = Counter()
    for path, size in context.items():
        folder, _, name = path.rpartition("/")
        inside, found, _ = f"{folder}/".partition("node_modules/")
        places[inside + found if found else f"{folder}/" if folder else name] += size
    return ", ".join(f"{place} ({_size(size)})" for place, size in places.most_common(SHOWN))


@check("No layer of the image holds a secret")
def no_secret_inside(evidence: Evidence, *, secrets: dict[str, str]) -> Finding:
    """Look for secrets in every file of every layer, also in files that a later layer removes, and in the history.

    Args:
        evidence: the evidence.
        secrets: the secrets themselves, by what to call them.
    """
    found = evidence.image.find(secrets.values())
    places = {name: found[word] for name, word in secrets.items() if word in found}
    if not places:
        return passed(
            say("None of the {count} secrets is in a layer of the image, or in its history.", count=len(secrets))
        )
    said = [f"{name} ({_where(evidence, path)})" for name, path in sorted(places.items())[:SHOWN]]
    return failed(
        say("The image gives away {said}.", said="; ".join(said)),
        say("No secret in any file of any layer."),
        say("Whoever can pull an image can read all of its layers, one by one, also what a later step removes again."),
    )


def _where(evidence: Evidence, path: str) -> str:
    if not path:
        return say("in its configuration or history")
    return (
        say("in /{path}", path=path)
        if path in evidence.image.files
        else say("in /{path}, which a later step removes", path=path)
    )
