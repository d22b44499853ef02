"""How much jobs have left on an engine, and whether it is time to remove what nobody needs any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labkit.grading.job import Record

MOST = 8 << 30  # bytes of layers that jobs have made and left


class Made:
    """The layers that jobs have made on one engine since it was last cleared."""

    def __init__(self) -> None:
        self._layers: set[tuple[str, int]] = set()
        self._bytes = 0

    def add(self, record: Record) -> None:
        """Count the layers of a job's image that no job before had, as far as instruction and size can tell."""
        image = record.report.evidence.get("image") or {}
        new = {(entry["instruction"], entry["size"]) for entry in image.get("history", ())} - self._layers
        self._layers |= new
        self._bytes += sum(size for _, size in new)

    @property
    def is_much(self) -> bool:
        """Whether it is time to clear."""
        return self._bytes > MOST

    def cleared(self) -> None:
        """All that was made is gone."""
        self._layers.clear()
        self._bytes = 0
