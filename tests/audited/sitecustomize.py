"""For processes of tests that have this folder on PYTHONPATH: note each address outside this machine that is asked for.

source: Python, "Audit events table" (socket.connect, socket.sendto, socket.getaddrinfo)
"""

from __future__ import annotations

import ipaddress
import os
import sys

NAMES = {"socket.connect", "socket.sendto", "socket.getaddrinfo"}


def _is_here(host):
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _hear(event, arguments):
    if event not in NAMES:
        return
    address = arguments[0] if event == "socket.getaddrinfo" else arguments[1]
    host = address[0] if isinstance(address, tuple) else address
    if isinstance(address, bytes) or (isinstance(host, str) and host.startswith("/")):  # a socket in the file system
        return
    host = host.decode() if isinstance(host, bytes) else host
    if not _is_here(host):
        with open(os.environ["LABKIT_AUDIT"], "a", encoding="utf-8") as file:  # noqa: PTH123  before pathlib is there
            file.write(f"{event} {address!r} {sys.argv}\n")


if "LABKIT_AUDIT" in os.environ:
    sys.addaudithook(_hear)
