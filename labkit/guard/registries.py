"""Which of a seat's containers are registries that the engine may be sent to.

Whatever answers as a registry can send the engine on to any address: by a redirect, by the place for an upload, by the
place where a token is to be had (seen on 20.10). So only the course's own program may answer, with settings that make
none of these, and with files that nobody else has written. A container is written down as a registry when it is made,
and struck out with the first request that could change what answers.
"""

from __future__ import annotations

import re
import tarfile
from typing import TYPE_CHECKING

from labkit.guard.mounts import wished
from labkit.guard.refusal import Malformed, Refused
from labkit.guard.tars import Plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from labkit.guard import models
    from labkit.guard.messages import Json
    from labkit.guard.seat import Seat

IMAGE = "registry:2"
PORT = "5000/tcp"  # where it listens; its settings are not allowed to move it
DATA, LOGINS = "/var/lib/registry", "/auth"
_SWITCH = "true|false"
SETTINGS = {
    "REGISTRY_AUTH": "htpasswd",
    "REGISTRY_AUTH_HTPASSWD_PATH": rf"{LOGINS}/[A-Za-z0-9_][A-Za-z0-9_.-]*",
    "REGISTRY_AUTH_HTPASSWD_REALM": r"[A-Za-z0-9 _.-]+",
    "REGISTRY_LOG_ACCESSLOG_DISABLED": _SWITCH,
    "REGISTRY_LOG_LEVEL": "error|warn|info|debug",
    "REGISTRY_STORAGE_DELETE_ENABLED": _SWITCH,
}
LOOKING = ("cat", "du", "ls")  # programs that change nothing
NOTHING_YET = frozenset(("", "."))


def is_one(body: models.Container, image: str, seat: Seat) -> bool:
    """Tell whether a container that is to be made is a registry, and can be nothing else.

    Args:
        body: the client's wish.
        image: its image's id.
        seat: whose it will be.
    """
    host = body.host_config
    if image != seat.course.get(IMAGE) or body.cmd or body.entrypoint or body.shell or body.healthcheck:
        return False
    if host.tmpfs or host.network_mode == "none" or host.network_mode.startswith("container:"):
        return False
    volumes = wished(body)
    known = all(each.target == LOGINS or (each.target == DATA and not each.name) for each in volumes)
    return known and not any(each.type == "tmpfs" for each in host.mounts) and all(map(_is_known, body.env))


def _is_known(setting: str) -> bool:
    name, _, value = setting.partition("=")
    return name in SETTINGS and bool(re.fullmatch(SETTINGS[name], value))


def data_of(mounted: Iterable[Json]) -> str:
    """Give the volume that holds a registry's data, of its mounts as the engine shows them."""
    return next((each["Name"] for each in mounted if each.get("Destination") == DATA and each.get("Name")), "")


def touch(seat: Seat, container: str) -> None:
    """Strike a registry out: what answers in this container may be something else from now on.

    Raises:
        Refused: the engine speaks to it just now.
    """
    if container not in seat.ids("registry"):
        return
    if seat.ledger.claims:
        raise Refused(
            "A push or pull is under way, and this is the registry.",
            why="While the engine speaks to it, nobody may change what answers.",
            instead="Wait until it is done.",
            status=409,
        )
    seat.forget("registry", container)


def touch_data(seat: Seat, document: Json) -> None:
    """Strike out those whose data or network a container that is to be made has, too."""
    sources = {each.get("Source") for each in document["HostConfig"]["Mounts"]}
    network = document["HostConfig"]["NetworkMode"].removeprefix("container:")
    for thing in seat.things("registry"):
        if (thing.parent and thing.parent in sources) or thing.id == network:
            touch(seat, thing.id)


def only_looks(body: models.Exec) -> bool:
    """Tell whether a command in a container can change nothing there."""
    return bool(body.cmd) and body.cmd[0] in LOOKING and not body.env


class Logins(Plain):
    """A tar for `docker cp` into a registry: files for its logins leave it one, anything else does not.

    Args:
        most: bytes that it may have.
        where: the path that it is unpacked at.
        changed: told when there is something else.
    """

    def __init__(self, most: int, where: str, changed: Callable[[], None]) -> None:
        super().__init__(most)
        self._changed = changed
        self._folder = {"/": LOGINS.strip("/"), LOGINS: "", LOGINS + "/": ""}.get(where)

    def edit(self, name: str, info: tarfile.TarInfo) -> Callable[[bytes], bytes | None] | None:
        """Look at each entry: a plain file in the folder of logins, or this folder."""
        folder, _, _ = name.rpartition("/")
        is_folder = info.type == tarfile.DIRTYPE and name == self._folder and bool(name)
        is_root = info.type == tarfile.DIRTYPE and name in NOTHING_YET
        is_file = info.type == tarfile.REGTYPE and folder == self._folder and name not in NOTHING_YET
        if self._folder is None or not (is_folder or is_root or is_file):
            self._changed()
        return None


def port_of(host: str, seat: Seat) -> int:
    """Give the port of a registry on this machine.

    Args:
        host: as it stands before an image's name.
        seat: who asks.

    Returns:
        The port; 0 where it is another machine's, or not said in the one way.
    """
    name, _, port = host.partition(":")
    if name not in ("localhost", "127.0.0.1", seat.bounds.publish):
        return 0
    return int(port) if re.fullmatch(r"[1-9][0-9]{0,4}", port) else 0


def check_known(port: int, name: str) -> None:
    """Refuse a registry that is not on this machine.

    Raises:
        Refused: the port is none; ``name`` is the image's.
    """
    if not port:
        raise Refused(
            f"The lab does not go to the registry of {name[:120]}.",
            why="Without a registry's address in front, a name is one at Docker Hub. The engine would speak to what is "
            "not yours.",
            instead="Use a registry that you run yourself, with its address in the name: localhost:5000/my-app:1.0.",
        )


def nobody(host: str) -> Refused:
    """Refuse an address where no registry of the seat's answers."""
    return Refused(
        f"No registry of yours answers at {host[:120]}.",
        why="The engine speaks only to a running container of yours that is made from the course's registry:2 as it "
        "is: no command or volume of its own, no files but for logins in /auth, and nothing run in it by docker exec.",
        instead="Start one anew: docker run -d --name registry -p 5000:5000 registry:2",
    )


def digest_of(reference: str) -> str:
    """Give the digest at the end of a name; "" where there is none."""
    return reference.partition("@")[2]


def not_one_name(name: str) -> Malformed:
    """Refuse what would mean all tags of a repository."""
    return Malformed(f"The lab takes one name at a time: {name[:120]} needs a tag, such as :1.0.")
