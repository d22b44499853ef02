"""What a container must not be made with: each is the body of one ContainerCreate, beside an image and a command.

Words in braces are filled in: {victim}, {vnet}, {vvol}, {vtag}, {by}, {bynet}, {byvol}, {bytag}: names on the engine or
ids of things of another seat, and of somebody at the engine.
"""

from __future__ import annotations

BIND = [{"Type": "bind", "Source": "/", "Target": "/m"}]


def host(**fields):
    return {"HostConfig": fields}


# name: (body, a word of the answer)
CREATE = {
    "privileged": (host(Privileged=True), "--privileged"),
    "a bind of the root": (host(Binds=["/:/m"]), "folder of the machine"),
    "a bind of the engine's socket": (host(Binds=["/var/run/docker.sock:/s"]), "folder of the machine"),
    "a bind, read only": (host(Binds=["/etc:/m:ro"]), "folder of the machine"),
    "a bind by dots": (host(Binds=["../../etc:/m"]), "folder of the machine"),
    "a bind of a home": (host(Binds=["~/x:/m"]), "folder of the machine"),
    "a bind with a backslash": (host(Binds=["c:\\x:/m"]), "folder of the machine"),
    "a bind as a propagated mount": (host(Binds=["v:/m:shared"]), "invalid mode"),
    "a volume's name with a slash": (host(Binds=["a/b:/m"]), "nvalid name"),
    "a volume by another's id": (host(Binds=["{vanon}:/m"]), "nvalid name"),
    "a mount of a folder": (host(Mounts=BIND), "folder of the machine"),
    "a mount of a pipe": (host(Mounts=[{"Type": "npipe", "Source": "x", "Target": "/m"}]), "folder of the machine"),
    "a mount of a cluster's volume": (host(Mounts=[{"Type": "cluster", "Source": "x", "Target": "/m"}]), "folder"),
    "a mount of an image": (host(Mounts=[{"Type": "image", "Source": "{vtag}", "Target": "/m"}]), "folder"),
    "a mount without a kind": (host(Mounts=[{"Source": "/", "Target": "/m"}]), "folder of the machine"),
    "a mount in other letters": (host(Mounts=[{"type": "bind", "source": "/", "target": "/m"}]), "field 'type'"),
    "a mount with a driver": (
        host(
            Mounts=[
                {
                    "Type": "volume",
                    "Target": "/m",
                    "VolumeOptions": {"DriverConfig": {"Name": "local", "Options": {"type": "none", "device": "/"}}},
                }
            ]
        ),
        "driver",
    ),
    "a mount with propagation": (
        host(Mounts=[{"Type": "volume", "Target": "/m", "BindOptions": {"Propagation": "rshared"}}]),
        "BindOptions",
    ),
    "a mount to no path": (host(Mounts=[{"Type": "volume", "Source": "v", "Target": "m"}]), "absolute"),
    "another's volumes": (host(VolumesFrom=["{victim}"]), "--volumes-from"),
    "somebody's volumes": (host(VolumesFrom=["{by}:ro"]), "--volumes-from"),
    "a volume driver": (host(VolumeDriver="nfs"), "--volume-driver"),
    "the host's processes": (host(PidMode="host"), "--pid host"),
    "another's processes": (host(PidMode="container:{victim}"), "--pid container"),
    "the host's memory": (host(IpcMode="host"), "--ipc host"),
    "another's memory": (host(IpcMode="container:{victim}"), "--ipc container"),
    "shareable memory": (host(IpcMode="shareable"), "--ipc shareable"),
    "the host's name": (host(UTSMode="host"), "--uts"),
    "the host's users": (host(UsernsMode="host"), "--userns"),
    "the host's control groups": (host(CgroupnsMode="host"), "--cgroupns host"),
    "the host's network": (host(NetworkMode="host"), "--network host"),
    "another's network": (host(NetworkMode="container:{victim}"), "No such container"),
    "another's network by name": (host(NetworkMode="{vnet}"), "not found"),
    "another's network by id": (host(NetworkMode="{vnetid}"), "not found"),
    "somebody's network": (host(NetworkMode="{bynet}"), "not found"),
    "a second network from the start": (
        {"NetworkingConfig": {"EndpointsConfig": {"{vnet}": {}}}},
        "not found",
    ),
    "a network behind another's name": (
        {"NetworkingConfig": {"EndpointsConfig": {"bridge": {"NetworkID": "{vnetid}"}}}},
        "not found",
    ),
    "an address": (
        {"NetworkingConfig": {"EndpointsConfig": {"bridge": {"IPAMConfig": {"IPv4Address": "10.231.0.9"}}}}},
        "IPAMConfig",
    ),
    "a link in the network": ({"NetworkingConfig": {"EndpointsConfig": {"bridge": {"Links": ["{victim}"]}}}}, "--link"),
    "a link": (host(Links=["{victim}:x"]), "--link"),
    "a device": (
        host(Devices=[{"PathOnHost": "/dev/vda", "PathInContainer": "/d", "CgroupPermissions": "r"}]),
        "--device",
    ),
    "a rule for devices": (host(DeviceCgroupRules=["b *:* rwm"]), "--device-cgroup-rule"),
    "a request for devices": (host(DeviceRequests=[{"Count": -1}]), "--gpus"),
    "all capabilities": (host(CapAdd=["ALL"]), "--cap-add"),
    "one capability": (host(CapAdd=["SYS_ADMIN"]), "--cap-add"),
    "one in small letters": (host(CapAdd=["cap_sys_ptrace"]), "--cap-add"),
    "raw sockets": (host(CapAdd=["NET_RAW"]), "--cap-add"),
    "no seccomp": (host(SecurityOpt=["seccomp=unconfined"]), "--security-opt"),
    "a seccomp profile": (host(SecurityOpt=['seccomp={{"defaultAction":"SCMP_ACT_ALLOW"}}']), "--security-opt"),
    "no apparmor": (host(SecurityOpt=["apparmor:unconfined"]), "--security-opt"),
    "no label": (host(SecurityOpt=["label=disable"]), "--security-opt"),
    "new privileges": (host(SecurityOpt=["no-new-privileges:false"]), "--security-opt"),
    "new privileges, twice": (host(SecurityOpt=["no-new-privileges", "no-new-privileges=false"]), "--security-opt"),
    "unmasked paths": (host(SecurityOpt=["systempaths=unconfined"]), "--security-opt"),
    "no masked paths": (host(MaskedPaths=[]), "systempaths"),
    "no read-only paths": (host(ReadonlyPaths=[]), "systempaths"),
    "a kernel setting": (host(Sysctls={"net.ipv4.ip_forward": "1"}), "--sysctl"),
    "a group": (host(GroupAdd=["0"]), "--group-add"),
    "a control group": (host(CgroupParent="/"), "--cgroup-parent"),
    "another's control group": (host(Cgroup="container:{victim}"), "--cgroup"),
    "another runtime": (host(Runtime="io.containerd.runc.v1"), "--runtime"),
    "no killing": (host(OomKillDisable=True), "--oom-kill-disable"),
    "a better score": (host(OomScoreAdj=-1000), "--oom-score-adj"),
    "a quota": (host(CpuQuota=-1), "--cpu-quota"),
    "real time": (host(CpuRealtimeRuntime=950000), "--cpu-rt-runtime"),
    "a processor": (host(CpusetCpus="0"), "--cpuset-cpus"),
    "kernel memory": (host(KernelMemory=1 << 40), "--kernel-memory"),
    "a weight": (host(BlkioWeight=1000), "--blkio-weight"),
    "a ulimit": (host(Ulimits=[{"Name": "memlock", "Soft": -1, "Hard": -1}]), "--ulimit"),
    "a size of the disk": (host(StorageOpt={"size": "1T"}), "--storage-opt"),
    "an isolation": (host(Isolation="process"), "--isolation"),
    "an annotation": (host(Annotations={"a": "b"}), "--annotation"),
    "a public port": (host(PortBindings={"80/tcp": [{"HostIp": "10.0.0.1", "HostPort": "80"}]}), "publishes ports"),
    "a range of ports": (host(PortBindings={"80/tcp": [{"HostPort": "1-65535"}]}), "range of ports"),
    "a port of another kind": (host(PortBindings={"80/sctp": [{}]}), "PortBindings"),
    "an address of the host": (host(ExtraHosts=["me:host-gateway"]), "--add-host"),
    "an unknown restart": (host(RestartPolicy={"Name": "ever"}), "restart policy"),
    "a MAC address": ({"MacAddress": "02:42:ac:11:00:02"}, "--mac-address"),
    "an unknown field": ({"Whatever": 1}, "'Whatever'"),
    "an unknown field of the host": (host(Whatever=1), "'Whatever'"),
    "fields of the host on top": ({"Privileged": True, "Binds": ["/:/m"]}, "--privileged"),
    "binds on top": ({"Binds": ["/:/m"]}, "'Binds'"),
    "small letters": ({"hostconfig": {"privileged": True}}, "'hostconfig'"),
    "small letters within": (host(privileged=True), "'privileged'"),
    "a long s": ({"Ho\u017ftConfig": {"Privileged": True}}, "field"),
    "a Kelvin sign": (host(NetworKMode="host"), "field"),
    "a text for a number": (host(Memory="1"), "Memory"),
    "a number for a switch": (host(Init=1), "Init"),
    "a null character": ({"Cmd": ["a\0b"]}, "Cmd"),
    "another's image": ({"Image": "{vtag}"}, "No such image"),
    "another's image by id": ({"Image": "{vimage}"}, "No such image"),
    "somebody's image": ({"Image": "{bytag}"}, "No such image"),
    "an image's digest": ({"Image": "alpine@sha256:" + "0" * 64}, "No such image"),
    "another's label": ({"Labels": {"a": 1}}, "Labels"),
    "a signal that is none": ({"StopSignal": "../x"}, "signal"),
    "volumes with content": ({"Volumes": {"/m": {"a": 1}}}, "Volumes"),
    "a volume to no path": ({"Volumes": {"m": {}}}, "Volumes"),
}

# name: (the body's text, a word of the answer): what JSON's readers take differently.
BODIES = {
    "the same key twice": ('{"Image":"I","HostConfig":{},"HostConfig":{"Privileged":true}}', "same key twice"),
    "the same key twice within": (
        '{"Image":"I","HostConfig":{"Privileged":false,"Privileged":true}}',
        "same key twice",
    ),
    "a key written twice in two ways": ('{"Image":"I","\\u0048ostConfig":{},"HostConfig":{}}', "same key twice"),
    "a second document": ('{"Image":"I"}{"HostConfig":{"Privileged":true}}', "one JSON document"),
    "a remark": ('{"Image":"I"/**/}', "one JSON document"),
    "a list": ('[{"Image":"I"}]', "body"),
    "a text": ('"Image"', "body"),
    "not a number": ('{"Image":"I","StopTimeout":NaN}', "number"),
    "half a number": ('{"Image":"I","StopTimeout":1.5}', "number"),
    "a number with an exponent": ('{"Image":"I","StopTimeout":1e1}', "number"),
    "a huge number": ('{"Image":"I","StopTimeout":' + "9" * 400 + "}", "64 bits"),
    "half a surrogate": ('{"Image":"I","User":"\\ud800"}', "not Unicode"),
    "a mark before it": ("\ufeff" + '{"Image":"I"}', "one JSON document"),
    "too deep": ('{"Image":' + "[" * 5000 + "]" * 5000 + "}", ""),
    "deep": ('{"Image":' + "[" * 40 + "]" * 40 + "}", "deeply"),
    "a quote of one kind": ("{'Image':'I'}", "one JSON document"),
    "cut off": ('{"Image":"I"', "one JSON document"),
}
