"""Facts about an image, each found out when first asked for and only once."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from labkit.errors import SandboxError
from labkit.layers import Contents, Layer, LayerFile, merged, read_archive
from labkit.words import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from labkit.engine import Engine

# History lines that made no layer: the classic builder marks them with #(nop), BuildKit only names the instruction.
METADATA = re.compile(
    r"#\(nop\) +(?!ADD|COPY|WORKDIR)"
    r"|^(ARG|CMD|ENTRYPOINT|ENV|EXPOSE|HEALTHCHECK|LABEL|SHELL|STOPSIGNAL|USER|VOLUME)\b"
)

# What layers hold, by diff id, the digest of their bytes, and by their names in archives, the latest last: most
# changes of a Dockerfile leave most layers as they are, and what is above stands on the same base.
_KNOWN: dict[str, Contents] = {}
MOST_KNOWN = 200  # entries, two for a layer; the files of a large one take a few megabytes


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
    """

    def __init__(self, engine: Engine, id: str) -> None:  # noqa: A002  the API's own word
        self._engine, self.id = engine, id

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
        wanted, known = set(words), dict(_KNOWN)  # a copy: other threads may be at it
        if not all(diff_id in known and wanted <= known[diff_id].found.keys() for diff_id in self.diff_ids):
            read = read_archive(self._engine.save(self.id), wanted, known)
            for diff_id, (name, contents) in zip(self.diff_ids, read, strict=True):
                for key in (diff_id, name):
                    _KNOWN.pop(key, None)
                    _KNOWN[key] = known[key] = contents
        for oldest in list(_KNOWN)[:-MOST_KNOWN]:
            _KNOWN.pop(oldest, None)
        return [known[diff_id] for diff_id in self.diff_ids]

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
            places = [path for each in contents if (path := each.found[word.encode()]) is not None]
            if places or json.dumps(word, ensure_ascii=False)[1:-1] in settings:
                found[word] = places[0] if places else ""
        return found

    def read(self, path: str) -> bytes:
        """One file's content; the image is not run. Raises FileNotFoundError."""
        container = self._engine.create(self.id, ["-"], network_mode="none")
        try:
            return self._engine.read_file(container, f"/{path}")
        finally:
            self._engine.remove(container)


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
