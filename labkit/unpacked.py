"""Layers read where the engine keeps them unpacked.

`docker save` writes out all of an image, its base included, to say what one layer holds. The engine says where each
layer's folder is (ImageInspect, GraphDriver); a container that is never started shows those that are asked for.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from labkit.engine.still import still
from labkit.errors import EngineError
from labkit.layers import above, names, read_folders, seen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from labkit.engine import Engine
    from labkit.engine.still import Still
    from labkit.layers import Contents, LayerFile

DRIVER = "overlay2"
PLACE = "/.labkit-layers"
MOST_ASKED = 100  # paths; so many questions take as long as reading the whole image
FEW, SMALL = 5, 8 << 20  # paths that are asked for one by one; bytes of a folder that is rather read
HEADER = 512  # bytes of each file in an archive, besides its own


def read(
    engine: Engine,
    inspected: Mapping[str, Any],
    known: Sequence[Contents | None],
    *,
    words: Iterable[bytes] = (),
    labels: Mapping[str, str],
) -> list[Contents] | None:
    """Read the layers of an image that are not known.

    Args:
        engine: where it is.
        inspected: the image, as ImageInspect gives it.
        known: what its layers hold, base first, each or None.
        words: what to look for in the others.
        labels: of the container through which they are read.

    Returns:
        What each layer holds; None where the engine keeps them otherwise or does not show them, or where a layer may
        replace a folder as a whole, which is not seen here.
    """
    places = folders(inspected)
    if len(places) != len(known):
        return None
    wanted = {f"{PLACE}/{n}": places[n] for n, each in enumerate(known) if each is None}
    try:
        with still(engine, inspected["Id"], labels=labels, folders=wanted) as container:
            found = read_folders(container.archive(PLACE), words)
            if len(found) != len(wanted):  # the image has something of its own in their place
                return None
            all_of_them = [each or found[str(n)] for n, each in enumerate(known)]
            there = seen(all_of_them)
            whole = all_seen(container, list(witnesses(all_of_them, there, {int(n) for n in found})), there)
    except EngineError:
        return None
    return all_of_them if whole else None


def all_seen(container: Still, paths: list[str], there: Mapping[str, tuple[int, LayerFile]]) -> bool:
    """Whether a container sees all of some paths; False where that would take longer than to read the whole image.

    Where many are near each other, the folder that they have in common is read, unless it is large.

    Args:
        container: of the image.
        paths: what is asked for.
        there: what the layers say that it sees, as `labkit.layers.seen` gives it.
    """
    near = Counter(folder for path in paths if (folder := _around(path)))
    whole = [folder for folder, count in near.items() if count > FEW and _size(there, folder) <= SMALL]
    alone = [path for path in paths if _around(path) not in whole]
    if len(alone) > MOST_ASKED:
        return False
    return all(container.sees(f"/{path}") for path in alone) and all(
        {path for path in paths if _around(path) == folder} <= _listed(container, folder) for folder in whole
    )


def _size(there: Mapping[str, tuple[int, LayerFile]], folder: str) -> int:
    """Bytes of an archive of a folder, about."""
    return sum(file.size + HEADER for path, (_, file) in there.items() if path.startswith(f"{folder}/"))


def _around(path: str) -> str:
    """The folder around the one that a path is in."""
    return path.rpartition("/")[0].rpartition("/")[0]


def _listed(container: Still, folder: str) -> set[str]:
    """All paths below a folder."""
    parent = folder.rpartition("/")[0]
    return {f"{parent}/{name}".strip("/") for name in names(container.archive(f"/{folder}"))}


def folders(inspected: Mapping[str, Any]) -> list[str]:
    """Where an engine keeps an image's layers unpacked, base first; nothing where it keeps them otherwise."""
    driver = inspected.get("GraphDriver") or {}
    if driver.get("Name") != DRIVER:
        return []
    data = driver["Data"]
    return [path for path in (data["UpperDir"], *data.get("LowerDir", "").split(":"))[::-1] if path]


def witnesses(layers: Sequence[Contents], there: Mapping[str, tuple[int, LayerFile]], new: set[int]) -> Iterator[str]:
    """Yield paths that a container sees if, and only if, no new layer replaces a folder as a whole.

    Args:
        layers: what each holds, base first.
        there: what they say that a container sees, as `labkit.layers.seen` gives it.
        new: the numbers of those of which that is not known.
    """
    top = {path: n for n in sorted(new) for path, file in layers[n].files.items() if file.is_dir}
    lowest: dict[str, tuple[int, str]] = {}
    for path, (number, _) in there.items():
        for folder in above(path):
            if folder in top and (folder not in lowest or number < lowest[folder][0]):
                lowest[folder] = number, path
    proven: dict[str, int] = {}  # by folder: the lowest layer of which something is asked for below it
    for folder in sorted(lowest, key=lambda path: -path.count("/")):
        number, path = lowest[folder]
        if number < top[folder] and number < proven.get(folder, len(layers)):
            yield path
            for each in above(path):
                proven[each] = min(number, proven.get(each, number))
