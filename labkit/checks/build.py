"""Checks of a build: whether it ends well, and what a second one reuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pathspec import GitIgnoreSpec

from labkit.checks.registry import check, failed, passed
from labkit.words import say, say_many

if TYPE_CHECKING:
    from collections.abc import Sequence

    from labkit.evidence import Evidence
    from labkit.layers import Layer
    from labkit.result import Finding


@check("The image builds")
def image_builds(evidence: Evidence) -> Finding:
    """Build the image; a build that fails is reported with the instruction that failed."""
    steps = len(evidence.build.steps)
    return passed(say_many("The image was built in {count} steps.", "The image was built in {count} steps.", steps))


@check("A source edit leaves the dependencies' layer reused")
def layer_reused(evidence: Evidence, *, edit: str, holds: str, into: str = "") -> Finding:
    """Edit one source file, build again, and compare the layer that holds certain files.

    Args:
        evidence: the evidence.
        edit: the source file that is edited, relative to the build context.
        holds: pattern (as in .gitignore) of the files whose layer must stay the same, such as ``app/node_modules``.
        into: the file of the image that is made from the source file; "" where the image holds that itself.
    """
    layer = _holding(evidence.image.layers, holds)
    if layer is None:
        return failed(
            say("No layer of the image holds {holds}.", holds=holds),
            say("A layer of its own for {holds}.", holds=holds),
            say("What is not in the image can be neither reused nor used."),
        )
    again = evidence.rebuild(edit)
    new = _is_new(evidence, edit, into) if into else _has_edit(evidence, edit)
    if again.image.id == evidence.image.id or not new:
        what = into or edit
        return failed(
            say("After an edit of {edit} the rebuilt image holds the old {what}, or none.", edit=edit, what=what),
            say("The image holds the {what} that comes from the build context.", what=what),
            say("A cache that hides a change is worse than none: you would run old code."),
        )
    made = layer.created_by or say("the instruction that makes it")
    if layer.diff_id in again.image.diff_ids:
        return passed(say("After an edit of {edit}, the layer of {holds} was reused.", edit=edit, holds=holds))
    return failed(
        say(
            "After an edit of {edit}, the layer of {holds} was built again ({made}).", edit=edit, holds=holds, made=made
        ),
        say("The same layer before and after the edit of {edit}.", edit=edit),
        say(
            "Each instruction after the first one whose input changed runs again. Whoever changes one "
            "line of source then waits for every dependency to be installed anew."
        ),
    )


def _holding(layers: Sequence[Layer], pattern: str) -> Layer | None:
    """The topmost layer that holds at least half as many of the files as the fullest one."""
    spec = GitIgnoreSpec.from_lines([pattern])
    counts = [sum(not file.is_dir and spec.match_file(path) for path, file in layer.files.items()) for layer in layers]
    most = max(counts, default=0)
    full = [layer for layer, count in zip(layers, counts, strict=True) if most and count * 2 >= most]
    return full[-1] if full else None


def _is_new(evidence: Evidence, edit: str, into: str) -> bool:
    """Whether the rebuilt image holds a file with another content than the one before."""
    try:
        return evidence.rebuild(edit).image.read(into) != evidence.image.read(into)
    except FileNotFoundError:
        return False


def _has_edit(evidence: Evidence, edit: str) -> bool:
    """Whether the rebuilt image holds the edited file anywhere; what was added last is looked at first."""
    again = evidence.rebuild(edit)
    held = [path for layer in reversed(evidence.image.layers) for path in layer.files]
    for path in dict.fromkeys(path for path in held if path == edit or path.endswith(f"/{edit}")):
        try:
            if again.image.read(path) == again.data:
                return True
        except FileNotFoundError:
            continue
    return False
