"""Bodies and values for requests: likely ones, and now and then what should not pass, also in another spelling."""

from __future__ import annotations

import json

from fake_guard import World, seat
from hypothesis import strategies as st

from labkit.guard import models
from labkit.guard.ledger import Ledger


# What a client may name: things of two seats' and a bystander's, as they and as the engine know them.
def new_world():
    ledger = Ledger(":memory:")
    return World((seat("ada", ledger, ports=(8000, 8100)), seat("eve", ledger)))


WORLD = new_world()
POOL = sorted(
    {each["Id"] for each in (*WORLD.containers, *WORLD.networks, *WORLD.images)}
    | {each["Id"][:12] for each in (*WORLD.containers, *WORLD.networks)}
    | {name.lstrip("/") for each in WORLD.containers for name in each["Names"]}
    | {each["Name"] for each in (*WORLD.networks, *WORLD.volumes)}
    | {tag for each in WORLD.images for tag in each["RepoTags"]}
    | {f"word{who}{what}" for who in ("ada", "eve", "bystander") for what in ("-web", "-net", "-data", "/shop:1")}
    | {"bridge", "host", "none", "default", "", "new", "wordada"}
)


things = st.sampled_from(POOL)
words = st.text(st.characters(codec="ascii", exclude_characters="\0"), max_size=12)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 62), 1 << 62) | words | st.sampled_from(["host", "/", "1", "all"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
EVIL = {
    "Privileged": True, "Binds": ["/:/host"], "PidMode": "host", "IpcMode": "host", "UTSMode": "host",
    "NetworkMode": "host", "UsernsMode": "host", "CgroupnsMode": "host", "CapAdd": ["ALL"], "Devices": [{"a": "b"}],
    "SecurityOpt": ["seccomp=unconfined"], "Mounts": [{"Type": "bind", "Source": "/", "Target": "/h"}],
    "VolumesFrom": ["x"], "Links": ["x:y"], "Sysctls": {"kernel.x": "1"}, "Runtime": "evil", "CgroupParent": "/",
    "MaskedPaths": [], "ReadonlyPaths": [], "LogConfig": {"Type": "syslog"}, "ExtraHosts": ["x:host-gateway"],
    "DeviceCgroupRules": ["a *:* rwm"], "OomScoreAdj": -1000, "StorageOpt": {"size": "1"}, "GroupAdd": ["0"],
}  # fmt: skip


def fields(model):
    return sorted(field.alias for field in model.model_fields.values())


def cased(name):
    """A field's name, now and then in another spelling."""
    other = [name.lower(), name.upper(), name[0].lower() + name[1:], name.swapcase(), name.replace("s", "\u017f")]
    return st.sampled_from([name, name, name, name, *other])


def level(model, plausible):
    """A level of a body: likely fields with likely values, and now and then what should not pass."""
    likely = [st.tuples(st.just(key), value) for key, value in plausible.items()]
    evil = st.sampled_from(sorted(EVIL)).flatmap(lambda key: st.tuples(cased(key), st.just(EVIL[key])))
    odd = st.sampled_from(fields(model)).flatmap(lambda key: st.tuples(cased(key), json_values))
    pairs = st.lists(st.one_of(likely), max_size=6)
    bad = st.one_of(st.just([]), st.just([]), st.lists(evil | odd, min_size=1, max_size=2))
    return st.builds(lambda good, wrong: dict([*good, *wrong]), pairs, bad)


def many(value):
    return st.lists(value, max_size=2)


whole = st.sampled_from([0, -1, 1, 5, 1 << 20, 1 << 30, 1 << 40])
bindings = many(st.fixed_dictionaries({}, optional={
    "HostIp": st.sampled_from(["", "0.0.0.0", "10.0.0.1", "127.0.0.1", "::"]),  # noqa: S104
    "HostPort": st.sampled_from(["", "0", "8000", "8050", "80", "65536", "8000-8010"]),
}))  # fmt: skip
sources = things | st.sampled_from(["/", "/etc", "..", "data"])
mounts = st.fixed_dictionaries(
    {"Type": st.sampled_from(["volume", "volume", "tmpfs", "bind", "image"]), "Target": st.sampled_from(["/d", "d"])},
    optional={"Source": sources, "ReadOnly": st.booleans()},
)
host_configs = level(models.HostConfig, {
    "Memory": whole, "MemorySwap": whole, "NanoCpus": whole, "PidsLimit": whole, "ShmSize": whole,
    "CapAdd": many(st.sampled_from(["CHOWN", "cap_kill", "SYS_ADMIN"])),
    "CapDrop": many(st.sampled_from(["ALL", "KILL"])),
    "SecurityOpt": many(st.sampled_from(["no-new-privileges", "no-new-privileges:false", "apparmor=unconfined"])),
    "NetworkMode": things | things.map("container:{}".format), "Init": st.booleans(), "AutoRemove": st.booleans(),
    "PublishAllPorts": st.booleans(), "Mounts": many(mounts), "Binds": many(sources.map("{}:/d".format)),
    "RestartPolicy": st.fixed_dictionaries({"Name": st.sampled_from(["always", "no", "on-failure"])}),
    "PortBindings": st.dictionaries(st.sampled_from(["80/tcp", "53/udp"]), bindings | st.none(), max_size=2),
    "Tmpfs": st.dictionaries(st.just("/t"), st.sampled_from(["size=9g,exec,suid", "", "mode=777"]), max_size=1),
    "Ulimits": many(st.fixed_dictionaries({"Name": st.just("nofile"), "Soft": whole, "Hard": whole})),
})  # fmt: skip
ends = st.dictionaries(things, st.none() | st.fixed_dictionaries({}, optional={"NetworkID": things}), max_size=1)
labels = st.dictionaries(
    st.sampled_from(["a", "labkit.guard", "LABKIT.GUARD", "labkit.guard.intent"]), words, max_size=3
)
containers = level(models.Container, {
    "Cmd": many(words), "Env": many(words), "User": words, "Labels": labels, "Tty": st.booleans(), "StopTimeout": whole,
    "ExposedPorts": st.dictionaries(st.sampled_from(["80/tcp", "81"]), st.just({}), max_size=2),
    "Volumes": st.dictionaries(st.sampled_from(["/d", "/e"]), st.just({}), max_size=2),
    "HostConfig": host_configs, "NetworkingConfig": st.fixed_dictionaries({"EndpointsConfig": ends}),
    "Healthcheck": st.fixed_dictionaries({"Interval": whole}),
})  # fmt: skip


networks = level(models.Network, {
    "Name": words | things, "Driver": st.sampled_from(["", "bridge", "host", "macvlan"]), "Internal": st.booleans(),
    "Labels": labels, "IPAM": st.fixed_dictionaries({}, optional={"Driver": st.just("default"), "Config": json_values}),
    "Options": json_values, "Attachable": st.booleans(), "CheckDuplicate": st.booleans(),
})  # fmt: skip


volumes = level(models.Volume, {
    "Name": words | things, "Driver": st.sampled_from(["", "local", "nfs"]), "Labels": labels,
    "DriverOpts": st.sampled_from([{}, {"type": "none", "o": "bind", "device": "/etc"}]),
})  # fmt: skip


execs = level(models.Exec, {"Cmd": many(words), "Env": many(words), "Tty": st.booleans(), "User": words})
updates = level(models.Update, {"Memory": whole, "NanoCpus": whole, "PidsLimit": whole, "MemorySwap": whole})


KEYS = ["name", "id", "network", "ancestor", "volume", "before", "since", "reference", "container", "image", "dangling"]
filters = st.dictionaries(st.sampled_from(KEYS), many(things), max_size=2).map(json.dumps)
values = st.one_of(things, filters, st.sampled_from(["1", "true", "0"]), words)
bodies = st.one_of(
    st.none(),
    containers,
    json_values,
    st.fixed_dictionaries({"Container": things}),
    things.map(lambda it: {"Name": it}),
)
