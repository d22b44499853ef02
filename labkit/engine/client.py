"""One engine, and the few things the lab asks of it.

Every method is one or two calls of the Engine API (1.41 unless said otherwise) and returns the API's own JSON.
All faults leave as `labkit.errors.EngineError` or its kin.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import requests
from docker.errors import APIError, ImageNotFound, NotFound

from labkit.engine.about import About, describe
from labkit.engine.faults import faults
from labkit.engine.words import start_fault
from labkit.errors import SandboxError, StepTimeout
from labkit.layers import first_file
from labkit.words import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import docker

    from labkit.progress import Progress

Json = dict[str, Any]


@dataclass(frozen=True)
class Engine:
    """A Docker Engine or its like.

    Args:
        client: the SDK's client, already known to answer.
        url: its address, such as ``unix:///var/run/docker.sock``.
        source: where the address comes from, in words for a person.
        options: those that the SDK's client was made with, to make others like it.
        certificates: the folder with ca.pem, cert.pem and key.pem, where TLS is used.
    """

    client: docker.DockerClient = field(repr=False)
    url: str
    source: str
    options: Mapping[str, Any] = field(repr=False)
    certificates: Path | None = None

    @property
    def api(self) -> Any:  # noqa: ANN401, D102  the SDK's low-level client is assembled from untyped mixins
        return self.client.api

    @cached_property
    def about(self) -> About:
        """What the engine says of itself (SystemVersion and SystemInfo)."""
        with faults(say("asking the engine about itself")):
            return describe(self.api.version(), self.api.info(), self.source)

    def ping(self) -> None:
        """See that it answers (SystemPing). Raises EngineError."""
        with faults(say("asking whether it is there")):
            self.api.ping()

    def image(self, ref: str) -> Json | None:
        """Describe an image, or return None where there is none of this name or id (ImageInspect)."""
        with faults(say("looking at the image {ref}", ref=ref)):
            try:
                return cast("Json", self.api.inspect_image(ref))
            except ImageNotFound:
                return None

    def images(self, label: str | None = None, *, intermediate: bool = False) -> list[Json]:
        """List images (ImageList).

        Args:
            label: only those with this label, ``name`` or ``name=value``.
            intermediate: with the untagged parents that the classic builder keeps.
        """
        with faults(say("listing images")):
            return cast("list[Json]", self.api.images(all=intermediate, filters={"label": label} if label else None))

    def history(self, ref: str) -> list[Json]:
        """List an image's history, newest first (ImageHistory)."""
        with faults(say("reading the history of {ref}", ref=ref)):
            return cast("list[Json]", self.api.history(ref))

    def save(self, ref: str) -> Iterator[bytes]:
        """Stream an image as a docker archive (ImageGet)."""
        with faults(say("reading the image {ref}", ref=ref)):
            yield from self.api.get_image(ref)

    def load(self, archive: Path) -> None:
        """Load a docker archive (ImageLoad)."""
        with faults(say("loading {name}", name=archive.name)), archive.open("rb") as stream:
            for message in self.api.load_image(stream):
                if "error" in message:
                    raise APIError(message["error"])

    def in_registry(self, ref: str, seconds: float) -> bool:
        """Ask an image's registry whether it has it; one that takes longer is out of reach (DistributionInspect)."""
        with faults(say("asking the registry for {ref}", ref=ref)):
            address = self.api._url("/distribution/{0}/json", ref)  # noqa: SLF001  the SDK's own has no time limit
            try:
                return bool(self.api.get(address, timeout=seconds).status_code == requests.codes.ok)
            except requests.exceptions.ReadTimeout:
                return False

    def pull(self, ref: str, progress: Progress | None = None) -> None:
        """Pull an image from its registry (ImageCreate).

        Raises:
            EngineError: the registry does not answer, or has no such image.
        """
        name, _, tag = ref.rpartition(":") if ":" in ref.rsplit("/", 1)[-1] else (ref, "", "latest")
        with faults(say("pulling {ref}", ref=ref)):
            for message in self.api.pull(name, tag=tag, stream=True, decode=True):
                if "error" in message:
                    raise APIError(message["error"])
                detail = message.get("progressDetail") or {}
                if progress and detail.get("total"):
                    what = say("pull {ref} {layer}", ref=ref, layer=message.get("id", ""))
                    progress(what, detail.get("current"), detail["total"])

    def tag(self, source: str, target: str) -> None:
        """Give an image one more name (ImageTag)."""
        name, _, tag = target.rpartition(":")
        with faults(say("tagging {source} as {target}", source=source, target=target)):
            self.api.tag(source, name, tag)

    def remove_image(self, ref: str, *, force: bool = False, noprune: bool = False) -> bool:
        """Remove an image (ImageDelete).

        Args:
            ref: its name or id.
            force: also where a stopped container uses it, or where it has several names.
            noprune: keep its untagged parents.

        Returns:
            False where it is absent, in use, or another image's parent.
        """
        with faults(say("removing the image {ref}", ref=ref)):
            try:
                self.api.remove_image(ref, force=force, noprune=noprune)
            except ImageNotFound:
                return False
            except APIError as error:
                if error.status_code == requests.codes.conflict:
                    return False
                raise
            return True

    def create(self, image: str, command: Sequence[str] | str | None = None, **options: object) -> str:
        """Create a container and return its id (ContainerCreate).

        Args:
            image: the image's name or id.
            command: replaces the image's CMD.
            options: those of the SDK's ``containers.create``.
        """
        with faults(say("creating a container from {image}", image=image)):
            return cast("str", self.client.containers.create(image, cast("Any", command), **cast("Any", options)).id)

    def start(self, container: str) -> None:
        """Start a container (ContainerStart).

        Raises:
            SandboxError: the image names a user or a program that it does not have.
        """
        with faults(say("starting a container")):
            try:
                self.api.start(container)
            except APIError as error:
                fault = start_fault(str(error.explanation or error))
                if not fault:
                    raise
                raise SandboxError(fault, fix=say("mend the Dockerfile, and build again")) from None

    def inspect(self, container: str) -> Json:
        """Describe a container (ContainerInspect). Raises SandboxError where there is none."""
        with faults(say("looking at a container")):
            try:
                return cast("Json", self.api.inspect_container(container))
            except NotFound:
                raise SandboxError(say("The container is not there any more."), fix=say("check again")) from None

    def wait(self, container: str, seconds: float) -> int:
        """Wait until a container has exited and return its exit code (ContainerWait).

        Raises:
            StepTimeout: it still runs after ``seconds``.
        """
        with faults(say("waiting for a container")):
            try:
                return int(self.api.wait(container, timeout=seconds)["StatusCode"])
            except (requests.exceptions.ReadTimeout, requests.exceptions.ConnectionError) as error:
                if "timed out" not in str(error).lower():
                    raise
                what = say("The container was still running after {seconds:g} seconds.", seconds=seconds)
                raise StepTimeout(what, fix=say("see what it waits for in its logs")) from None

    def kill(self, container: str, signal: str = "SIGKILL") -> bool:
        """Send a signal to a container's main process (ContainerKill); False where it does not run."""
        with faults(say("sending a signal to a container")):
            try:
                self.api.kill(container, signal)
            except APIError as error:
                if error.status_code in (requests.codes.conflict, requests.codes.not_found):
                    return False
                raise
            return True

    def stop(self, container: str) -> None:
        """Stop a container: its stop signal, and SIGKILL ten seconds later (ContainerStop); absent is fine."""
        with faults(say("stopping a container")), suppress(NotFound):
            self.api.stop(container)

    def remove(self, container: str) -> None:
        """Remove a container by force, with its anonymous volumes (ContainerDelete); absent is fine."""
        with faults(say("removing a container")), suppress(NotFound):
            try:
                self.api.remove_container(container, force=True, v=True)
            except APIError as error:
                if error.status_code != requests.codes.conflict:  # 409: its removal is already under way
                    raise

    def logs(self, container: str, lines: int | None = None) -> str:
        """Return what a container wrote to its standard output and error, all or the last lines (ContainerLogs)."""
        with faults(say("reading a container's logs")):
            said = self.api.logs(container, tail="all" if lines is None else lines)
        return cast("bytes", said).decode(errors="replace")

    def top(self, container: str, columns: str = "pid,uid,args") -> list[dict[str, str]]:
        """List a running container's processes by columns of its host's `ps`, "pid" among them (ContainerTop)."""
        with faults(say("listing a container's processes")):
            answer = self.api.top(container, ps_args=f"-eo {columns}")
        keys = [title.lower() for title in answer["Titles"]]
        keys = ["args" if key == "command" else key for key in keys]
        return [dict(zip(keys, row, strict=True)) for row in answer["Processes"] or []]

    def exec(self, container: str, argv: Sequence[str]) -> tuple[int, str]:
        """Run a program in a running container; return its exit code and output (ContainerExec, ExecStart)."""
        with faults(say("running a program in a container")):
            answer = self.client.containers.get(container).exec_run(list(argv))
        code = -1 if answer.exit_code is None else int(answer.exit_code)
        return code, cast("bytes", answer.output).decode(errors="replace")

    def read_file(self, container: str, path: str) -> bytes:
        """Return one file of a container, running or not, or the begin of a huge one (ContainerArchive).

        Raises:
            FileNotFoundError: there is no such file.
        """
        with faults(say("reading {path} from a container", path=path)):
            try:
                stream, _ = self.api.get_archive(container, path)
            except NotFound:
                raise FileNotFoundError(path) from None
            return first_file(stream)

    def put(self, container: str, archive: bytes) -> None:
        """Unpack a tar archive at a container's root (PutContainerArchive)."""
        with faults(say("putting files into a container")):
            self.api.put_archive(container, "/", archive)

    def containers(self, label: str | None = None) -> list[Json]:
        """List containers, running or not, all or those with a label (ContainerList)."""
        with faults(say("listing containers")):
            return cast("list[Json]", self.api.containers(all=True, filters={"label": label} if label else None))

    def create_network(self, name: str, labels: Mapping[str, str]) -> str:
        """Create a bridge network that does not lead outside, and return its id (NetworkCreate)."""
        # No answer from outside has a way back. An "internal" network would forbid published ports too.
        options = {"com.docker.network.bridge.enable_ip_masquerade": "false"}
        with faults(say("creating a network")):
            made = self.api.create_network(name, driver="bridge", labels=dict(labels), options=options)
        return cast("str", made["Id"])

    def networks(self, label: str) -> list[Json]:
        """List networks with a label (NetworkList)."""
        with faults(say("listing networks")):
            return cast("list[Json]", self.api.networks(filters={"label": label}))

    def remove_network(self, network: str) -> None:
        """Remove a network (NetworkDelete); absent is fine."""
        with faults(say("removing a network")), suppress(NotFound):
            self.api.remove_network(network)

    def volumes(self, label: str) -> list[Json]:
        """List volumes with a label (VolumeList)."""
        with faults(say("listing volumes")):
            return cast("list[Json]", self.api.volumes(filters={"label": label})["Volumes"] or [])

    def remove_volume(self, name: str) -> None:
        """Remove a volume (VolumeDelete); absent is fine."""
        with faults(say("removing a volume")), suppress(NotFound):
            self.api.remove_volume(name)
