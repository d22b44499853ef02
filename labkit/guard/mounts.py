"""A container's volumes and folders in memory; a folder of the machine is never among them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labkit.guard import names
from labkit.guard.refusal import Malformed, Refused
from labkit.guard.walls import bind

if TYPE_CHECKING:
    from labkit.guard import models
    from labkit.guard.messages import Json
    from labkit.guard.seat import Seat

MEMORY, MOST_MEMORY = 64 << 20, 256 << 20  # bytes of a folder in memory: when it does not say, and at most


@dataclass(frozen=True, slots=True)
class Wish:
    """A volume at a place in a container.

    Attributes:
        name: as the seat knows it, or "" where the engine chooses one.
        target: where.
        read_only: whether the container may only read it.
        copy: whether a new one begins with what the image has there.
    """

    name: str
    target: str
    read_only: bool = False
    copy: bool = True


def mounts(body: models.Container, seat: Seat, labels: dict[str, str]) -> list[dict[str, Json]]:
    """Give a container's mounts.

    Volumes of ``-v`` become mounts too, since the engine gives labels to a volume of a mount only.

    Args:
        body: the client's wish.
        seat: whose volumes they are.
        labels: for each volume that comes to be.

    Raises:
        Refused: a folder of the machine is among them.
    """
    host, volumes = body.host_config, wished(body)
    mine = {word for thing in seat.things("volume") for word in (thing.name, thing.id)}
    check_room(seat, sum(volume.name not in mine for volume in volumes))
    memory = [_memory(each) for each in host.mounts if each.type == "tmpfs"]
    return [*(_mount(volume, seat, labels) for volume in volumes), *memory]


def wished(body: models.Container) -> list[Wish]:
    """List the volumes that a client wishes.

    Raises:
        Refused: a folder of the machine is among them.
    """
    host = body.host_config
    volumes = [*map(_bind, host.binds), *(_volume(each) for each in host.mounts if each.type != "tmpfs")]
    taken = {volume.target for volume in volumes}
    return volumes + [Wish("", path) for path in body.volumes if path not in taken]


def check_room(seat: Seat, more: int) -> None:
    """Refuse volumes that are too many.

    Args:
        seat: whose they would be.
        more: how many would come to be.
    """
    if more and len(seat.things("volume")) + more > seat.bounds.volumes:
        raise Refused(
            f"You have {len(seat.things('volume'))} volumes, and the lab allows {seat.bounds.volumes}.",
            instead="Remove those that no container uses: docker volume prune.",
        )


def _mount(volume: Wish, seat: Seat, labels: dict[str, str]) -> dict[str, Json]:
    # One that the engine named itself is owned by that name.
    known = [thing.id for thing in seat.things("volume") if volume.name in (thing.name, thing.id)]
    new = seat.names.prefix + names.check_object(volume.name) if volume.name and not known else ""
    return {
        "Type": "volume",
        "Source": known[0] if known else new,
        "Target": volume.target,
        "ReadOnly": volume.read_only,
        "VolumeOptions": {"Labels": labels, "NoCopy": not volume.copy},
    }


def _bind(text: str) -> Wish:
    source, colon, rest = text.partition(":")
    if not colon:
        source, rest = "", text
    target, _, options = rest.partition(":")
    flags = set(options.split(",")) - {""}
    if source.startswith((".", "/", "~")) or "\\" in source or not target.startswith("/"):
        raise bind()
    if not flags <= {"ro", "rw", "nocopy", "z", "Z"}:
        raise Malformed(f"invalid mode: {options[:40]}")
    return Wish(source, target, "ro" in flags, "nocopy" not in flags)


def _volume(mount: models.Mount) -> Wish:
    if mount.type != "volume":
        raise bind()
    _check(mount)
    return Wish(
        mount.source, mount.target, mount.read_only, not (mount.volume_options and mount.volume_options.no_copy)
    )


def _memory(mount: models.Mount) -> dict[str, Json]:
    _check(mount)
    size = mount.tmpfs_options.size_bytes if mount.tmpfs_options else 0
    return {"Type": "tmpfs", "Target": mount.target, "TmpfsOptions": {"SizeBytes": bounded(size)}}


def _check(mount: models.Mount) -> None:
    if not mount.target.startswith("/"):
        raise Malformed("invalid mount config: the target must be an absolute path")


def bounded(size: int) -> int:
    """Give the bytes of a folder in memory within the lab's limit."""
    return min(size, MOST_MEMORY) if size > 0 else MEMORY


def tmpfs(options: str) -> str:
    """Keep the size, within its limit, and the mode; the rest of ``--tmpfs`` is the lab's."""
    size = re.search(r"(?:^|,)size=([0-9]{1,9})([kKmM]?)(?:,|$)", options)
    wished = int(size[1]) * {"": 1, "k": 1 << 10, "m": 1 << 20}[size[2].lower()] if size else 0
    mode = re.search(r"(?:^|,)mode=([0-7]{3,4})(?:,|$)", options)
    return f"rw,nosuid,nodev,noexec,size={max(1 << 12, bounded(wished))}" + (f",mode={mode[1]}" if mode else "")
