"""Evidence out of a bundle: what checks ask of an engine, answered from what was written down.

What the learner's files alone can tell is found out from them, and not from what the bundle says of them. The rest is
the bundle's word: lists of layers, configuration, sizes. Whatever only a container, a second build or a docker
endpoint can show is not in it.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

from labkit.dockerfile import Dockerfile
from labkit.engine import Build, BuildStep
from labkit.engine.context import sent
from labkit.errors import LabError
from labkit.evidence import DOCKERFILE
from labkit.grading.bundle_models import Held, HeldConfig, HeldImage, sha256
from labkit.image import HistoryEntry
from labkit.layers import Layer, LayerFile, merged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from labkit.workspace import Snapshot

    Refuse = Callable[["NotInBundle"], NoReturn]

RUNS = "a container, a second build or a docker endpoint"
ASK = "grade the files on a machine with an engine"


class NotInBundle(LabError):  # noqa: N818  reads as what happened
    """A check asked for what no bundle holds."""


class Missing(NotInBundle):
    """A check asked for what a bundle holds where an image was built, and this one does not hold."""


class _Partial:
    """Something of which only some attributes are known: whatever else is asked for is refused."""

    def __init__(self, refuse: Refuse) -> None:
        self._refuse = refuse

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):  # Python's own questions
            raise AttributeError(name)
        self._refuse(NotInBundle(f"A bundle cannot tell of {name}: that takes {RUNS}.", fix=ASK))


class _Config(dict[str, Any]):
    """A configuration; a key that a bundle never holds is not one that is not set."""

    def __init__(self, known: Mapping[str, Any], refuse: Refuse) -> None:
        super().__init__(known)
        self._refuse = refuse

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401  as of any dict
        if key not in HeldConfig.model_fields:
            self._refuse(NotInBundle(f"A bundle does not hold the image's {key}.", fix=ASK))
        return super().get(key, default)


class BundledBaseline(_Partial):
    """The image to compare with, of which a bundle knows the size only."""

    def __init__(self, size: int, refuse: Refuse) -> None:
        super().__init__(refuse)
        self.size = size


class BundledImage(_Partial):
    """An image as a bundle describes it.

    Args:
        held: the image.
        searched: where which words were found, by their sha256.
        refuse: told what is not in it.
    """

    def __init__(self, held: HeldImage, searched: Mapping[str, str | None], refuse: Refuse) -> None:
        super().__init__(refuse)
        self._held, self._searched, self.id = held, searched, held.id

    @cached_property
    def config(self) -> Mapping[str, Any]:
        """Its configuration."""
        return _Config(self._held.config.model_dump(exclude_none=True), self._refuse)

    @cached_property
    def history(self) -> tuple[HistoryEntry, ...]:
        """Its history."""
        return tuple(HistoryEntry(e.instruction, e.size, e.layer) for e in self._held.history)

    @property
    def size(self) -> int:
        """Bytes of all its layers."""
        return sum(entry.size for entry in self.history)

    @property
    def diff_ids(self) -> tuple[str, ...]:
        """The identities of its layers."""
        return tuple(layer.diff_id for layer in self._held.layers)

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """Its layers with their files."""
        return tuple(
            Layer(
                each.diff_id,
                each.created_by,
                each.size,
                {path: LayerFile(size, mode, uid, is_dir) for path, size, mode, uid, is_dir in each.files},
                tuple(each.removed),
            )
            for each in self._held.layers
        )

    @cached_property
    def files(self) -> Mapping[str, LayerFile]:
        """What a container of it sees."""
        return merged(self.layers)

    def find(self, words: Iterable[str]) -> dict[str, str]:
        """Where it holds words: as the bundle says; its configuration and history are looked through once more."""
        settings = json.dumps(self._held.model_dump(include={"config", "history"}), ensure_ascii=False)
        found = {}
        for word in words:
            if sha256(word.encode()) not in self._searched:
                self._refuse(Missing("The bundle does not say where one of the secrets was found.", fix=ASK))
            place = self._searched[sha256(word.encode())]
            if place is not None:
                found[word] = place
            elif json.dumps(word, ensure_ascii=False)[1:-1] in settings:
                found[word] = ""
        return found


class BundledEvidence(_Partial):
    """What a check may ask, as of `labkit.evidence.Evidence`.

    Args:
        held: what the bundle holds; None where nothing was built or run, and no check has anything to look at.
        snapshot: the learner's files out of the bundle, laid over the course's.

    Attributes:
        refused: what was asked for last and is not there; whoever asks sets it back to None.
    """

    def __init__(self, held: Held | None, snapshot: Snapshot) -> None:
        super().__init__(self._refuse_it)
        self._given, self._snapshot = held, snapshot
        self.refused: NotInBundle | None = None

    def _refuse_it(self, error: NotInBundle) -> NoReturn:
        self.refused = error
        raise error

    def _lacks(self, what: str) -> NoReturn:
        self._refuse(Missing(f"The bundle holds no {what}.", fix=ASK))

    @property
    def _held(self) -> Held:
        return self._given or self._lacks("evidence")

    @property
    def _files(self) -> Snapshot:
        return self._snapshot if self._held else self._lacks("evidence")  # without an image, these are not looked at

    @property
    def dockerfile(self) -> Dockerfile:
        """The Dockerfile, from the files."""
        return Dockerfile(self._files.text(DOCKERFILE))

    @property
    def context(self) -> Mapping[str, int]:
        """What the build sends, from the files."""
        return sent(self._files.files)

    def answers(self, name: str) -> Mapping[str, Any]:
        """One of the learner's files with facts, from the files. Raises WorkspaceError."""
        return self._files.facts(name)

    @property
    def build(self) -> Build:
        """The build's trace, as the bundle says."""
        held = self._held.build or self._lacks("trace of a build")
        steps = tuple(BuildStep(s.number, s.stage, s.instruction, s.cached) for s in held.steps)
        return Build(self.image.id, steps, held.builder)

    @cached_property
    def image(self) -> BundledImage:
        """The image, as the bundle says."""
        held = self._held.image or self._lacks("image")
        return BundledImage(held, self._held.searched, self._refuse)

    @property
    def baseline(self) -> BundledBaseline:
        """The image to compare with, as the bundle says."""
        size = self._held.baseline_size
        return BundledBaseline(size, self._refuse) if size else self._lacks("size to compare with")
