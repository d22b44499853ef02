"""What layers hold, remembered: most changes of a Dockerfile leave most layers as they are, on the same few bases.

A layer is known by its chain, its own digest and those of all below it. Those of the course's images, on which
everything stands, are also written down:

<cache>/layers-1/<chain>.json.gz    its files and what it removes
"""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING

from labkit.atomic import replaced
from labkit.layers import Contents, LayerFile

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from labkit.engine import Engine

MOST = 200  # layers in memory; the files of a large one take a few megabytes
_LAYERS: dict[str, Contents] = {}  # by chain, the latest last


def chains(diff_ids: Sequence[str]) -> list[str]:
    """Names of an image's layers, base first: as the engine makes a ChainID, in another spelling."""
    return list(accumulate(diff_ids, lambda below, own: hashlib.sha256(f"{below} {own}".encode()).hexdigest()))


def course_chains(engine: Engine) -> set[str]:
    """The layers of those of the course's images that an engine has."""
    from labkit.images import COURSE_IMAGES  # noqa: PLC0415  slow to import, and seldom needed

    there = filter(None, map(engine.image, COURSE_IMAGES))
    return {chain for image in there for chain in chains(image["RootFS"].get("Layers") or ())}


def recall(names: Sequence[str], words: frozenset[bytes], course: Collection[str] = ()) -> list[Contents | None]:
    """What is known of some layers.

    Args:
        names: their chains.
        words: what must have been looked for in them; not in the course's own, which no learner has made.
        course: the course's own, which may be written down.
    """
    known = dict(_LAYERS)  # a copy: other threads may be at it
    found = [known.get(name) or (_written(name) if name in course else None) for name in names]
    return [each if each and (each.course or words <= each.found.keys()) else None for each in found]


def remember(names: Sequence[str], contents: Sequence[Contents], course: Collection[str]) -> None:
    """Keep what layers hold; of many, the latest.

    Args:
        names: their chains.
        contents: what each holds.
        course: the course's own, which are written down.
    """
    for name, each in zip(names, contents, strict=True):
        ours = name in course
        if ours and not each.course and not _place(name).exists():
            _write(name, each)
        _LAYERS.pop(name, None)
        _LAYERS[name] = replace(each, course=each.course or ours)
    for oldest in list(_LAYERS)[:-MOST]:
        _LAYERS.pop(oldest, None)


def forget() -> None:
    """Forget what is in memory."""
    _LAYERS.clear()


def _place(name: str) -> Path:
    from labkit.images.store import default_root  # noqa: PLC0415  slow to import, and seldom needed

    return default_root() / "layers-1" / f"{name}.json.gz"


def _written(name: str) -> Contents | None:
    """What is written down of a layer; None where that is nothing, or cannot be read."""
    try:
        read = json.loads(gzip.decompress(_place(name).read_bytes()))
        files = {path: LayerFile(*fields) for path, fields in read["files"].items()}
        return Contents(files, tuple(read["removed"]), {}, course=True)
    except (OSError, EOFError, ValueError, TypeError, KeyError):
        return None


def _write(name: str, contents: Contents) -> None:
    files = {path: (f.size, f.mode, f.uid, f.is_dir) for path, f in contents.files.items()}
    data = json.dumps({"files": files, "removed": contents.removed}).encode()
    try:
        _place(name).parent.mkdir(parents=True, exist_ok=True)
        with replaced(_place(name)) as file:
            file.write(gzip.compress(data, 5))
    except OSError:
        return  # it is read again, then
