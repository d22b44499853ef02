"""Feed the guard what nobody would write: `python tests/fuzz/fuzz_guard.py TARGET -max_total_time=120 [CORPUS]`.

It needs `pip install atheris`, which is libFuzzer for Python: it keeps what reaches new code, and changes that further.
Each target holds one promise; a fault is saved as ``crash-…``, and the same command with that file repeats it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import sys
from pathlib import Path

import atheris

sys.path[:0] = [str(Path(__file__).parents[1] / "unit"), str(Path(__file__).parents[2])]
with atheris.instrument_imports(include=["labkit.guard", "h11"]):
    from fake_guard import COURSE, World, ask, seat

    from labkit.guard import policy, strictjson
    from labkit.guard.context import Context
    from labkit.guard.dockerfile import Dockerfile
    from labkit.guard.imagetars import ImageIn
    from labkit.guard.ledger import Ledger
    from labkit.guard.messages import Answer
    from labkit.guard.names import Names
    from labkit.guard.refusal import Refused
    from labkit.guard.tars import Plain
    from labkit.guard.wire import Client, Gone

METHODS = ("GET", "POST", "DELETE", "PUT", "HEAD")
OWN = re.compile(r"labkit\.invalid/ada/[\w./:-]+|lk-ada-[\w.-]+")
RENEW = 500  # runs between two new worlds


class Sink:
    """A writer that takes everything."""

    def __init__(self) -> None:
        self.transport = self

    def set_write_buffer_limits(self, high: int) -> None:
        """Take any."""

    def write(self, data: bytes) -> None:
        """Take it."""

    async def drain(self) -> None:
        """Wait for nothing."""


async def served(parts: list[bytes]) -> list[object]:
    """Read requests until the first fault or the end."""
    reader = asyncio.StreamReader()
    for part in parts:
        reader.feed_data(part)
    reader.feed_eof()
    client = Client(reader, Sink())
    found: list[object] = []
    with contextlib.suppress(Refused, Gone, TimeoutError):
        while head := await client.head():
            found.append((head.method, head.target))
            found.append(await client.body(1 << 16))
            await client.answer(Answer(200, {"a": 1}))
            if not client.again():
                break
    return found


LOOP = asyncio.new_event_loop()


def wire(data: bytes) -> None:
    """Whatever comes, a client gets an answer or is left; parts of a request do not matter."""
    whole = LOOP.run_until_complete(served([data]))
    cut = len(data) // 2
    if whole != LOOP.run_until_complete(served([data[:cut], data[cut:]])):
        raise AssertionError(whole)


class Rules:
    """Two seats and a bystander on a made-up engine."""

    def __init__(self) -> None:
        self.runs = 0
        self.world = self.new()

    @staticmethod
    def new() -> World:
        """Begin again."""
        ledger = Ledger(":memory:")
        return World((seat("ada", ledger), seat("eve", ledger)))

    def __call__(self, data: bytes) -> None:
        """Nothing but a refusal is raised; no call and no answer has what is another's."""
        self.runs += 1
        if self.runs % RENEW == 0:
            self.world = self.new()
        given = atheris.FuzzedDataProvider(data)
        method = METHODS[given.ConsumeIntInRange(0, len(METHODS) - 1)]
        row = policy.ROUTES[given.ConsumeIntInRange(0, len(policy.ROUTES) - 1)]
        target = given.ConsumeUnicodeNoSurrogates(300)
        if given.ConsumeBool():  # a row's own path, with whatever for its stars and its query
            words = iter([*target.split(" "), *["wordada-web"] * 4])
            path = "/".join(next(words) if "*" in part else part.split("|")[0] for part in row.path.split("/"))
            method, target = row.methods.split("|")[0], f"{path}?{next(words)}"
        try:
            body = strictjson.read(given.ConsumeBytes(given.remaining_bytes()))
        except Refused:
            body = None
        calls, found = ask(self.world.seats[0], self.world.answers, method, target, body)
        said = f"{target} {json.dumps(body)}"
        told = json.dumps([[each.path, each.query, each.body] for each in calls])
        told += json.dumps(found.body) if isinstance(found, Answer) else ""
        told = OWN.sub("", told)
        for word in self.world.secrets["eve"] | self.world.secrets["bystander"]:
            if word in told and word not in said:
                raise AssertionError((word, told))


def reader(data: bytes) -> None:
    """What is read is what Python's reader reads; else it is malformed."""
    try:
        found = strictjson.read(data)
    except Refused:
        return
    if found is not None and found != json.loads(data):
        raise AssertionError(found)


def editors(which: int):
    """Make one of the editors."""
    it = seat()
    return (Plain(1 << 20), ImageIn(Names("ada"), 1 << 20), Context(it, "Dockerfile", Dockerfile(it, {})))[which]


def tars(data: bytes) -> None:
    """Parts do not matter."""
    given = atheris.FuzzedDataProvider(data)
    which, step = given.ConsumeIntInRange(0, 2), given.ConsumeIntInRange(1, 700)
    content = fixed(given.ConsumeBytes(given.remaining_bytes()))
    cut = [content[at : at + step] for at in range(0, len(content), step)]
    one, two = outcome(editors(which), [content]), outcome(editors(which), cut)
    if one != two:
        raise AssertionError((one[-200:], two[-200:]))


def fixed(content: bytes) -> bytes:
    """Mend the sums of what may be headers, which chance would not find."""
    made = bytearray(content)
    for at in range(0, len(made) - 511, 512):
        made[at + 148 : at + 156] = b" " * 8
        made[at + 148 : at + 156] = b"%06o\0 " % sum(made[at : at + 512])
    return bytes(made)


def outcome(editor, parts: list[bytes]) -> bytes:
    """Give what comes out; of two faults, either may be found first."""
    try:
        return b"".join(map(editor.feed, parts)) + editor.close()
    except Refused:
        return b"refused"


STAGE = re.compile(r"(?i)^from\s+(?:--\S+\s+)*(\S+)(?:\s+as\s+(\S+))?\s*$")


def dockerfile(data: bytes) -> None:
    """Whatever is written, each line that begins with FROM names an image of the course's or a stage."""
    try:
        text = Dockerfile(seat(), {}).rewrite(data).decode("utf-8", "surrogateescape")
    except Refused:
        return
    stages = {"scratch"}
    for line in text.split("\n"):
        if line.strip().lower().startswith("from"):
            found = STAGE.match(line.strip())
            if not found or found[1].lower() not in stages | set(COURSE) | set(COURSE.values()):
                raise AssertionError(text)
            stages.add((found[2] or "scratch").lower())
        elif line.rstrip().endswith("\\"):
            raise AssertionError(text)


TARGETS = {"wire": wire, "rules": Rules(), "reader": reader, "tars": tars, "dockerfile": dockerfile}


def main() -> None:
    """Run one target."""
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(f"which target? {', '.join(TARGETS)}")
    target = TARGETS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
