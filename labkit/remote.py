"""What a registry itself answers: repositories, tags, digests, and files in the layers that it holds."""

from __future__ import annotations

import io
import json
import posixpath
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests

from labkit.errors import Absent, SandboxError
from labkit.words import say

if TYPE_CHECKING:
    from collections.abc import Mapping

SECONDS = 10
NOT_FOUND, REFUSED = 404, (401, 403)
KINDS = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
)
INDEXES = ("application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.oci.image.index.v1+json")
WHITEOUT, OPAQUE = ".wh.", ".wh..wh..opq"


@dataclass(frozen=True, slots=True)
class Pushed:
    """An image in a registry.

    Attributes:
        digest: of its manifest: what a name with a digest has.
        image_id: of its configuration: what `docker images` calls the image's id.
        layers: each one's digest and its size in bytes, as it is sent, from the bottom.
    """

    digest: str
    image_id: str
    layers: tuple[tuple[str, int], ...]


class Remote:
    """A registry, asked over HTTP (source: the OCI distribution specification).

    Args:
        host: its address, with the port.
        login: user and password, where it wants them.
    """

    def __init__(self, host: str, login: tuple[str, str] | None = None) -> None:
        self._base, self._login = f"http://{host}/v2/", login

    def _ask(self, path: str, accept: tuple[str, ...] = ()) -> requests.Response:
        headers = {"Accept": ", ".join(accept)} if accept else {}
        try:
            answer = requests.get(self._base + path, headers=headers, auth=self._login, timeout=SECONDS)
        except requests.RequestException as error:
            raise SandboxError(
                say("The registry does not answer."), why=str(error), fix=say("see whether it runs")
            ) from None
        if answer.status_code in REFUSED:
            raise SandboxError(say("The registry does not let us in."), fix=say("see its login"))
        if answer.status_code == NOT_FOUND:
            raise Absent(say("The registry has no {path}.", path=path), fix=say("push it"))
        return answer

    def repositories(self) -> list[str]:
        """Names of all repositories. Raises SandboxError where it does not answer."""
        return sorted(self._ask("_catalog").json()["repositories"] or [])

    def tags(self, repository: str) -> list[str]:
        """The tags of a repository; none where there is no such. Raises SandboxError."""
        try:
            return sorted(self._ask(f"{repository}/tags/list").json()["tags"] or [])
        except Absent:
            return []

    def image(self, repository: str, tag: str) -> Pushed:
        """An image by tag or digest. Raises Absent, SandboxError."""
        answer = self._ask(f"{repository}/manifests/{tag}", KINDS + INDEXES)
        digest, found = answer.headers["Docker-Content-Digest"], answer.json()
        if found.get("mediaType") in INDEXES:  # BuildKit's: the first is an image, the others what is said of it
            first = found["manifests"][0]["digest"]
            found = self._ask(f"{repository}/manifests/{first}", KINDS).json()
        layers = tuple((each["digest"], each["size"]) for each in found["layers"])
        return Pushed(digest, found["config"]["digest"], layers)

    def config(self, repository: str, tag: str) -> Mapping[str, Any]:
        """An image's configuration. Raises Absent, SandboxError."""
        found: Mapping[str, Any] = json.loads(self._blob(repository, self.image(repository, tag).image_id))
        return found

    def _blob(self, repository: str, digest: str) -> bytes:
        return self._ask(f"{repository}/blobs/{digest}").content

    def read(self, repository: str, tag: str, path: str) -> bytes:
        """A plain file of an image, as a container would see it. Raises FileNotFoundError, Absent, SandboxError."""
        wanted = path.strip("/")
        for digest, _ in reversed(self.image(repository, tag).layers):
            with tarfile.open(fileobj=io.BytesIO(self._blob(repository, digest)), mode="r:*") as layer:
                files = {posixpath.normpath(each.name): each for each in layer}
                if wanted in files and (content := layer.extractfile(files[wanted])):
                    return content.read()
            if _hides(files, wanted):
                break
        raise FileNotFoundError(path)


def _hides(files: Mapping[str, object], wanted: str) -> bool:
    """Tell whether a layer takes a file, or a folder above it, away from those below."""
    parts = wanted.split("/")
    for count in range(1, len(parts) + 1):
        folder, name = "/".join(parts[: count - 1]), parts[count - 1]
        if posixpath.join(folder, WHITEOUT + name) in files or posixpath.join(folder, OPAQUE) in files:
            return True
    return False
