"""What the course claims in figures, measured in one run on the engine that the lab finds.

Every figure is a ratio of two things measured here, one after the other: seconds alone say more of the machine.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from rich.console import Console
from rich.table import Table

from labkit import course
from labkit.engine import connect
from labkit.evidence import BASELINE, DOCKERFILE
from labkit.image import Image
from labkit.sandbox import Sandbox
from labkit.workspace import Workspace, read_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from labkit.workspace import Snapshot, SourceFile

TIMES = 3
T = TypeVar("T")
Row = tuple[str, str, str, str]


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """Do it once; return what it gave, and the seconds it took."""
    begin = time.perf_counter()
    given = work()
    return given, time.perf_counter() - begin


def layer_order(box: Sandbox) -> Iterator[Row]:
    """A rebuild after an edit of the source, as a share of the first build, in both orders (exercise 06)."""
    starter = read_files(course.exercise("layer-order").starter())
    for name, files in (("all copied first", starter), ("packages first", solution("layer-order").files)):
        pairs = [rebuild(box, files, number) for number in range(TIMES)]
        cold, warm = pairs[-1]
        share = statistics.median(warm / cold for cold, warm in pairs)
        yield f"rebuild after an edit, {name}", f"{warm:.1f} s, {cold:.1f} s", f"{100 * share:.0f} %", "the first build"


def rebuild(box: Sandbox, files: Mapping[str, SourceFile], number: int) -> tuple[float, float]:
    """Seconds of a first build, and of a second one after an edit of the source."""
    source = files["src/index.js"]
    edited = {**files, "src/index.js": replace(source, data=source.data + f"// {number}\n".encode())}
    first, cold = timed(lambda: box.build(files, no_cache=True))
    _, warm = timed(lambda: box.build(edited, cache_from=[*first.intermediates, first.image_id]))
    return cold, warm


def multi_stage(box: Sandbox) -> Iterator[Row]:
    """The multi-stage image's size as a share of the single-stage one's, of the same files (exercise 09)."""
    exercise, multi = course.exercise("multi-stage"), solution("multi-stage")
    single = multi.edited(DOCKERFILE, (exercise.folder / BASELINE).read_bytes())
    before, after = (Image(box.engine, box.build(one.files).image_id).size for one in (single, multi))
    yield (
        "multi-stage against single-stage",
        f"{after / 1e6:.0f} MB, {before / 1e6:.0f} MB",
        f"{100 * after / before:.0f} %",
        "the single-stage image",
    )


def start() -> Iterator[Row]:
    """What `./lab` does before JupyterLab's own start when everything is there, beside Python's own start."""
    ready = "from labkit.launch import make_ready\nwith make_ready(yes=False): pass"
    lab = statistics.median(timed(lambda: python(ready))[1] for _ in range(TIMES))
    bare = statistics.median(timed(lambda: python("pass"))[1] for _ in range(TIMES))
    yield "start when all is there", f"{lab:.2f} s, {bare:.2f} s", f"{lab / bare:.0f} times", "Python's own start"


def python(code: str) -> None:
    """Run a program in a fresh interpreter."""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def solution(name: str) -> Snapshot:
    """An exercise's solution."""
    return Workspace(course.root()).solution(course.exercise(name))


def main() -> None:
    """Measure and print."""
    engine = connect()
    table = Table("what", "measured", "ratio", "of what", title=f"{engine.about}, median of {TIMES}")
    with Sandbox(engine) as box:
        for rows in (start(), layer_order(box), multi_stage(box)):
            for row in rows:
                table.add_row(*row)
    Console().print(table)


if __name__ == "__main__":
    main()
