"""The host's side of the private engine's network: its bridge, its addresses, its packet filter rules.

Two engines on one host share iptables, and each empties Docker's chains (DOCKER, DOCKER-USER, …) when it starts. So the
private engine writes rules of its own only where no other engine has: beside another engine it runs with
``--iptables=false``, and the few rules that its default bridge needs are added here. Then published ports still answer
on loopback (Docker's proxy sees to that), and only networks that users create lack a way out.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import shlex
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from labkit.errors import EngineError
from labkit.words import say

if TYPE_CHECKING:
    from collections.abc import Iterable

POOLS = tuple(ipaddress.IPv4Network(f"10.{second}.0.0/16") for second in range(213, 224))
TABLES = ("filter", "nat")
FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")


@dataclass(frozen=True, slots=True)
class HostNet:
    """What was set up, and what to put back.

    Attributes:
        bridge: name of the default bridge.
        pool: the addresses of all the engine's networks, such as "10.213.0.0/16".
        chains: True where the engine itself writes Docker's chains, because no other engine has.
        forward_policy: the FORWARD chain's policy before.
        forwarding: /proc/sys/net/ipv4/ip_forward before.
    """

    bridge: str
    pool: str
    chains: bool
    forward_policy: str
    forwarding: str

    def save(self, path: Path) -> None:
        """Write to ``path``, for `load`."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> HostNet | None:
        """Read what `save` wrote, or None where nothing was set up."""
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):  # absent, or cut off by a crash
            return None


def free_pool(taken: Iterable[ipaddress.IPv4Network]) -> ipaddress.IPv4Network:
    """Choose addresses that nothing on this host uses.

    Args:
        taken: the networks that the host has an address in or a route to.

    Raises:
        EngineError: all of the lab's pools are taken.
    """
    taken = [network for network in taken if network.prefixlen]  # the default route overlaps everything
    for pool in POOLS:
        if not any(pool.overlaps(network) for network in taken):
            return pool
    raise EngineError(
        say("This machine's networks leave no addresses for an engine of the lab's own."),
        fix=say("free one of {first} to {last}, or name an engine in DOCKER_HOST", first=POOLS[0], last=POOLS[-1]),
    )


def set_up(bridge: str) -> HostNet:
    """Make the default bridge, and the rules that it needs beside another engine. Needs root.

    Raises:
        EngineError: the host refuses.
    """
    pool = free_pool(_taken())
    chains = _run("iptables", "-w", "-t", "nat", "-S", "DOCKER", check=False) is None
    policy = next((line.split()[2] for line in _rules("filter") if line.startswith("-P FORWARD")), "ACCEPT")
    net = HostNet(bridge, str(pool), chains, policy, FORWARDING.read_text().strip())
    gateway = next(pool.hosts())
    _run("ip", "link", "add", bridge, "type", "bridge")
    _run("ip", "addr", "add", f"{gateway}/24", "dev", bridge)
    _run("ip", "link", "set", bridge, "up")
    if not chains:
        for rule in _own_rules(net):
            _run("iptables", "-w", *rule)
    return net


def _own_rules(net: HostNet) -> list[list[str]]:
    default = f"{ipaddress.IPv4Network(net.pool).network_address}/24"
    answers = ["-m", "conntrack", "--ctstate", "RELATED,ESTABLISHED"]
    return [
        ["-t", "nat", "-A", "POSTROUTING", "-s", default, "!", "-o", net.bridge, "-j", "MASQUERADE"],
        ["-I", "FORWARD", "-i", net.bridge, "!", "-d", net.pool, "-j", "ACCEPT"],
        ["-I", "FORWARD", "-o", net.bridge, *answers, "-j", "ACCEPT"],
        ["-I", "FORWARD", "-i", net.bridge, "-o", net.bridge, "-j", "ACCEPT"],
    ]


def tear_down(net: HostNet, *, alone: bool) -> None:
    """Remove the engine's bridges and rules. Needs root.

    Args:
        net: what `set_up` returned.
        alone: True where no other engine runs, so that Docker's chains are this one's to remove.
    """
    bridges = _bridges(ipaddress.IPv4Network(net.pool)) | {net.bridge}
    for table in TABLES:
        for line in _rules(table):
            if _ours(line, bridges, ipaddress.IPv4Network(net.pool)):
                _delete(table, line)
    for bridge in sorted(bridges):
        _run("ip", "link", "delete", bridge, check=False)
    if net.chains and alone:
        for table in TABLES:
            _remove_chains(table)
        _run("iptables", "-w", "-P", "FORWARD", net.forward_policy, check=False)
        FORWARDING.write_text(net.forwarding)


def _remove_chains(table: str) -> None:
    lines = _rules(table)
    chains = {line.split()[1] for line in lines if line.startswith("-N DOCKER")}
    for line in lines:
        if line.startswith("-A") and chains & set(line.split()):
            _delete(table, line)
    for chain in sorted(chains):
        _run("iptables", "-w", "-t", table, "-X", chain, check=False)


def _ours(line: str, bridges: set[str], pool: ipaddress.IPv4Network) -> bool:
    if not line.startswith("-A"):
        return False
    for word in shlex.split(line):
        if word in bridges:
            return True
        with contextlib.suppress(ValueError):
            if ipaddress.IPv4Network(word).subnet_of(pool):
                return True
    return False


def _delete(table: str, line: str) -> None:
    _run("iptables", "-w", "-t", table, "-D", *shlex.split(line)[1:], check=False)


def _rules(table: str) -> list[str]:
    return (_run("iptables", "-w", "-t", table, "-S", check=False) or "").splitlines()


def _bridges(pool: ipaddress.IPv4Network) -> set[str]:
    """Name the bridges whose address is in ``pool``: the default one, and those of networks that users made."""
    links = json.loads(_run("ip", "-4", "-json", "addr", "show", "type", "bridge") or "[]")
    return {
        link["ifname"]
        for link in links
        for address in link.get("addr_info", ())
        if ipaddress.IPv4Address(address["local"]) in pool
    }


def _taken() -> list[ipaddress.IPv4Network]:
    routes = json.loads(_run("ip", "-4", "-json", "route", "show", "table", "all") or "[]")
    found = []
    for route in routes:
        with contextlib.suppress(ValueError):  # "default", "broadcast" and the like
            found.append(ipaddress.IPv4Network(route["dst"]))
    return found


def _run(*argv: str, check: bool = True) -> str | None:
    """Run a program; return what it printed, or None where it failed and that is no fault."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)
    except FileNotFoundError:
        raise EngineError(
            say("The program `{program}` is missing.", program=argv[0]),
            fix=say("install it: sudo apt-get install iproute2 iptables"),
        ) from None
    if done.returncode == 0:
        return done.stdout
    if not check:
        return None
    raise EngineError(
        say(
            "The host's network could not be set up: {argv}: {stderr}",
            argv=shlex.join(argv),
            stderr=done.stderr.strip(),
        ),
        fix=say("run as root on a machine that may make bridges, or name an engine in DOCKER_HOST"),
    )
