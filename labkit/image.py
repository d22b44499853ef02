"""Facts about an image, each found out when first asked for and only once."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from labkit import unpacked
from labkit.engine.still import still
from labkit.errors import SandboxError
from labkit.known import chains, course_chains, recall, remember
from labkit.layers import Layer, LayerFile, merged, read_archive
from labkit.words import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from labkit.engine import Engine
    from labkit.layers import Contents

# History lines that made no layer: the classic builder marks them with #(nop), BuildKit only names the instruction.
METADATA = re.compile(
    r"#\(nop\) +(?!ADD|COPY|WORKDIR)"
    r"|^(ARG|CMD|ENTRYPOINT|ENV|EXPOSE|HEALTHCHECK|LABEL|SHELL|STOPSIGNAL|USER|VOLUME)\b"
)


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One line of an image's history, oldest first: the instruction, tidied, its bytes, and whether it made a layer."""

    instruction: str
    size: int
    layer: bool


class Image:
    """An image's facts.

    Args:
        engine: where it is.
        id: its id.
        labels: of what is made on the engine to look at it.
    """

    def __init__(self, engine: Engine, id: str, labels: Mapping[str, str] | None = None) -> None:  # noqa: A002  the API's own word
        self._engine, self.id, self._labels = engine, id, labels or {}

    @cached_property
    def _inspected(self) -> Mapping[str, Any]:
        found = self._engine.image(self.id)
        if found is None:
            raise SandboxError(say("The image was removed while it was looked at."), fix=say("check again"))
        return found

    @property
    def config(self) -> Mapping[str, Any]:
        """Its runtime configuration, such as Cmd, Entrypoint, Env, ExposedPorts, User, WorkingDir."""
        return self._inspected["Config"] or {}

    @property
    def diff_ids(self) -> tuple[str, ...]:
        """The identities of its layers, base first."""
        return tuple(self._inspected["RootFS"].get("Layers") or ())

    @cached_property
    def history(self) -> tuple[HistoryEntry, ...]:
        """Its history, base first, without the lab's own labels."""
        entries = [self._entry(raw) for raw in reversed(self._engine.history(self.id))]
        return tuple(e for e in entries if not e.instruction.startswith("LABEL labkit."))

    @staticmethod
    def _entry(raw: Mapping[str, Any]) -> HistoryEntry:
        words = raw.get("CreatedBy") or ""
        return HistoryEntry(tidy(words), int(raw.get("Size") or 0), layer=not METADATA.search(words))

    @property
    def size(self) -> int:
        """Bytes of all its layers, unpacked."""
        return sum(entry.size for entry in self.history)

    def facts(self) -> dict[str, Any]:
        """Its id, configuration, layers and history, as data that JSON can hold."""
        history = [{"instruction": e.instruction, "size": e.size, "layer": e.layer} for e in self.history]
        return {"id": self.id, "config": dict(self.config), "layers": list(self.diff_ids), "history": history}

    def _contents(self, words: Iterable[bytes] = ()) -> list[Contents]:
        """What its layers hold; those that are known already are not read again."""
        wanted, names = frozenset(words), chains(self.diff_ids)
        there = [each for each in recall(names, wanted) if each]
        if len(there) < len(names):
            course = course_chains(self._engine)
            known = recall(names, wanted, course)
            there = [each for each in known if each]
            if len(there) < len(names):
                read = unpacked.read(self._engine, self._inspected, known, words=wanted, labels=self._labels)
                there = read or read_archive(self._engine.save(self.id), wanted)
            remember(names, there, course)
        return there

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """Its layers with their files, base first."""
        contents = self._contents()
        made = [entry for entry in self.history if entry.layer]
        if len(made) != len(contents):  # an empty layer looks like metadata to one side: match by size instead
            made = [entry for entry in made if entry.size] if sum(e.size > 0 for e in made) == len(contents) else []
        return tuple(
            Layer(
                diff_id,
                made[n].instruction if made else "",
                made[n].size if made else _bytes(each.files),
                each.files,
                each.removed,
            )
            for n, (diff_id, each) in enumerate(zip(self.diff_ids, contents, strict=True))
        )

    @cached_property
    def files(self) -> Mapping[str, LayerFile]:
        """What a container of it sees, by path without a leading slash."""
        return merged(self.layers)

    def find(self, words: Iterable[str]) -> dict[str, str]:
        """Where it holds words: the path of a file of any layer, or "" for its configuration or history."""
        wanted = list(words)
        contents = self._contents(word.encode() for word in wanted)
        settings = json.dumps([self._inspected, self._engine.history(self.id)], ensure_ascii=False)
        found = {}
        for word in wanted:
            places = [path for each in contents if (path := each.found.get(word.encode())) is not None]
            if places or json.dumps(word, ensure_ascii=False)[1:-1] in settings:
                found[word] = places[0] if places else ""
        return found

    def read(self, path: str) -> bytes:
        """One file's content; the image is not run. Raises FileNotFoundError."""
        with still(self._engine, self.id, labels=self._labels) as container:
            return self._engine.read_file(container.id, f"/{path}")


def _bytes(files: Mapping[str, LayerFile]) -> int:
    return sum(file.size for file in files.values())


def tidy(created_by: str) -> str:
    """An instruction as it stood in the Dockerfile, from either builder's history line."""
    text = re.sub(r"^\|\d+ (\S+=\S* )*", "", created_by)  # build arguments before a RUN
    text = re.sub(r"^/bin/sh -c #\(nop\) +", "", text)
    text = re.sub(r"^/bin/sh -c ", "RUN ", text)
    text = re.sub(r"^RUN (\|\d+ \S+ )?/bin/sh -c ", "RUN ", text)
    text = re.sub(r"\s*# buildkit$", "", text)
    text = re.sub(r"^(COPY|ADD) (?:multi|file|dir):\S+ in ", r"\1 … ", text)
    return " ".join(text.split())
