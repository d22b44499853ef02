"""What the kernel's tables say, as ``/proc`` shows them inside a container."""

from __future__ import annotations

import ipaddress

LISTEN_COLUMN, LISTEN = 3, "0A"  # in /proc/net/tcp


def listeners(tables: str) -> list[str]:
    """Addresses and TCP ports that something listens on, such as ``127.0.0.1:3000``.

    source: proc(5), /proc/net/tcp; state 0A is LISTEN. The engine's own name server (127.0.0.11) is left out.

    Args:
        tables: ``/proc/net/tcp`` and ``/proc/net/tcp6``.
    """
    rows = (line.split() for line in tables.splitlines())
    places = {_place(row[1]) for row in rows if len(row) > LISTEN_COLUMN and row[LISTEN_COLUMN] == LISTEN}
    return sorted(place for place in places if not place.startswith("127.0.0.11:"))


def _place(words: str) -> str:
    """Read the kernel's ``0100007F:0BB8`` as ``127.0.0.1:3000``: each group of four bytes is in the host's order."""
    address, _, port = words.partition(":")
    groups = [bytes.fromhex(address[n : n + 8])[::-1] for n in range(0, len(address), 8)]
    ip = ipaddress.ip_address(b"".join(groups))
    return f"[{ip}]:{int(port, 16)}" if ip.version == 6 else f"{ip}:{int(port, 16)}"  # noqa: PLR2004  IPv6
