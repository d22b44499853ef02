"""Requests that go on, but not as they were sent: what the engine then has is within the lab's bounds.

Each: the body of a ContainerCreate, and what of the container's HostConfig may differ from that of a plain one. Words
in braces: see `attacks_create`; {seat} is the victim's name, {prefix} what stands before one's own names.
"""

from __future__ import annotations

MiB = 1 << 20
MOST = {"Memory": 1 << 30, "MemorySwap": 1 << 30}
ENDING = {"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3}}


def host(**fields):
    return {"HostConfig": fields}


# name: (body, what differs from a plain container's HostConfig)
CREATE = {
    "nothing": ({}, {}),
    "no HostConfig": ({"HostConfig": None}, {}),
    "empty fields of the host on top": (
        {"Privileged": False, "Binds": None, "PidMode": "", "CapAdd": [], "Devices": []},
        {},
    ),
    "empty fields in other letters": ({"privileged": False, "hostconfig": None, "BINDS": []}, {}),
    "no privileges": (host(Privileged=False, privileged=False), {}),
    "memory without end": (host(Memory=1 << 61), MOST),
    "no limit of memory": (host(Memory=0, MemorySwap=-1), {}),
    "memory below nothing": (host(Memory=-1), {}),
    "swap without end": (host(Memory=64 * MiB, MemorySwap=-1), {"Memory": 64 * MiB, "MemorySwap": 64 * MiB}),
    "much swap": (host(Memory=64 * MiB, MemorySwap=1 << 40), {"Memory": 64 * MiB, "MemorySwap": 64 * MiB}),
    "swappiness": (host(MemorySwappiness=100), {}),
    "a reservation beyond the limit": (host(MemoryReservation=1 << 40), {}),
    "many processors": (host(NanoCpus=1 << 50), {"NanoCpus": 2_000_000_000}),
    "processors below nothing": (host(NanoCpus=-1), {}),
    "processes without end": (host(PidsLimit=-1), {}),
    "no limit of processes": (host(PidsLimit=0), {}),
    "many processes": (host(PidsLimit=1 << 40), {}),
    "capabilities kept": (host(CapDrop=[]), {}),
    "capabilities that are there": (host(CapAdd=["CAP_CHOWN", "kill"]), {}),
    "none of the capabilities": (host(CapDrop=["all"]), {"CapAdd": []}),
    "no new privileges, as ever": (host(SecurityOpt=["no-new-privileges"]), {}),
    "a log driver": (host(LogConfig={"Type": "syslog", "Config": {"syslog-address": "udp://127.0.0.1:1"}}), {}),
    "a log without end": (host(LogConfig={"Type": "json-file", "Config": {"max-size": "-1", "max-file": "99"}}), {}),
    "starting again for ever": (host(RestartPolicy={"Name": "always"}), ENDING),
    "starting again unless stopped": (host(RestartPolicy={"Name": "unless-stopped"}), ENDING),
    "starting again a million times": (host(RestartPolicy={"Name": "on-failure", "MaximumRetryCount": 10**6}), ENDING),
    "many files": (
        host(Ulimits=[{"Name": "nofile", "Soft": 1 << 40, "Hard": 1 << 40}]),
        {"Ulimits": [{"Name": "nofile", "Soft": 65536, "Hard": 65536}]},
    ),
    "files without end": (
        host(Ulimits=[{"Name": "nofile", "Soft": -1, "Hard": -1}]),
        {"Ulimits": [{"Name": "nofile", "Soft": 65536, "Hard": 65536}]},
    ),
    "a soft limit above the hard one": (
        host(Ulimits=[{"Name": "nproc", "Soft": 9999, "Hard": 10}]),
        {"Ulimits": [{"Name": "nproc", "Soft": 10, "Hard": 10}]},
    ),
    "much shared memory": (host(ShmSize=1 << 40), {"ShmSize": 256 * MiB}),
    "shared memory below nothing": (host(ShmSize=-1), {}),
    "a folder in memory without end": (
        host(Tmpfs={"/t": "exec,suid,dev,size=99999m,mode=4777,uid=0"}),
        {"Tmpfs": {"/t": f"rw,nosuid,nodev,noexec,size={256 * MiB},mode=4777"}},
    ),
    "a folder in memory by shares": (
        host(Tmpfs={"/t": "size=90%"}),
        {"Tmpfs": {"/t": f"rw,nosuid,nodev,noexec,size={64 * MiB}"}},
    ),
    "a mount in memory without end": (
        host(Mounts=[{"Type": "tmpfs", "Target": "/t", "TmpfsOptions": {"SizeBytes": 1 << 40, "Mode": 0o777}}]),
        {"Mounts": [{"Type": "tmpfs", "Target": "/t", "TmpfsOptions": {"SizeBytes": 256 * MiB}}]},
    ),
    "one's own namespaces": (host(IpcMode="private", PidMode="private", CgroupnsMode="private"), {}),
    "no shared memory": (host(IpcMode="none"), {"IpcMode": "none"}),
    "the default runtime": (host(Runtime="runc"), {}),
    "a port on all addresses": (
        host(PortBindings={"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": ""}]}),  # noqa: S104
        {"PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}},
    ),
    "a port on all addresses of both kinds": (
        host(PortBindings={"80/tcp": [{"HostIp": "::", "HostPort": "0"}, {"HostIp": "", "HostPort": "0"}]}),
        {"PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "0"}]}},
    ),
    "all ports": (
        {"ExposedPorts": {"81/udp": {}}, **host(PublishAllPorts=True)},
        {"PortBindings": {"81/udp": [{"HostIp": "127.0.0.1", "HostPort": ""}]}},
    ),
    "a file of the machine for the id": (host(ContainerIDFile="/etc/passwd"), {}),
    "the network by its name here": (host(NetworkMode="bridge"), {}),
    "a network and no HostConfig": ({"NetworkingConfig": {"EndpointsConfig": {"bridge": None}}}, {}),
    "an endpoint of others in the answer's fields": (
        {"NetworkingConfig": {"EndpointsConfig": {"bridge": {"EndpointID": "{victimid}", "IPAddress": "10.0.0.1"}}}},
        {},
    ),
    "another's labels": (
        {"Labels": {"labkit.guard": "{seat}", "LABKIT.GUARD": "{seat}", "labkit.guard.intent": "0" * 32}},
        {},
    ),
    "labels with a long s and a Kelvin sign": ({"Labels": {"lab\u212ait.guard": "{seat}"}}, {}),
    "triggers": ({"OnBuild": ["RUN evil"]}, {}),
    "a stop that never comes": ({"StopTimeout": 1 << 40}, {}),
    "a stop below nothing": ({"StopTimeout": -1}, {}),
    "a health check all the time": ({"Healthcheck": {"Test": ["CMD", "true"], "Interval": 1_000_000}}, {}),
    "a health check before time": ({"Healthcheck": {"Test": ["CMD", "true"], "Interval": -5}}, {}),
    "a volume with another's name on the engine": (
        host(Binds=["{vvol}:/m"]),
        {"Mounts": [{"Type": "volume", "Source": "{prefix}{vvol}", "Target": "/m"}]},
    ),
    "a volume with a bystander's name": (
        host(Mounts=[{"Type": "volume", "Source": "{byvol}", "Target": "/m"}]),
        {"Mounts": [{"Type": "volume", "Source": "{prefix}{byvol}", "Target": "/m"}]},
    ),
    "a volume without a name": (
        {"Volumes": {"/m": {}}},
        {"Mounts": [{"Type": "volume", "Target": "/m"}]},
    ),
}

# name: (head of the request's body, its text): other kinds of content; each makes a plain container.
KINDS = {
    "no kind at all": "",
    "a text": "Content-Type: text/plain\r\n",
    "a form": "Content-Type: application/x-www-form-urlencoded\r\n",
    "several parts": "Content-Type: multipart/form-data; boundary=x\r\n",
    "another set of characters": "Content-Type: application/json; charset=utf-16\r\n",
    "compressed, so it says": "Content-Type: application/json\r\nContent-Encoding: gzip\r\n",
    "another method, so it says": "X-HTTP-Method-Override: DELETE\r\nX-HTTP-Method: DELETE\r\n",
    "another address, so it says": "X-Original-URL: /containers/{victimid}/kill\r\nX-Rewrite-URL: /swarm\r\n",
    "somebody else, so it says": "X-Forwarded-For: 10.0.0.1\r\nAuthorization: Basic YTpi\r\nX-Registry-Auth: e30=\r\n",
}

# name: (body of a ContainerUpdate, what then differs)
UPDATE = {
    "memory without end": ({"Memory": 1 << 61, "MemorySwap": -1}, MOST),
    "memory below nothing": ({"Memory": -1}, {}),
    "swap alone": ({"MemorySwap": -1}, {}),
    "processors": ({"NanoCpus": 1 << 50}, {"NanoCpus": 2_000_000_000}),
    "no limit of processes": ({"PidsLimit": -1}, {}),
    "processes at nought": ({"PidsLimit": 0}, {}),
    "starting again for ever": ({"RestartPolicy": {"Name": "always"}}, ENDING),
    "empty fields": ({"CpuShares": 0, "BlkioWeight": 0, "Devices": None, "CpusetCpus": "", "KernelMemory": 0}, {}),
}
