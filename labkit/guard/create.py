"""A container as the engine is asked to make it: the client's wish, with what the lab sets in its place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from labkit.guard import models, mounts, names
from labkit.guard.refusal import Malformed, Refused
from labkit.guard.seat import ANY_PORT, DEFAULT_NETWORK
from labkit.guard.walls import host_network, namespace
from labkit.limits import CAPABILITIES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from labkit.guard.messages import Json
    from labkit.guard.seat import Bounds, Seat

DEFAULT_MODES = ("", "default", DEFAULT_NETWORK)
ULIMITS = {"nofile": 1 << 16, "nproc": 1 << 12, "core": 0, "fsize": 1 << 34, "stack": 1 << 26, "cpu": 1 << 20}
SIGNAL = re.compile(r"(SIG)?[A-Z0-9+-]{0,12}")
RESTARTS = 3
HEALTH_EVERY = 5 * 10**9  # ns
MOST_PORTS = 16  # each that is published is a process of the machine's


def owned_labels(seat: Seat, labels: dict[str, str], word: str = "") -> dict[str, str]:
    """Give labels with the lab's own set and a client's word for them left out."""
    kept = {key: value for key, value in labels.items() if not key.casefold().startswith(names.RESERVED)}
    return {**kept, names.OWNER: seat.name, names.INTENT: word}


def container(
    body: models.Container, seat: Seat, *, word: str, name: str = "", exposed: Iterable[str] = ()
) -> tuple[dict[str, Json], str]:
    """Write a container anew.

    Args:
        body: the client's wish.
        seat: whose it will be.
        word: of the intent.
        name: the container's, or "" where the engine chooses one.
        exposed: ports that its image exposes, for ``-P``.

    Returns:
        ContainerCreate's document, and the image's name as the client gave it.

    Raises:
        Refused: it asks for what would be dangerous.
    """
    image, shown = seat.image_and_tag(body.image)
    host = body.host_config
    config = body.document()
    mode = network_mode(host.network_mode, seat)
    config |= {
        "Image": image,
        "Labels": owned_labels(seat, body.labels, word),
        "StopTimeout": max(0, min(body.stop_timeout, seat.bounds.stop_seconds)),
        "Volumes": {},
        "HostConfig": _host(host, seat.bounds, mode)
        | {
            "Mounts": mounts.mounts(body, seat, owned_labels(seat, {}, word)),
            "PortBindings": _ports(body, seat.bounds, exposed),
        },
        "NetworkingConfig": {"EndpointsConfig": _endpoints(body, seat, mode, name)},
    }
    if not SIGNAL.fullmatch(body.stop_signal):
        raise Malformed(f"invalid signal: {body.stop_signal[:40]}")
    if body.healthcheck:
        config["Healthcheck"] = _health(body.healthcheck)
    return config, shown or body.image


def _host(host: models.HostConfig, bounds: Bounds, mode: str) -> dict[str, Json]:
    _check_namespaces(host)
    return {
        **limits(host, bounds),
        "CapDrop": ["ALL"],
        "CapAdd": capabilities(host),
        # Replaced, not added to: of two the engine takes the last.
        "SecurityOpt": _security(host),
        "LogConfig": {"Type": "json-file", "Config": {"max-size": str(bounds.each.log), "max-file": "1"}},
        "RestartPolicy": restart(host.restart_policy),
        "Ulimits": [_ulimit(each) for each in host.ulimits],
        "ShmSize": mounts.bounded(host.shm_size),
        "IpcMode": "private" if host.ipc_mode != "none" else "none",
        "CgroupnsMode": "private",
        "NetworkMode": mode,
        "ExtraHosts": _hosts(host.extra_hosts),
        "Dns": host.dns,
        "DnsOptions": host.dns_options,
        "DnsSearch": host.dns_search,
        "Tmpfs": {path: mounts.tmpfs(options) for path, options in host.tmpfs.items()},
        "Init": host.init,
        "ReadonlyRootfs": host.readonly_rootfs,
        "AutoRemove": host.auto_remove,
        "PublishAllPorts": False,
    }


def _check_namespaces(host: models.HostConfig) -> None:
    if host.pid_mode not in ("", "private"):
        raise namespace(f"--pid {host.pid_mode[:40]}")
    if host.ipc_mode not in ("", "private", "none"):
        raise namespace(f"--ipc {host.ipc_mode[:40]}")
    if host.cgroupns_mode not in ("", "private"):
        raise namespace(f"--cgroupns {host.cgroupns_mode[:40]}")
    if host.runtime not in ("", "runc"):
        raise Refused(f"The lab does not allow --runtime {host.runtime[:40]}.", why="It knows the default one only.")


def limits(wished: models.Wished, bounds: Bounds) -> dict[str, Json]:
    """Give what a container may use: as it asked, but never more than the lab allows; swap adds nothing."""
    each = bounds.each
    memory = min(wished.memory, bounds.memory) if wished.memory > 0 else each.memory
    cpus = min(wished.nano_cpus, int(bounds.cpus * 1e9)) if wished.nano_cpus > 0 else int(each.cpus * 1e9)
    reserved = {"MemoryReservation": wished.memory_reservation} if 0 < wished.memory_reservation <= memory else {}
    return {
        "Memory": memory,
        "MemorySwap": memory,
        "NanoCpus": cpus,
        "PidsLimit": min(wished.pids_limit, each.pids) if wished.pids_limit > 0 else each.pids,
        **reserved,
    }


def capabilities(host: models.HostConfig) -> list[str]:
    """Give the capabilities that a container has: what the lessons need, without what it drops itself."""
    added = {name.upper().removeprefix("CAP_") for name in host.cap_add}
    dropped = {name.upper().removeprefix("CAP_") for name in host.cap_drop}
    if too_many := sorted(added - set(CAPABILITIES)):
        raise Refused(
            f"The lab does not allow --cap-add {too_many[0][:40]}.",
            why="With it a process in the container can change what belongs to the machine.",
            instead=f"These are there already: {', '.join(CAPABILITIES)}.",
        )
    if "ALL" in dropped:
        return sorted(added)
    return [name for name in CAPABILITIES if name in added or name not in dropped]


def _security(host: models.HostConfig) -> list[str]:
    for option in host.security_opt:
        if option not in ("no-new-privileges", "no-new-privileges:true", "no-new-privileges=true"):
            raise Refused(
                f"The lab does not allow --security-opt {option[:60]}.",
                why="It would take away a wall between the container and the machine.",
                instead="Leave it out.",
            )
    return ["no-new-privileges:true"]


def restart(policy: models.RestartPolicy) -> dict[str, Json]:
    """Give a restart policy that ends: a container that always starts again would outlive the lesson."""
    if policy.name in ("", "no"):
        return {"Name": "no", "MaximumRetryCount": 0}
    if policy.name not in ("on-failure", "always", "unless-stopped"):
        raise Malformed(f"invalid restart policy {policy.name[:40]!r}")
    return {"Name": "on-failure", "MaximumRetryCount": min(policy.maximum_retry_count or RESTARTS, RESTARTS)}


def _ulimit(wished: models.Ulimit) -> dict[str, Json]:
    if wished.name not in ULIMITS:
        raise Refused(f"The lab does not allow --ulimit {wished.name[:40]}.", why="It knows the usual ones only.")
    most = ULIMITS[wished.name]
    soft, hard = (most if value < 0 else min(value, most) for value in (wished.soft, wished.hard))
    return {"Name": wished.name, "Soft": min(soft, hard), "Hard": hard}


def _hosts(wished: list[str]) -> list[str]:
    for entry in wished:
        if not re.fullmatch(r"[A-Za-z0-9_.-]{1,253}[:=]\[?[0-9a-fA-F.:]{2,45}\]?", entry):
            raise Refused(f"The lab does not allow --add-host {entry[:60]}.", instead="Give a name and an address.")
    return wished


def _ports(body: models.Container, bounds: Bounds, exposed: Iterable[str]) -> dict[str, Json]:
    """Give the ports to publish; ``-P`` asks for all that are exposed, each at a port that the engine chooses."""
    wished = dict(body.host_config.port_bindings)
    if body.host_config.publish_all_ports:
        wished |= {port: None for port in (*body.exposed_ports, *exposed) if port not in wished}
    if len(wished) > MOST_PORTS:
        raise Refused(f"The lab publishes {MOST_PORTS} ports of a container at most.", instead="Name them: -p 8080:80.")
    return {port: _bindings(each, bounds) for port, each in wished.items()}


def _bindings(wished: list[models.PortBinding] | None, bounds: Bounds) -> list[dict[str, Json]]:
    first, last = bounds.ports
    found = []
    for each in wished or [models.PortBinding()]:
        if each.host_ip not in ("", "0.0.0.0", "::", "::1", "127.0.0.1", "localhost", bounds.publish):  # noqa: S104
            raise Refused(f"The lab publishes ports on {bounds.publish} only, not on {each.host_ip[:60]}.")
        port = each.host_port
        if port in ("", "0"):
            port = port if bounds.ports == ANY_PORT else f"{first}-{last}"  # the engine takes a free one
        else:
            if not re.fullmatch(r"[0-9]{1,5}", each.host_port):
                raise Refused("The lab does not allow a range of ports.", instead="Name one port: -p 8080:80.")
            if not first <= int(each.host_port) <= last:
                raise Refused(f"Port {each.host_port} is not one of yours.", instead=f"Take one of {first} to {last}.")
        found.append({"HostIp": bounds.publish, "HostPort": port})
    return found[:1] if all(each == found[0] for each in found) else found


def _health(wished: models.Health) -> dict[str, Json]:
    found = wished.document()
    for key in ("Interval", "StartInterval"):
        if found.get(key):
            found[key] = max(found[key], HEALTH_EVERY)
    return found


def health_of(image: dict[str, Json], wished: dict[str, Json]) -> dict[str, Json]:
    """Give a health check that is no more frequent than the lab allows where it is the image's, which nobody judged."""
    low = {key: HEALTH_EVERY for key in ("Interval", "StartInterval") if 0 < (image.get(key) or 0) < HEALTH_EVERY}
    return {"Healthcheck": low | {key: value for key, value in wished.items() if value}} if low else {}


# -- networks --------------------------------------------------------------------------------------------------


def default_network(seat: Seat) -> str:
    """Give the name on the engine of the network that a container is on when it does not say."""
    return f"{seat.names.prefix}{DEFAULT_NETWORK}"


def network_mode(wished: str, seat: Seat) -> str:
    """Give a container's network as the engine is to have it."""
    if wished in DEFAULT_MODES:
        return default_network(seat)
    if wished == "none":
        return "none"
    if wished == "host":
        raise host_network()
    if wished.startswith("container:"):
        return f"container:{seat.find('container', wished.removeprefix('container:')).id}"
    return seat.names.prefix + seat.find("network", wished).name


def _endpoints(body: models.Container, seat: Seat, mode: str, name: str) -> dict[str, Json]:
    """Give the network that a container begins on; its name is known there unless it is the default one, as ever."""
    aliases: list[str] = []
    for wished, endpoint in body.networking_config.endpoints_config.items():
        there = network_mode(wished, seat)
        if endpoint and endpoint.network_id and network_mode(endpoint.network_id, seat) != there:
            raise Malformed("A network's name and its NetworkID are not the same network.")
        if there != mode:
            raise Malformed("A container begins on one network; connect it to others with `docker network connect`.")
        aliases += endpoint.aliases if endpoint else []
    if mode in ("none", default_network(seat)) or mode.startswith("container:"):
        return {}
    return {mode: {"Aliases": list(dict.fromkeys(aliases + ([name] if name else [])))}}
