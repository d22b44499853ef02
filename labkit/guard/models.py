"""What a request's body may hold: everything of it that can reach the engine stands here, and nothing else does."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from labkit.guard.document import Document, Labels, Long, Nothing, Path, Port, Text, Texts, Whole, Word, Words


class Health(Document):
    """HEALTHCHECK: times in nanoseconds."""

    test: Texts = Field(default_factory=list)
    interval: Whole = 0
    timeout: Whole = 0
    start_period: Whole = 0
    start_interval: Whole = 0
    retries: Annotated[int, Field(ge=0, le=1000)] = 0


class RestartPolicy(Document):
    """When the engine starts a container again."""

    name: Word = ""
    maximum_retry_count: Annotated[int, Field(ge=0, le=1 << 31)] = 0


class LogConfig(Document):
    """Where a container's output goes; the lab sets it."""

    type: Word = ""
    config: dict[Word, Word] = Field(default_factory=dict)


class PortBinding(Document):
    """Where a port is published."""

    host_ip: Word = ""
    host_port: Word = ""


Bindings = Annotated[list[PortBinding], Field(max_length=16)]  # each is a process of the machine's


class Ulimit(Document):
    """A limit of the kernel for each process."""

    name: Word
    soft: Whole
    hard: Whole


class VolumeOptions(Document):
    """Of a mount of a volume."""

    no_copy: bool = False
    labels: Labels = Field(default_factory=dict)


class TmpfsOptions(Document):
    """Of a mount in memory."""

    size_bytes: Whole = 0
    mode: Annotated[int, Field(ge=0, le=0o7777)] = 0


class Mount(Document):
    """A volume or a tmpfs in a container."""

    type: Word = ""
    source: Text = ""
    target: Text = ""
    read_only: bool = False
    consistency: Word = ""
    volume_options: VolumeOptions | None = None
    tmpfs_options: TmpfsOptions | None = None


class Wished(Document):
    """What a container may use, as a client wishes it."""

    DROPPED = frozenset({"ContainerIDFile", "ConsoleSize", "MemorySwappiness", "CpuCount", "CpuPercent"})

    memory: Whole = 0
    memory_swap: Whole = 0
    memory_reservation: Whole = 0
    nano_cpus: Whole = 0
    pids_limit: Whole = 0
    restart_policy: RestartPolicy = Field(default_factory=RestartPolicy)


class HostConfig(Wished):
    """What a container has of the machine."""

    cap_add: Words = Field(default_factory=list)
    cap_drop: Words = Field(default_factory=list)
    security_opt: Words = Field(default_factory=list)
    log_config: LogConfig = Field(default_factory=LogConfig)
    runtime: Word = ""
    ulimits: Annotated[list[Ulimit], Field(max_length=16)] = Field(default_factory=list)
    shm_size: Whole = 0
    tmpfs: Annotated[dict[Path, Text], Field(max_length=16)] = Field(default_factory=dict)
    ipc_mode: Word = ""
    pid_mode: Word = ""
    cgroupns_mode: Word = ""
    network_mode: Word = ""
    init: bool = False
    readonly_rootfs: bool = False
    auto_remove: bool = False
    publish_all_ports: bool = False
    dns: Words = Field(default_factory=list)
    dns_options: Words = Field(default_factory=list)
    dns_search: Words = Field(default_factory=list)
    extra_hosts: Words = Field(default_factory=list)
    port_bindings: Annotated[dict[Port, Bindings | None], Field(max_length=16)] = Field(default_factory=dict)
    binds: Annotated[list[Text], Field(max_length=16)] = Field(default_factory=list)
    mounts: Annotated[list[Mount], Field(max_length=16)] = Field(default_factory=list)


class Endpoint(Document):
    """A container's place on a network."""

    aliases: Words = Field(default_factory=list)
    network_id: Word = Field(default="", alias="NetworkID")
    DROPPED = frozenset({"EndpointID", "Gateway", "IPAddress", "DNSNames"})


class Networking(Document):
    """Which networks a container is on from its start."""

    endpoints_config: Annotated[dict[Word, Endpoint | None], Field(max_length=8)] = Field(default_factory=dict)


class Container(Document):
    """ContainerCreate (source: Engine API 1.41)."""

    DROPPED = frozenset({"OnBuild", "ArgsEscaped"})

    hostname: Word = ""
    domainname: Word = ""
    user: Word = ""
    attach_stdin: bool = False
    attach_stdout: bool = False
    attach_stderr: bool = False
    tty: bool = False
    open_stdin: bool = False
    stdin_once: bool = False
    env: Texts = Field(default_factory=list)
    cmd: Texts | Long = Field(default_factory=list)
    entrypoint: Texts | Long = Field(default_factory=list)
    shell: Texts = Field(default_factory=list)
    image: Word = ""
    working_dir: Text = ""
    stop_signal: Word = ""
    stop_timeout: Whole = 10
    network_disabled: bool = False
    labels: Labels = Field(default_factory=dict)
    exposed_ports: Annotated[dict[Port, Nothing], Field(max_length=16)] = Field(default_factory=dict)
    volumes: Annotated[dict[Path, Nothing], Field(max_length=16)] = Field(default_factory=dict)
    healthcheck: Health | None = None
    host_config: HostConfig = Field(default_factory=HostConfig)
    networking_config: Networking = Field(default_factory=Networking)


class Exec(Document):
    """ContainerExec."""

    DROPPED = frozenset({"Container"})  # the SDK says it here, too
    attach_stdin: bool = False
    attach_stdout: bool = False
    attach_stderr: bool = False
    tty: bool = False
    detach: bool = False
    detach_keys: Word = ""
    console_size: Annotated[list[Annotated[int, Field(ge=0, le=10000)]], Field(max_length=2)] = Field(
        default_factory=list
    )
    cmd: Texts = Field(default_factory=list)
    env: Texts = Field(default_factory=list)
    user: Word = ""
    working_dir: Text = ""


class ExecStart(Document):
    """ExecStart."""

    detach: bool = False
    tty: bool = False
    console_size: Annotated[list[Annotated[int, Field(ge=0, le=10000)]], Field(max_length=2)] = Field(
        default_factory=list
    )


class Update(Wished):
    """ContainerUpdate."""


class Volume(Document):
    """VolumeCreate."""

    name: Word = ""
    driver: Word = ""
    labels: Labels = Field(default_factory=dict)


class Ipam(Document):
    """A network's addresses; the lab gives them."""

    driver: Word = ""


class Network(Document):
    """NetworkCreate."""

    DROPPED = frozenset({"CheckDuplicate", "Attachable"})
    name: Word = ""
    driver: Word = ""
    internal: bool = False
    labels: Labels = Field(default_factory=dict)
    ipam: Ipam = Field(default_factory=Ipam, alias="IPAM")


class Connect(Document):
    """NetworkConnect and NetworkDisconnect."""

    container: Word = ""
    endpoint_config: Endpoint = Field(default_factory=Endpoint)
    force: bool = False


class Credentials(Document):
    """AuthConfig: who logs in at a registry; its keys have small letters."""

    DROPPED = frozenset({"auth", "email"})
    username: Word = Field(default="", alias="username")
    password: Text = Field(default="", alias="password")
    serveraddress: Word = Field(default="", alias="serveraddress")
