"""Archives of images on their way: the names in them become the seat's own, and plain again on the way out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from labkit.guard import names, strictjson
from labkit.guard.refusal import Malformed
from labkit.guard.tars import LARGEST_EDITED, Plain

if TYPE_CHECKING:
    import tarfile
    from collections.abc import Callable

    from labkit.guard.messages import Json
    from labkit.guard.names import Names

MANIFEST, INDEX, OLD = "manifest.json", "index.json", "repositories"
IMAGE_NAME = "io.containerd.image.name"
REF_NAME = "org.opencontainers.image.ref.name"


class ImageIn(Plain):
    """An archive for `docker load`.

    Args:
        own: the seat's names.
        most: bytes that it may have.
    """

    def __init__(self, own: Names, most: int) -> None:
        super().__init__(most)
        self._own, self._listed = own, False

    def close(self) -> bytes:
        """Refuse the oldest form (before Docker 1.10): the engine does not say what it has loaded from such a one."""
        if not self._listed:
            raise Malformed("The archive has no list of images; `docker save` writes one.")
        return super().close()

    def edit(self, name: str, info: tarfile.TarInfo) -> Callable[[bytes], bytes | None] | None:  # noqa: ARG002
        """Edit the files that hold names; the oldest form of them is left out."""
        self._listed = self._listed or name in (MANIFEST, INDEX)
        return {MANIFEST: self._manifest, INDEX: self._index, OLD: _left_out}.get(name)

    def _on_engine(self, given: Json) -> str:
        if not isinstance(given, str):
            raise Malformed("The archive has a name of an image that is none.")
        return self._own.image(names.parse_new(given))

    def _manifest(self, content: bytes) -> bytes:
        found = _document(content)
        if not isinstance(found, list) or not all(isinstance(image, dict) for image in found):
            raise Malformed("The archive's manifest.json is not a list of images.")
        # Without "Parent": the builder would take an image that says whose child it is for a step of its own, so that
        # somebody else's build could begin with what stands in it (source: moby, getLocalCachedImage).
        known = ("Config", "Layers", "LayerSources")
        images = []
        for image in found:
            kept = {key: image[key] for key in known if key in image}
            images.append(kept | {"RepoTags": [self._on_engine(each) for each in _list(image.get("RepoTags"))] or None})
        return json.dumps(images).encode()

    def _index(self, content: bytes) -> bytes:
        found = _document(content)
        for manifest in _list(_get(found, "manifests")):
            notes = _get(manifest, "annotations")
            if isinstance(notes, dict):
                notes.pop(REF_NAME, None)
                if IMAGE_NAME in notes:
                    notes[IMAGE_NAME] = self._on_engine(notes[IMAGE_NAME])
        return json.dumps(found).encode()


class ImageOut(Plain):
    """An archive of `docker save`.

    Args:
        own: the seat's names.
    """

    def __init__(self, own: Names) -> None:
        super().__init__(1 << 62)
        self._own = own

    def edit(self, name: str, info: tarfile.TarInfo) -> Callable[[bytes], bytes | None] | None:  # noqa: ARG002
        """Edit the files that hold names."""
        return self._plain if name in (MANIFEST, INDEX, OLD) else None

    def _plain(self, content: bytes) -> bytes:
        # Newline and all: what was not changed stays the same bytes, since other files may hold its digest.
        return self._own.plain(content.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def _get(value: Json, key: str) -> Json:
    """Give a field that the engine would find in other letters, too."""
    if not isinstance(value, dict) or any(each != key and each.casefold() == key for each in value):
        raise Malformed("The archive's index.json is not a list of images.")
    return value.get(key)


def _list(value: Json) -> list[Json]:
    if not isinstance(value or [], list):
        raise Malformed("The archive's list of images is none.")
    return value or []


def _left_out(_content: bytes) -> None:
    return None


def _document(content: bytes) -> Json:
    if len(content) > LARGEST_EDITED:
        raise Malformed("The archive's list of images is too long.")
    return strictjson.read(content)
