"""What the guard's rules are fed with: seats in memory, and an engine that holds what others own too."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property

from labkit.guard import policy
from labkit.guard.ledger import Ledger
from labkit.guard.messages import Answer, Body, Call, Relay, Reply, Request
from labkit.guard.names import INTENT, OWNER, parse
from labkit.guard.refusal import Refused
from labkit.guard.seat import Bounds, Seat

COURSE = {"alpine:3.20": "sha256:" + "a1" * 32, "node:20-alpine": "sha256:" + "b2" * 32}


def id_of(*words: str) -> str:
    """An id that is the same on each run."""
    return hashlib.sha256("/".join(words).encode()).hexdigest()


def seat(name: str = "ada", ledger: Ledger | None = None, **bounds) -> Seat:
    return Seat(name, ledger or Ledger(":memory:"), COURSE, Bounds(**bounds))


def ask(it: Seat, engine, method: str, target: str, body=None) -> tuple[list[Call], Answer | Relay | Refused]:
    """Carry a request out as the server does: all calls that the engine got, and the decision."""
    calls: list[Call] = []
    try:
        version, path, query = policy.parse_target(target, it.api)
        row = policy.route(method, path, query)
        request = Request(method, version, path, query, (), body if row.body is Body.JSON else None)
    except Refused as error:
        return calls, error
    return calls, perform(policy.decide(row, request, it), engine, calls)


def perform(plan, engine, calls: list[Call] | None = None):
    """Feed a plan with an engine's replies."""
    calls = [] if calls is None else calls
    try:
        call = next(plan)
        while True:
            calls.append(call)
            call = plan.send(engine(call))
    except StopIteration as end:
        return end.value


def only(reply: Reply):
    """An engine that says the same to all."""
    return lambda _call: reply


@dataclass
class World:
    """An engine's state: what two seats and a bystander have. It answers lists and looks, and makes what is asked for.

    Each has a container, a network, a volume and an image; names hold a word that nobody else's hold.
    """

    seats: tuple[Seat, ...]
    secrets: dict[str, set[str]] = field(default_factory=dict)  # of each: words that nobody else may read
    containers: list[dict] = field(default_factory=list)
    networks: list[dict] = field(default_factory=list)
    volumes: list[dict] = field(default_factory=list)
    images: list[dict] = field(default_factory=list)

    def __post_init__(self) -> None:
        for ref, image in COURSE.items():
            self._image(image, [ref], {})
        for each in self.seats:
            self._fill(each.name, each)
        self._fill("bystander", None)

    def _fill(self, who: str, owner: Seat | None) -> None:
        word = f"word{who}"
        pre = owner.names.prefix if owner else ""
        ids = {kind: id_of(who, kind) for kind in ("container", "network", "image", "exec")}
        labels = {OWNER: who, INTENT: f"{word}-intent", "note": word}
        ref = f"{word}/shop:1"
        on_engine = owner.names.image(parse(ref)) if owner else ref
        self._image("sha256:" + ids["image"], [on_engine], labels)
        volume = f"{pre}{word}-data"
        self.volumes.append({"Name": volume, "Driver": "local", "Labels": labels, "Mountpoint": f"/v/{volume}"})
        name, net = f"{pre}{word}-web", f"{pre}{word}-net"
        end = {"Name": name, "IPv4Address": "10.0.0.2/26"}
        self.networks.append(_network(ids["network"], net, {ids["container"]: end}, labels))
        self.containers.append(_container(ids, name, net, volume, labels))
        self.secrets[who] = {word, *(each[:12] for each in ids.values())}
        if owner:
            owner.own("network", ids["network"], f"{word}-net")
            owner.own("volume", volume, f"{word}-data")
            owner.own("image", "sha256:" + ids["image"])
            owner.own("tag", ref, ref, "sha256:" + ids["image"])
            owner.own("container", ids["container"], f"{word}-web", ref)
            owner.own("exec", ids["exec"], parent=ids["container"])

    def _image(self, id_: str, tags: list[str], labels: dict) -> None:
        digests = [f"{tag.rpartition(':')[0]}@{id_}" for tag in tags]
        made = {"Id": id_, "RepoTags": tags, "RepoDigests": digests, "Labels": labels, "Created": 1, "Size": 5}
        self.images.append({**made, "ParentId": "", "SharedSize": 1, "Containers": -1, "Config": {"Labels": labels}})

    def answers(self, call: Call) -> Reply:
        """Reply to one call as the engine would, whoever asks."""
        parts = call.path.strip("/").split("/")
        known = self._said.get(call.path)
        if call.method in ("GET", "HEAD") and known is not None:
            return Reply(200, json.loads(json.dumps(known)))
        if call.method == "GET" and len(parts) > 1:
            return self._one(parts)
        if parts[-1] in ("create", "commit", "exec"):
            made = id_of("made", call.path, json.dumps(call.body), str(call.query))
            return Reply(201, {"Id": made, "Name": (call.body or {}).get("Name") or made, "Warning": ""})
        return Reply(200, []) if call.method == "DELETE" and parts[0] == "images" else Reply(204)

    @cached_property
    def _said(self) -> dict:
        disk = {"Containers": self.containers, "Images": self.images, "Volumes": self.volumes, "LayersSize": 9}
        return {
            "/containers/json": self.containers,
            "/images/json": self.images,
            "/networks": self.networks,
            "/volumes": {"Volumes": self.volumes, "Warnings": None},
            "/system/df": {**disk, "BuildCache": [{"ID": each} for each in self.secrets]},
            "/info": {"Name": "wordbystander", "Containers": 99, "NCPU": 2, "Labels": ["wordbystander=1"]},
            "/version": {"ApiVersion": "1.44", "Components": [{"Details": {"ApiVersion": "1.44"}}]},
            "/_ping": "OK",
        }

    def _one(self, parts: list[str]) -> Reply:
        kind, given = parts[0], parts[1]
        if kind == "exec":
            return Reply(200, {"ID": given, "ContainerID": "x"})
        there = {"containers": self.containers, "networks": self.networks, "volumes": self.volumes}.get(kind)
        found = [each for each in there or self.images if given in (each.get("Id"), each.get("Name"))]
        if not found:
            return Reply(404, {"message": f"No such thing: {given}"})
        if parts[-1] == "history":
            # Of equal layers the engine tells all names, whoever gave them.
            below = {"Id": "<missing>", "Tags": [tag for each in self.images for tag in each["RepoTags"]]}
            return Reply(200, [{"Id": found[0]["Id"], "Tags": found[0]["RepoTags"]}, below])
        if parts[-1] in ("top", "changes"):
            return Reply(200, {"Titles": [], "Processes": []})
        inspected = {"Name": "/" + found[0]["Names"][0].lstrip("/")} if kind == "containers" else {}
        return Reply(200, json.loads(json.dumps(found[0] | inspected)))


def _network(id_: str, name: str, ends: dict, labels: dict) -> dict:
    return {"Id": id_, "Name": name, "Driver": "bridge", "Scope": "local", "Containers": ends, "Labels": labels}


def _container(ids: dict[str, str], name: str, net: str, volume: str, labels: dict) -> dict:
    return {
        "Id": ids["container"],
        "Names": [f"/{name}"],
        "Image": "sha256:" + ids["image"],
        "ImageID": "sha256:" + ids["image"],
        "Config": {"Image": "sha256:" + ids["image"], "Labels": labels},
        "State": "running",
        "Labels": labels,
        "NetworkSettings": {"Networks": {net: {"NetworkID": ids["network"]}}},
        "Mounts": [{"Type": "volume", "Name": volume, "Destination": "/data"}],
        "ExecIDs": [ids["exec"]],
    }
