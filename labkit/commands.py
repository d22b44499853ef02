"""A learner's `commands.sh`, run in a container that sees nothing but its files and a docker endpoint of the run's own.

The script is data until it is inside: the container has no network and no other way out than the guard's socket.
"""

from __future__ import annotations

import io
import os
import re
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labkit.engine import LOST_PARENT
from labkit.errors import StepTimeout
from labkit.words import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from labkit.engine.context import File
    from labkit.sandbox import Sandbox

SHELL = "docker:26-cli"  # the image that has the docker command
WORK, ENDPOINT = "/work", "/run/lab"
ADVICE = re.compile(r"(See|Run) 'docker [a-z ]*--help'")
NO_BUILD = ("Error", "docker:", "$ ")  # how lines of other commands begin that name an image; a build's stand bare
SHOWN = 600  # characters of a transcript that a finding shows


@dataclass(frozen=True, slots=True)
class Transcript:
    """What a script did.

    Attributes:
        text: each command after ``$ ``, and what it said.
        exit_code: of its last command.
    """

    text: str
    exit_code: int

    @property
    def lost_cache(self) -> bool:
        """Whether a build failed because somebody else removed an image that it had just found in the cache.

        The shell goes on with the next command, so that the last one may do well all the same.
        """
        lines = (line for line in self.text.splitlines() if not line.startswith(NO_BUILD))
        return any(LOST_PARENT.search(line) for line in lines)

    @property
    def end(self) -> str:
        """Its last lines."""
        shown = self.text.rstrip()[-SHOWN:]
        return shown.partition("\n")[2] if len(shown) == SHOWN and "\n" in shown else shown

    @property
    def last_words(self) -> str:
        """Its last line that says something; docker's own advice to look at its help does not."""
        lines = [line for line in self.end.splitlines() if line.strip() and not ADVICE.match(line)]
        return lines[-1] if lines else ""


def run_script(sandbox: Sandbox, files: Mapping[str, File], script: str, seconds: float) -> Transcript:
    """Run a script in the folder of its files.

    Args:
        sandbox: where; its endpoint is what the script's docker command speaks to.
        files: all that the script finds beside itself, by relative POSIX path.
        script: its path among them.
        seconds: how long it may take.

    Raises:
        StepTimeout: it takes longer.
        EngineError: the engine failed us.
    """
    user = "0:0" if sandbox.engine.about.rootless or not hasattr(os, "getuid") else f"{os.getuid()}:{os.getgid()}"
    container = sandbox.run(
        SHELL,
        ["sh", "-x", script],
        env={
            "DOCKER_HOST": f"unix://{ENDPOINT}/docker.sock",
            "DOCKER_BUILDKIT": "0",
            "HOME": f"{WORK}/.home",
            "PS4": "$ ",
        },
        archive=_folder(files, user),
        entrypoint=[],
        user=user,
        working_dir=WORK,
        volumes={str(sandbox.endpoint.folder): {"bind": ENDPOINT, "mode": "ro"}},
    )
    try:
        code = container.wait(seconds)
        return Transcript(container.logs, code)
    except StepTimeout:
        said = Transcript(container.logs, 1).end
        raise StepTimeout(
            say(
                "{script} still ran after {seconds:g} seconds. It had said: {said}",
                script=script,
                seconds=seconds,
                said=said,
            ),
            fix=say("see which command waits: a container in the foreground needs -d, `docker logs -f` never ends"),
        ) from None
    finally:
        container.remove()


def _folder(files: Mapping[str, File], user: str) -> bytes:
    """Pack files as the folder that the script runs in, owned by its user."""
    uid, gid = map(int, user.split(":"))
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        folders = {parent for name in files for parent in _parents(f"{WORK}/{name}")} | {f"{WORK}/.home"}
        for name in sorted(folders):
            info = tarfile.TarInfo(name.lstrip("/"))
            info.type, info.mode, info.uid, info.gid = tarfile.DIRTYPE, 0o755, uid, gid
            archive.addfile(info)
        for name, file in sorted(files.items()):
            info = tarfile.TarInfo(f"{WORK}/{name}".lstrip("/"))
            info.size, info.mode, info.uid, info.gid = len(file.data), 0o755 if file.executable else 0o644, uid, gid
            archive.addfile(info, io.BytesIO(file.data))
    return out.getvalue()


def _parents(path: str) -> list[str]:
    parts = path.strip("/").split("/")[:-1]
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
