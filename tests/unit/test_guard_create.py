"""What reaches the engine of a container's wish."""

from __future__ import annotations

import pytest
from fake_guard import COURSE, seat

from labkit.guard import create, models
from labkit.guard.document import read
from labkit.guard.refusal import Malformed, Refused
from labkit.limits import CAPABILITIES

NS = 10**9


def made(host=None, it=None, exposed=(), name="", **config):
    """Give ContainerCreate's document for a wish."""
    body = read(models.Container, {"Image": "alpine:3.20", "HostConfig": host or {}, **config})
    return create.container(body, it or seat(), word="w", name=name, exposed=exposed)[0]


def host(wish=None, **more):
    return made(wish, **more)["HostConfig"]


def test_what_is_always_there():
    assert host() == {
        "Memory": 512 << 20,
        "MemorySwap": 512 << 20,
        "NanoCpus": NS,
        "PidsLimit": 256,
        "CapDrop": ["ALL"],
        "CapAdd": list(CAPABILITIES),
        "SecurityOpt": ["no-new-privileges:true"],
        "LogConfig": {"Type": "json-file", "Config": {"max-size": str(1 << 20), "max-file": "1"}},
        "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
        "Ulimits": [],
        "ShmSize": 64 << 20,
        "IpcMode": "private",
        "CgroupnsMode": "private",
        "NetworkMode": "lk-ada-bridge",
        "ExtraHosts": [],
        "Dns": [],
        "DnsOptions": [],
        "DnsSearch": [],
        "Tmpfs": {},
        "Init": False,
        "ReadonlyRootfs": False,
        "AutoRemove": False,
        "PublishAllPorts": False,
        "Mounts": [],
        "PortBindings": {},
    }


@pytest.mark.parametrize(
    ("wish", "key", "value"),
    [
        ({"Memory": 64 << 20}, "Memory", 64 << 20),
        ({"Memory": 64 << 20}, "MemorySwap", 64 << 20),
        ({"Memory": 1 << 40}, "Memory", 1 << 30),
        ({"Memory": -1}, "Memory", 512 << 20),
        ({"Memory": 64 << 20, "MemorySwap": -1}, "MemorySwap", 64 << 20),
        ({"NanoCpus": 5 * NS // 10}, "NanoCpus", NS // 2),
        ({"NanoCpus": 64 * NS}, "NanoCpus", 2 * NS),
        ({"PidsLimit": 10}, "PidsLimit", 10),
        ({"PidsLimit": -1}, "PidsLimit", 256),
        ({"PidsLimit": 1 << 20}, "PidsLimit", 256),
        ({"ShmSize": 1 << 40}, "ShmSize", 256 << 20),
        ({"ShmSize": 1 << 20}, "ShmSize", 1 << 20),
        ({"RestartPolicy": {"Name": "always"}}, "RestartPolicy", {"Name": "on-failure", "MaximumRetryCount": 3}),
        (
            {"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 2}},
            "RestartPolicy",
            {"Name": "on-failure", "MaximumRetryCount": 2},
        ),
        ({"LogConfig": {"Type": "syslog", "Config": {"a": "b"}}}, "LogConfig", host()["LogConfig"]),
        ({"CapAdd": ["chown", "CAP_KILL"]}, "CapAdd", list(CAPABILITIES)),
        ({"CapDrop": ["CAP_CHOWN"]}, "CapAdd", [each for each in CAPABILITIES if each != "CHOWN"]),
        ({"CapDrop": ["ALL"]}, "CapAdd", []),
        ({"CapDrop": ["all"], "CapAdd": ["NET_BIND_SERVICE"]}, "CapAdd", ["NET_BIND_SERVICE"]),
        ({"SecurityOpt": ["no-new-privileges"]}, "SecurityOpt", ["no-new-privileges:true"]),
        (
            {"Ulimits": [{"Name": "nofile", "Soft": -1, "Hard": 10**9}]},
            "Ulimits",
            [{"Name": "nofile", "Soft": 65536, "Hard": 65536}],
        ),
        (
            {"Tmpfs": {"/t": "size=1m,mode=1777,exec,suid"}},
            "Tmpfs",
            {"/t": "rw,nosuid,nodev,noexec,size=1048576,mode=1777"},
        ),
        ({"Tmpfs": {"/t": "size=9g"}}, "Tmpfs", {"/t": f"rw,nosuid,nodev,noexec,size={64 << 20}"}),
        ({"Tmpfs": {"/t": "size=999999m"}}, "Tmpfs", {"/t": f"rw,nosuid,nodev,noexec,size={256 << 20}"}),
        ({"IpcMode": "none"}, "IpcMode", "none"),
        ({"ExtraHosts": ["db:10.0.0.1", "six:fe80::1"]}, "ExtraHosts", ["db:10.0.0.1", "six:fe80::1"]),
        ({"NetworkMode": "none"}, "NetworkMode", "none"),
        ({"NetworkMode": "default"}, "NetworkMode", "lk-ada-bridge"),
    ],
)
def test_a_wish_within_the_limits(wish, key, value):
    assert host(wish)[key] == value


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"PidMode": "host"}, "--pid host"),
        ({"PidMode": "container:x"}, "--pid container:x"),
        ({"IpcMode": "host"}, "--ipc host"),
        ({"IpcMode": "shareable"}, "--ipc shareable"),
        ({"CgroupnsMode": "host"}, "--cgroupns host"),
        ({"NetworkMode": "host"}, "--network host"),
        ({"Runtime": "kata"}, "--runtime kata"),
        ({"CapAdd": ["SYS_ADMIN"]}, "--cap-add SYS_ADMIN"),
        ({"CapAdd": ["ALL"]}, "--cap-add ALL"),
        ({"SecurityOpt": ["seccomp=unconfined"]}, "--security-opt seccomp"),
        ({"SecurityOpt": ["no-new-privileges:true", "no-new-privileges:false"]}, "--security-opt no-new"),
        ({"ExtraHosts": ["x:host-gateway"]}, "--add-host x:host-gateway"),
        ({"Ulimits": [{"Name": "rtprio", "Soft": 9, "Hard": 9}]}, "--ulimit rtprio"),
        ({"Binds": ["/:/host"]}, "folder of the machine"),
        ({"Mounts": [{"Type": "bind", "Source": "/", "Target": "/host"}]}, "folder of the machine"),
        ({"PortBindings": {"80/tcp": [{"HostIp": "10.0.0.9", "HostPort": "80"}]}}, "not on 10.0.0.9"),
        ({"PortBindings": {"80/tcp": [{"HostPort": "80-90"}]}}, "range of ports"),
    ],
)
def test_a_wish_that_is_a_wall(wish, words):
    with pytest.raises(Refused, match=words) as found:
        made(wish)
    assert found.value.status == 403


@pytest.mark.parametrize("mode", ["other", "container:other", "lk-eve-net", "ns:/proc/1/ns/net", "0123456789ab"])
def test_a_network_that_is_not_the_seats_is_not_there(mode):
    with pytest.raises(Refused) as found:
        made({"NetworkMode": mode})
    assert found.value.status == 404


def test_labels_are_the_labs_whatever_the_client_says():
    labels = {"a": "1", "labkit.guard": "eve", "LabKit.Guard": "eve", "labKit.x": "1"}
    assert made(Labels=labels)["Labels"] == {"a": "1", "labkit.guard": "ada", "labkit.guard.intent": "w"}


def test_the_image_goes_by_id():
    assert made()["Image"] == COURSE["alpine:3.20"]
    assert create.container(read(models.Container, {"Image": "a1a1"}), seat(), word="w")[1] == "a1a1"
    with pytest.raises(Refused, match="No such image: nobodys:latest"):
        made(Image="nobodys")


@pytest.mark.parametrize(("seconds", "given"), [(5, 5), (0, 0), (-1, 0), (3600, 30)])
def test_stopping_takes_no_longer_than_the_seat_may(seconds, given):
    assert made(StopTimeout=seconds)["StopTimeout"] == given


def test_a_health_check_is_not_run_all_the_time():
    health = {"Test": ["CMD", "true"], "Interval": 10**6, "StartInterval": 1, "Timeout": 5}
    assert made(Healthcheck=health)["Healthcheck"] == health | {"Interval": 5 * NS, "StartInterval": 5 * NS}


@pytest.mark.parametrize("signal", ["SIGTERM; x", "sigterm", "é"])
def test_a_signal_is_a_signal(signal):
    with pytest.raises(Malformed, match="invalid signal"):
        made(StopSignal=signal)


class TestPorts:
    @pytest.mark.parametrize("wish", [None, [], [{"HostPort": ""}], [{"HostPort": "0"}]])
    def test_the_engine_chooses_one_of_the_seats(self, wish):
        there = self.bound({"80/tcp": wish}, it=seat(ports=(8000, 8100)))
        assert there == {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8000-8100"}]}

    def bound(self, wish, **more):
        return host({"PortBindings": wish}, **more)["PortBindings"]

    @pytest.mark.parametrize("ip", ["", "0.0.0.0", "::", "127.0.0.1", "localhost"])  # noqa: S104
    def test_are_published_on_the_seats_address(self, ip):
        there = self.bound({"80/tcp": [{"HostIp": ip, "HostPort": "8080"}]}, it=seat(publish="127.0.0.2"))
        assert there == {"80/tcp": [{"HostIp": "127.0.0.2", "HostPort": "8080"}]}

    def test_two_for_both_families_become_one(self):
        both = [{"HostIp": "0.0.0.0", "HostPort": "8080"}, {"HostIp": "::", "HostPort": "8080"}]  # noqa: S104
        assert len(self.bound({"80/tcp": both})["80/tcp"]) == 1

    @pytest.mark.parametrize("port", ["7999", "8101", "1", "65536", "99999"])
    def test_are_the_seats_own(self, port):
        with pytest.raises(Refused, match="8000 to 8100"):
            self.bound({"80/tcp": [{"HostPort": port}]}, it=seat(ports=(8000, 8100)))

    @pytest.mark.parametrize("wish", [None, [], [{"HostPort": ""}], [{"HostPort": "0"}]])
    def test_the_engine_chooses_where_none_is_named(self, wish):
        (there,) = self.bound({"80/tcp": wish})["80/tcp"]
        assert there["HostIp"] == "127.0.0.1"
        assert there["HostPort"] in ("", "0")

    def test_all_that_are_exposed(self):
        there = host({"PublishAllPorts": True}, ExposedPorts={"80/tcp": {}}, exposed=["443/tcp"])["PortBindings"]
        assert there == {port: [{"HostIp": "127.0.0.1", "HostPort": ""}] for port in ("80/tcp", "443/tcp")}

    def test_all_that_are_exposed_are_not_thousands(self):
        with pytest.raises(Refused, match="16 ports"):
            host({"PublishAllPorts": True}, exposed=[f"{port}/tcp" for port in range(1, 60000)])


class TestNetworks:
    @pytest.fixture
    def it(self):
        found = seat()
        found.own("network", "e" * 64, "net")
        found.own("network", "f" * 64, "two")
        found.own("container", "c" * 64, "db")
        return found

    @pytest.mark.parametrize("mode", ["net", "e" * 64, "eee"])
    def test_own_ones_go_by_name_with_the_containers_as_alias(self, it, mode):
        found = made({"NetworkMode": mode}, it=it, name="web")
        assert found["HostConfig"]["NetworkMode"] == "lk-ada-net"
        assert found["NetworkingConfig"] == {"EndpointsConfig": {"lk-ada-net": {"Aliases": ["web"]}}}

    def test_an_own_containers(self, it):
        found = made({"NetworkMode": "container:db"}, it=it)
        assert found["HostConfig"]["NetworkMode"] == "container:" + "c" * 64
        assert found["NetworkingConfig"] == {"EndpointsConfig": {}}

    def test_endpoints(self, it):
        ends = {"net": {"Aliases": ["a", "web", "a"], "NetworkID": "e" * 64}}
        found = made({"NetworkMode": "net"}, it=it, name="web", NetworkingConfig={"EndpointsConfig": ends})
        assert found["NetworkingConfig"] == {"EndpointsConfig": {"lk-ada-net": {"Aliases": ["a", "web"]}}}

    @pytest.mark.parametrize(
        ("mode", "ends", "status"),
        [
            ("net", {"two": {}}, 400),
            ("none", {"net": {}}, 400),
            ("net", {"net": {"NetworkID": "f" * 64}}, 400),
            ("net", {"net": {"NetworkID": "d" * 64}}, 404),
            ("net", {"host": {}}, 403),
            ("net", {"bridge": None}, 400),
            ("net", {"net": {"Links": ["x:y"]}}, 403),
            ("net", {"net": {"MacAddress": "02:42:ac:11:00:02"}}, 403),
            ("net", {"net": {"DriverOpts": {"a": "b"}}}, 403),
        ],
    )
    def test_endpoints_that_are_refused(self, it, mode, ends, status):
        with pytest.raises(Refused) as found:
            made({"NetworkMode": mode}, it=it, NetworkingConfig={"EndpointsConfig": ends})
        assert found.value.status == status
