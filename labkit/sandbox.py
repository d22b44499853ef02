"""Where a learner's image is built and run: with limits, without outside network, and gone afterwards."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from threading import Thread, current_thread
from typing import TYPE_CHECKING, Self, cast

from labkit import ledger
from labkit.container import Container
from labkit.dockerfile import DIGEST, Dockerfile
from labkit.endpoint import Endpoint
from labkit.engine import Build, Builder, BuildFailed, BuildRequest, build
from labkit.engine.context import context_tar
from labkit.engine.process import have_buildkit_command
from labkit.errors import LabError, StepTimeout
from labkit.image import Image
from labkit.kept import Kept
from labkit.limits import CAPABILITIES, Limits
from labkit.progress import Heard, silent
from labkit.words import say

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from concurrent.futures import Future
    from types import TracebackType

    from labkit.engine import Engine
    from labkit.engine.context import File
    from labkit.progress import Progress


_LINGERING = set[Thread]()  # in which sandboxes of this process are just ending


def settled() -> None:
    """Wait until all sandboxes of this process that have ended are gone from their engines."""
    for thread in list(_LINGERING):
        thread.join()


class Sandbox:
    """A place on an engine for one run; use it in a ``with`` statement.

    Everything made in it carries the run's labels and is removed at its end. After a crash the next sandbox of
    the same seat removes it.

    Args:
        engine: the engine.
        limits: what each container may use.
        progress: told about long work.
        clears: whether images are removed, its own and those that dead runs left. Where many sandboxes share layers,
            the engine may fail a build whose cached parent is removed meanwhile: then they all leave that to a
            `ledger.sweep` at a quiet moment, and nothing is kept by key.
        lingers: whether it goes in a thread of its own at its end, so that nobody with a verdict waits for that.
            The next sandbox of this process waits for it, and so does the end of the process.
        bases: the only images that a Dockerfile may begin with or copy from; None for whatever the engine has.
    """

    def __init__(  # noqa: PLR0913  each is somebody's choice, and has a default
        self,
        engine: Engine,
        *,
        limits: Limits | None = None,
        progress: Progress = silent,
        clears: bool = True,
        lingers: bool = False,
        bases: Collection[str] | None = None,
    ) -> None:
        self.engine, self.limits, self.progress = engine, limits or Limits(), progress
        self._clears, self._lingers, self._bases = clears, lingers, bases
        settled()
        if clears:
            ledger.sweep(engine)
        self._run = ledger.Run(engine)
        self._network = ""
        self._endpoint: Endpoint | None = None
        self._helper = ThreadPoolExecutor(1, "labkit: ahead")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lingers:
            thread = Thread(target=self._close_at_leisure, name="labkit: end of a sandbox")
            _LINGERING.add(thread)
            thread.start()
        else:
            self.close()

    def close(self) -> None:
        """Remove everything made in it, but for images that are kept as build cache or left for later."""
        self._helper.shutdown()  # what it has begun may be about to make something
        self._network = ""
        if self._endpoint:
            self._endpoint.close()
        self._run.end(self.engine, images=self._clears)
        if self._clears:
            Kept(self.engine).tidy()

    def _close_at_leisure(self) -> None:
        with suppress(LabError):  # what could not be removed is on record: the next sandbox's sweep takes it away
            self.close()
        _LINGERING.discard(current_thread())

    def build(  # noqa: PLR0913  each is one of `docker build`'s own options
        self,
        files: Mapping[str, File],
        *,
        keep: str = "",
        dockerfile: str = "Dockerfile",
        target: str | None = None,
        network: str = "none",
        no_cache: bool = False,
        cache_from: Sequence[str] | None = None,
        seconds: float = 300,
    ) -> Build:
        """Build an image from files.

        Args:
            files: the build context, by relative POSIX path.
            keep: where given, the images stay as build cache under this key until the next build with it.
            dockerfile: path of the Dockerfile in the context.
            target: the stage to build, or None for the last.
            network: "none" or "default".
            no_cache: do every step anew.
            cache_from: the only images whose layers may be reused; None for whatever the engine has.
            seconds: limit for the whole build.

        Raises:
            BuildFailed: the Dockerfile is at fault.
            StepTimeout: it took too long.
        """
        request = BuildRequest(
            context_tar(files, dockerfile),
            self._run.mark,
            self._run.folder,
            dockerfile=dockerfile,
            target=target,
            network=network,
            no_cache=no_cache,
            cache_from=cache_from,
            seconds=seconds,
            limits=self.limits,
            marker=ledger.marker(self._run.id),
        )
        made = self._build(request, self._judged(files.get(dockerfile), network))
        if keep and self._clears:
            Kept(self.engine).keep(keep, [*made.intermediates, made.image_id], self._run.made)
        return made

    def _judged(self, file: File | None, network: str) -> Builder:
        """Refuse what would reach outside the sandbox while it is built (BuildFailed), and choose who builds it."""
        text = file.data.decode("utf-8", errors="replace") if file else ""
        dockerfile = Dockerfile(text)
        if network == "none" and (fetching := dockerfile.fetches):
            raise BuildFailed(
                say("it may fetch from outside, and builds have no network here. COPY takes files of your own."),
                instruction=str(fetching),
            )
        if dockerfile.escapes:
            raise BuildFailed(say("another escape character is not taken here: leave the line `# escape=…` out."))
        if self._bases is not None:
            for name in dockerfile.sources:
                if DIGEST.sub("", name) not in self._bases:
                    raise BuildFailed(
                        say("{name} is none of the course's images: {bases}.", name=name, bases=", ".join(self._bases)),
                        instruction=f"FROM {name}",
                    )
        return choose_builder(text)

    def _build(self, request: BuildRequest, builder: Builder) -> Build:
        heard = Heard(self.progress)
        try:
            with self._run.building():
                made = build(self.engine, request, builder, listener=heard, on_image=self._run.image)
                self._run.image(made.image_id, made=True)  # the run's label makes it its own
        except (BuildFailed, StepTimeout):
            heard.failed()
            raise
        return made

    def run(
        self,
        image: str,
        command: Sequence[str] | None = None,
        *,
        publish: Sequence[int] = (),
        env: Mapping[str, str] | None = None,
        archive: bytes = b"",
        **options: object,
    ) -> Container:
        """Start a container from an image.

        Args:
            image: its id or name.
            command: replaces its CMD.
            publish: container ports to publish on 127.0.0.1, each at a port that the engine chooses.
            env: environment variables.
            archive: a tar archive that is unpacked at its root before it starts.
            options: further options of the SDK's ``containers.create`` (such as ``entrypoint``, ``user``).
        """
        limits = self.limits
        container = self.engine.create(
            image,
            command,
            labels=self._run.labels,
            environment=dict(env or {}),
            mem_limit=limits.memory,
            memswap_limit=limits.memory,
            nano_cpus=int(limits.cpus * 1e9),
            pids_limit=limits.pids,
            cap_drop=["ALL"],
            cap_add=list(CAPABILITIES),
            security_opt=["no-new-privileges:true"],
            log_config={"Type": "json-file", "Config": {"max-size": str(limits.log)}},
            ports={f"{port}/tcp": ("127.0.0.1", None) for port in publish},
            **{"network" if publish else "network_mode": self._published() if publish else "none"},
            **options,
        )
        if archive:
            self.engine.put(container, archive)
        self.engine.start(container)
        return Container(self.engine, container)

    def ahead(self, work: Callable[[], Container]) -> Future[Container]:
        """Start a container that will be asked for later, in a thread; the sandbox's end waits for that."""
        return self._helper.submit(copy_context().run, work)  # the language of its messages is in the context

    def will_publish(self) -> None:
        """Make the network for published ports in that thread, while something else goes on."""
        self._helper.submit(self._published)  # where that fails, who publishes a port meets it again

    def look(self, image: str) -> Image:
        """Look at an image, by its id or name; what is made to see its files is the run's."""
        return Image(self.engine, image, self._run.labels)

    @property
    def endpoint(self) -> Endpoint:
        """The run's own docker endpoint, made when first needed."""
        if not self._endpoint:
            self._endpoint = Endpoint(self.engine, self._run.id, self._run.folder)
        return self._endpoint

    def _published(self) -> str:
        """The run's own network, made when first needed: ports answer on loopback, nothing leads outside."""
        if not self._network:
            name = f"labkit-{self._run.id}"
            self.engine.create_network(name, self._run.labels)
            self._network = name
        return self._network


def choose_builder(dockerfile: str) -> Builder:
    """Which builder to use for a Dockerfile.

    LABKIT_BUILDER ("classic" or "buildkit") decides; without it the classic builder, since it honors limits for
    each step (BuildKit does not), unless an instruction needs BuildKit and a command for it is here.
    """
    chosen = os.environ.get("LABKIT_BUILDER", "")
    if chosen in ("classic", "buildkit"):
        return cast("Builder", chosen)
    return "buildkit" if Dockerfile(dockerfile).needs_buildkit and have_buildkit_command() else "classic"
