"""More requests that must not reach what is not the seat's: see `attacks_routes`."""

from __future__ import annotations

from urllib.parse import quote

_ABSENT = "o such container"
_CREATE = "/containers/create?name="
_NETWORK = "/networks/bridge/connect"


def _update(field, value, word):
    return "POST", "/containers/{mine}/update", {field: value}, word


def _endpoint(word, **fields):
    return "POST", _NETWORK, {"Container": "{mine}", "EndpointConfig": fields}, word


def _network(word, **fields):
    return "POST", "/networks/create", {"Name": "n", **fields}, word


def _volume(word, **fields):
    return "POST", "/volumes/create", {"Name": "v", **fields}, word


def _top(arguments):
    return "GET", "/containers/{mine}/top?ps_args=" + quote(arguments), None, "arguments of ps"


def _exec(word, **fields):
    return "POST", "/containers/{mine}/exec", {"Cmd": ["id"], **fields}, word


VALUES = {
    # names
    "a name with dots": ("POST", _CREATE + "../x", {"Image": "alpine:3.20"}, "nvalid name"),
    "a name like another's id": ("POST", _CREATE + "{victimid}", {"Image": "alpine:3.20"}, "at most 63"),
    "a name like a short id": ("POST", _CREATE + "{victimshort}", {"Image": "alpine:3.20"}, "reads like"),
    "a name with a null character": ("POST", _CREATE + "a%00b", {"Image": "alpine:3.20"}, "null character"),
    "a name with another letter": ("POST", _CREATE + "%C5%BFx", {"Image": "alpine:3.20"}, "nvalid name"),
    "a name that is long": ("POST", _CREATE + "a" * 200, {"Image": "alpine:3.20"}, "nvalid name"),
    "a name twice": ("POST", _CREATE + "a&name=b", {"Image": "alpine:3.20"}, "given twice"),
    "a platform with a path": ("POST", "/containers/create?platform=../x", {"Image": "alpine:3.20"}, "platform"),
    "a new name in the body": ("POST", "/containers/{mine}/rename", b"name=new", "nvalid name"),
    "a container to commit in the body": ("POST", "/commit", b"container={victimid}&repo=stolen", "JSON"),
    "a container to commit twice": ("POST", "/commit?container={mine}&container={victimid}", {}, "given twice"),
    "a signal with a path": ("POST", "/containers/{mine}/kill?signal=../x", None, "signal"),
    "a time that is none": ("POST", "/containers/{mine}/stop?t=1e9", None, "invalid value"),
    "links to remove": ("DELETE", "/containers/{mine}?link=1", None, "links"),
    "a copy from nowhere": ("GET", "/containers/{mine}/archive", None, "path"),
    "a checkpoint's folder": ("POST", "/containers/{mine}/start?checkpoint-dir=/etc", None, "checkpoint"),
    "a checkpoint to be made": ("POST", "/containers/{mine}/checkpoints", {"CheckpointID": "a"}, "does not know"),
    # ps runs for the whole machine
    "ps of a process of the machine": _top("-p1 -o args,pid"),
    "ps with the surroundings of processes": _top("axe -o args,s,pid"),
    "ps with a column before the pid": _top("-eo args,pid"),
    "ps with a column of another name": _top("-o pid=PID,args"),
    "ps with a format of its own": _top("-O args"),
    "ps in a long form": _top("--format args,pid"),
    "ps sorted": _top("ax --sort args"),
    "ps with two formats": _top("-o args -o pid"),
    "ps with a format without a pid": _top("-o user,args"),
    "ps with security's words": _top("axZ"),
    # exec, update
    "an exec with a field that is not there": _exec("ProcessConfig", ProcessConfig={"privileged": True}),
    "an exec with capabilities": _exec("CapAdd", CapAdd=["ALL"]),
    "an exec with a text for a command": _exec("Cmd", Cmd="id"),
    "an exec with a null character": _exec("Env", Env=["A=a\0b"]),
    "an exec that starts privileged": ("POST", "/exec/{vexec}/start", {"Privileged": True}, "o such exec"),
    "an update of the processors' numbers": _update("CpusetCpus", "0-99", "--cpuset-cpus"),
    "an update of the quota": _update("CpuQuota", -1, "--cpu-quota"),
    "an update of shares": _update("CpuShares", 1 << 18, "--cpu-shares"),
    "an update of the disk's weight": _update("BlkioWeight", 1000, "--blkio-weight"),
    "an update of real time": _update("CpuRealtimeRuntime", 1, "--cpu-rt-runtime"),
    "an update of kernel memory": _update("KernelMemory", 1 << 40, "--kernel-memory"),
    "an update of killing": _update("OomKillDisable", 1, "--oom-kill-disable"),
    "an update of requests for devices": _update("DeviceRequests", [{"Count": -1}], "--gpus"),
    "an update of rules for devices": _update("DeviceCgroupRules", ["a *:* rwm"], "--device-cgroup-rule"),
    "an update of the control group": _update("CgroupParent", "/", "--cgroup-parent"),
    "an update of ulimits": _update("Ulimits", [{"Name": "nofile", "Soft": 1, "Hard": 1}], "Ulimits"),
    "an update to privileged": _update("Privileged", 1, "--privileged"),
    # networks
    "a place with another's network": _endpoint("address only", NetworkID="{vnetid}"),
    "a place with a link": _endpoint("--link", Links=["{victim}:x"]),
    "a place with a driver's options": _endpoint("driver's options", DriverOpts={"a": "b"}),
    "a place with a MAC address": _endpoint("--mac-address", MacAddress="02:42:ac:11:00:02"),
    "a place before others": _endpoint("GwPriority", GwPriority=9),
    "a place in other letters": _endpoint("ipamconfig", ipamconfig={"IPv4Address": "10.231.0.9"}),
    "a container of a network by other letters": ("POST", _NETWORK, {"container": "{victimid}"}, "container"),
    "a network of the host": _network("network driver", Driver="host"),
    "a network of nothing": _network("network driver", Driver="null"),
    "a network over machines": _network("network driver", Driver="overlay"),
    "a network of a plugin": _network("network driver", Driver="x/y:latest"),
    "a network's driver in capitals": _network("network driver", Driver="MACVLAN"),
    "a network with two drivers": _network("'driver'", Driver="bridge", driver="macvlan"),
    "a network that others reach": _network("Options", Options={"com.docker.network.bridge.gateway_mode_ipv4": "nat"}),
    "a network's parent": _network("Options", Options={"parent": "eth0"}),
    "a network's address options": _network("Options", IPAM={"Options": {"a": "b"}}),
    "a network's addresses in other letters": _network("ipam", ipam={"Config": [{"Subnet": "10.0.0.0/8"}]}),
    "a network of IPv6": _network("IPv6", EnableIPv6=True),
    "a network for settings": _network("--config-only", ConfigOnly=True),
    "a network of a scope": _network("--scope", Scope="swarm"),
    "remove nothing's network": ("DELETE", "/networks/none", None, "pre-defined"),
    "connect to nothing's network": ("POST", "/networks/none/connect", {"Container": "{mine}"}, "not found"),
    "connect to the lab's own name": ("POST", "/networks/{prefix}bridge/connect", {"Container": "{mine}"}, "not found"),
    # volumes
    "a volume over a network": _volume("driver's options", DriverOpts={"type": "nfs", "device": ":/x", "o": "addr=1"}),
    "a volume that is a disk": _volume("driver's options", DriverOpts={"type": "ext4", "device": "/dev/vda"}),
    "a volume in memory without end": _volume("driver's options", DriverOpts={"type": "tmpfs", "device": "tmpfs"}),
    "a volume over another": _volume("driver's options", DriverOpts={"type": "overlay", "o": "lowerdir=/"}),
    "a volume's options in other letters": _volume("driveropts", driveropts={"o": "bind"}),
    "a volume's driver in other letters": _volume("'driver'", driver="x"),
    "a volume with a slash": ("POST", "/volumes/create", {"Name": "../x"}, "nvalid name"),
    "a volume of a cluster to change": ("PUT", "/volumes/{vvol}?version=1", {}, "does not know"),
    # images
    "a tag in another's part": ("POST", "/images/alpine:3.20/tag?repo=labkit.invalid/{seat}/o/x", None, "lab's own"),
    "a tag in another's part by Docker Hub": (
        "POST",
        "/images/alpine:3.20/tag?repo=docker.io/labkit.invalid/{seat}/o/x",
        None,
        "lab's own",
    ),
    "a build's name in another's part": ("POST", "/build?t=mine&t={vtag}", None, "lab's own"),
    "an import in another's part": ("POST", "/images/create?fromSrc=-&repo={vtag}", None, "lab's own"),
    "a commit in another's part": ("POST", "/commit?container={mine}&repo={vtag}", {}, "lab's own"),
    "a tag with a digest": ("POST", "/images/alpine:3.20/tag?repo=x@sha256:" + "0" * 64, None, "reference format"),
    "a tag in capitals": ("POST", "/images/alpine:3.20/tag?repo=X", None, "reference format"),
    "a tag twice": ("POST", "/images/alpine:3.20/tag?repo=x&repo=y", None, "given twice"),
    "a commit with a trigger": ("POST", "/commit?container={mine}&changes=ONBUILD+RUN+x", {}, "--change"),
    "a commit with a base": ("POST", "/commit?container={mine}&changes=FROM+{vtag}", {}, "--change"),
    "a commit with a copy": ("POST", "/commit?container={mine}&changes=COPY+--from={vtag}+/+/", {}, "--change"),
    "a commit with a step": ("POST", "/commit?container={mine}&changes=RUN+id", {}, "--change"),
    "a commit of a long line": ("POST", "/commit?container={mine}&changes=ENV+a=b+%5C%0AFROM+x", {}, "--change"),
    "a commit with an escape": ("POST", "/commit?container={mine}&changes=%23+escape=%60%0AENV+a=b", {}, "--change"),
    "a commit with two changes": ("POST", "/commit?container={mine}&changes=ENV+a=b&changes=ONBUILD+x", {}, "--change"),
    "a commit with more fields": ("POST", "/commit?container={mine}", {"HostConfig": {"Privileged": 1}}, "priv"),
    "a commit with another line end": ("POST", "/commit?container={mine}&changes=ENV+a=b%0BRUN+x", {}, "--change"),
    "a pull in the body": ("POST", "/images/create", b"fromImage=redis", "reference format"),
    "an import from a file": ("POST", "/images/create?fromSrc=file:///etc/passwd", None, "import from an address"),
    "an import and a pull": ("POST", "/images/create?fromSrc=-&fromSrc=http://127.0.0.1:1/x", None, "given twice"),
    "push another's": ("POST", "/images/{vtag}/push", None, "one name at a time"),
    # builds
    "a build with two remotes": ("POST", "/build?remote=&remote=http://127.0.0.1:1/", None, "given twice"),
    "a build from a file": ("POST", "/build?remote=file:///etc", None, "build from an address"),
    "a build from a session, the old way": ("POST", "/build?remote=client-session&session=a", None, "from an address"),
    "a build from a host's folder": ("POST", "/build?version=2&remote=/etc", None, "build from an address"),
    "a build on a network by its id": ("POST", "/build?networkmode={vnetid}", None, "--network"),
    "a build on the lab's own network": ("POST", "/build?networkmode={prefix}bridge", None, "--network"),
    "a build with a squash": ("POST", "/build?squash=1", None, "--squash"),
    "a build with ulimits": ("POST", '/build?ulimits=[{"Name":"nofile","Soft":1,"Hard":1}]', None, "--ulimit"),
    "a build to a name without asking": (
        "POST",
        '/build?version=2&outputs=[{"Type":"moby","Attrs":{"name":"{vtag}"}}]',
        None,
        "--output",
    ),
    "a build for another platform": ("POST", "/build?platform=linux/s390x", None, "--platform"),
    "a build with arguments twice": ("POST", '/build?buildargs={"A":"a","A":"b"}', None, "same key twice"),
    "a build with arguments that are none": ("POST", "/build?buildargs=[1]", None, "buildargs"),
    "a build with BuildKit's arguments": ("POST", '/build?buildargs={"BUILDKIT_KEEP_GIT":"1"}', None, "BUILDKIT_"),
    "a build with a session's path": ("POST", "/build?version=2&remote=client-session&session=../x", None, "session"),
    "a build of an upload's path": ("POST", "/build?version=2&buildid=../x", None, "buildid"),
    "a build with a hidden Dockerfile": ("POST", "/build?version=2&dockerfile=x.dockerignore", None, ".dockerignore"),
    "a build with isolation": ("POST", "/build?isolation=process", None, "'isolation'"),
    "a build of no such version": ("POST", "/build?version=3&remote=upload-request", None, "from an address"),
    "cancel nobody's build": ("POST", "/build/cancel?id=", None, "invalid value"),
    # filters
    "filters in a list": ("GET", "/containers/json?filters=[]x", None, "invalid filter"),
    "a filter twice": ("GET", '/containers/json?filters={"id":["a"],"id":["{victimid}"]}', None, "same key twice"),
    "a filter in other letters": ("GET", '/containers/json?filters={"ID":["{victimid}"]}', None, "invalid filter"),
    "a filter of a swarm": ("GET", '/containers/json?filters={"is-task":["true"]}', None, "invalid filter"),
    "events of a scope": ("GET", '/events?until=1&filters={"scope":["swarm"]}', None, "invalid filter"),
    "events of a node": ("GET", '/events?until=1&filters={"node":["x"]}', None, "invalid filter"),
    "events before a path": ("GET", "/events?since=../x", None, "since"),
    "prune with everything": ("POST", '/volumes/prune?filters={"label!":["labkit.guard={seat}"]}', None, "filter"),
    "prune networks by time": ("POST", '/networks/prune?filters={"until":["1s"]}', None, "filter"),
    "prune containers by time": ("POST", '/containers/prune?filters={"until":["1s"]}', None, "filter"),
    "a reference that never ends": ("GET", '/images/json?filters={"reference":["*a*a*a*a*a*b"]}', None, "plain names"),
    "a reference with a class": ("GET", '/images/json?filters={"reference":["[a-z]*"]}', None, "plain names"),
    # the engine itself
    "a plugin to switch on": ("POST", "/plugins/x/enable", None, "does not know"),
    "a plugin to make": ("POST", "/plugins/create?name=x", b"", "does not know"),
    "a swarm to join": ("POST", "/swarm/join", {"RemoteAddrs": ["127.0.0.1:1"]}, "does not know"),
    "a swarm's key": ("GET", "/swarm/unlockkey", None, "does not know"),
    "a config": ("POST", "/configs/create", {"Name": "x"}, "does not know"),
    "a task's logs": ("GET", "/tasks/x/logs", None, "does not know"),
    "debugging of a version": ("GET", "/v1.41/debug/vars", None, "does not know"),
    "a shutdown": ("POST", "/shutdown", None, "does not know"),
    "an upgrade by a get": ("GET", "/grpc", None, "does not know"),
    "a session by a get": ("GET", "/session", None, "does not know"),
    "attach in the old way": ("POST", "/containers/{mine}/attach/ws?stream=1", None, "does not know"),
    "a file of the old way": ("GET", "/containers/{mine}/copy", None, "does not know"),
    "an image's attestations": ("GET", "/images/alpine:3.20/attestations", None, "does not know"),
}  # fmt: skip
