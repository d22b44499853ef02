"""Two seats' things and a bystander's, and how they are now: an attack must leave them so."""

from __future__ import annotations

import http.client
import io
import json
import secrets
import socket
import tarfile
from dataclasses import dataclass, field

from live_guard import SMALL, Live


class Unix(http.client.HTTPConnection):
    """HTTP over a guard's socket."""

    def __init__(self, path):
        super().__init__("docker", timeout=60)
        self._path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def ask(guard: Live, seat: str, method: str, target: str, body=None):
    """One request as a seat: the status, and the body as JSON or as text."""
    connection = Unix(guard.socket(seat))
    data = body if isinstance(body, bytes | str | None) else json.dumps(body)
    kind = {"Content-Type": "application/json"} if isinstance(body, dict | list | str) else {}
    try:
        connection.request(method, target, data, kind)
        reply = connection.getresponse()
        text = reply.read()
    finally:
        connection.close()
    try:
        return reply.status, json.loads(text)
    except ValueError:
        return reply.status, text.decode("utf-8", "replace")


def tar(files) -> bytes:
    """A tar of files by name: bytes, or a TarInfo as it is."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in files:
            if isinstance(content, tarfile.TarInfo):
                content.name = name
                archive.addfile(content)
            else:
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


@dataclass
class World:
    """What there is besides the attacker.

    Attributes:
        words: ids and names, as the tables of attacks use them.
    """

    guard: Live
    client: object
    words: dict[str, str] = field(default_factory=dict)

    def fill(self, value):
        """Put ids and names in the place of words in braces."""
        if isinstance(value, str):
            for key, word in self.words.items():
                value = value.replace("{" + key + "}", word)
            return value
        if isinstance(value, list):
            return [self.fill(each) for each in value]
        if isinstance(value, dict):
            return {self.fill(key): self.fill(each) for key, each in value.items()}
        return value

    def now(self):
        """How the others' things and the course's names are."""
        found = {}
        for key in ("victimid", "stoppedid", "byid"):
            it = self.client.api.inspect_container(self.words[key])
            state = {name: it["State"][name] for name in ("Status", "Running", "Paused", "Pid", "StartedAt")}
            networks = {name: each["EndpointID"] for name, each in it["NetworkSettings"]["Networks"].items()}
            found[key] = (it["Name"], state, it["HostConfig"], networks, it["ExecIDs"])
        for key in ("vnetid", "bynetid"):
            it = self.client.api.inspect_network(self.words[key])
            found[key] = (it["Name"], it["Options"], it["IPAM"], sorted(it["Containers"]))
        for key in ("vvol", "vanon", "byvol"):
            found[key] = self.client.api.inspect_volume(self.words[key])
        for tag in (self.words["vtag"], self.words["bytag"], self.words["byown"], SMALL, "node:20-alpine"):
            found[tag] = self.client.api.inspect_image(tag)["Id"]
        return found

    def of_attacker(self):
        """Names on the engine that begin as the attacker's do: a refusal leaves no more of them."""
        seat = self.guard.seats[0]
        prefix, repository = f"/lk-{seat}-", f"labkit.invalid/{seat}/"
        containers = [each["Names"][0] for each in self.client.api.containers(all=True)]
        images = [tag for each in self.client.api.images() for tag in each["RepoTags"] or []]
        names = [*containers, *("/" + each["Name"] for each in self.client.api.networks())]
        names += ["/" + each["Name"] for each in self.client.api.volumes()["Volumes"] or []]
        return sorted(name for name in names if name.startswith(prefix)) + sorted(
            tag for tag in images if tag.startswith(repository)
        )


def build_world(guard: Live, client) -> World:
    """Make the victim's things through the guard, and the bystander's at the engine itself."""
    me, victim = guard.seats
    tail = secrets.token_hex(3)
    it = World(guard, client)

    def made(target, body, seat=victim):
        status, found = ask(guard, seat, "POST", target, body)
        assert status in (200, 201), found
        return found

    long = {"Image": SMALL, "Cmd": ["sleep", "3600"]}
    with_volumes = {**long, "HostConfig": {"Binds": [f"vol{tail}:/v"]}, "Volumes": {"/anon": {}}}
    network = made("/networks/create", {"Name": f"net{tail}"})["Id"]
    running = made(f"/containers/create?name=run{tail}", with_volumes)["Id"]
    assert ask(guard, victim, "POST", f"/containers/{running}/start")[0] == 204
    assert ask(guard, victim, "POST", f"/networks/{network}/connect", {"Container": running})[0] == 200
    stopped = made(f"/containers/create?name=stop{tail}", long)["Id"]
    exec_ = made(f"/containers/{running}/exec", {"Cmd": ["sleep", "1"]})["Id"]
    image = made(f"/commit?container={stopped}&repo=img{tail}", {})["Id"]
    mine = made(f"/containers/create?name=mine{tail}", long, me)["Id"]
    mounts = client.api.inspect_container(running)["Mounts"]
    (anonymous,) = [each["Name"] for each in mounts if each["Destination"] == "/anon"]
    there = client.containers.run(SMALL, ["sleep", "3600"], name=f"by{tail}", detach=True)
    names = guard.names(victim)
    client.images.get(SMALL).tag(f"bystander{tail}", "1")
    theirs = there.commit(f"theirs{tail}", "1")
    it.words = {
        "victim": f"{names.prefix}run{tail}",
        "victimid": running,
        "victimshort": running[:12],
        "victimname": f"run{tail}",
        "stoppedid": stopped,
        "vnet": f"net{tail}",
        "vnetid": network,
        "vnetshort": network[:12],
        "vvol": f"{names.prefix}vol{tail}",
        "vanon": anonymous,
        "vexec": exec_,
        "vtag": f"{names.repository}o/img{tail}:latest",
        "vimage": image,
        "vimageshort": image.removeprefix("sha256:")[:12],
        "by": there.name,
        "byid": there.id,
        "byshort": there.id[:12],
        "bynet": f"bynet{tail}",
        "bynetid": client.networks.create(f"bynet{tail}").id,
        "byvol": client.volumes.create(f"byvol{tail}").name,
        "bytag": f"bystander{tail}:1",
        "byown": f"theirs{tail}:1",
        "byownid": theirs.id,
        "course": SMALL,
        "mine": mine,
        "minename": f"mine{tail}",
        "seat": victim,
        "prefix": guard.names(me).prefix,
    }
    return it


def end_world(it: World) -> None:
    """Remove the bystander's things; the guard removes the seats'."""
    it.client.api.remove_container(it.words["byid"], force=True)
    it.client.api.remove_network(it.words["bynetid"])
    it.client.api.remove_volume(it.words["byvol"])
    it.client.api.remove_image(it.words["bytag"])
    it.client.api.remove_image(it.words["byown"])
