"""The lab's own engine, for real, beside the one that runs: started, used, broken, ended, and nothing left."""

from __future__ import annotations

import gc
import hashlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from labkit.engine.find import Candidate, probe
from labkit.engine.hostproc import processes
from labkit.engine.private import Private
from labkit.errors import DiskFull, EngineDied

if TYPE_CHECKING:
    import docker

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="starting a dockerd needs root")

BRIDGE = "labkittest"
# perl is essential on Debian; with its own libraries it is a whole container of 6 MB that answers HTTP.
PERL = Path("/usr/bin/perl")
SERVE = (
    r'$SIG{TERM}=sub{exit 0};socket(S,2,1,6);bind(S,pack("Sna4x8",2,8080,"\0\0\0\0"))or die;listen(S,5);'
    r'while(accept(C,S)){sysread(C,$_,999);syswrite(C,"HTTP/1.0 200 OK\r\n\r\nhello from inside");close(C)}'
)


def packet_filter() -> set[str]:
    """The packet filter's lasting lines: what the other engine's networks and containers add comes and goes."""
    saved = subprocess.run(["iptables-save"], capture_output=True, text=True, check=True).stdout
    lines = (re.sub(r" \[.*", "", line) for line in saved.splitlines() if not line.startswith("#"))
    return {line for line in lines if "br-" not in line and "172." not in line and "--dport" not in line}


def links() -> set[str]:
    """The network interfaces but those that come and go with the other engine's networks and containers."""
    shown = subprocess.run(["ip", "-json", "addr"], capture_output=True, text=True, check=True).stdout
    found = json.loads(shown)
    ours = {it["ifname"] for it in found for address in it["addr_info"] if address["local"].startswith("10.2")}
    return ours | {it["ifname"] for it in found if not it["ifname"].startswith(("veth", "br-"))}


def processes_of(private: Private) -> list[list[str]]:
    words = (str(private.run), str(private.home))
    return [argv for pid, argv in processes() if pid != os.getpid() and any(w in a for a in argv for w in words)]


def mounts_of(private: Private) -> list[str]:
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return [line for line in lines if f"{private.home}/data" in line or str(private.run) in line]


@pytest.fixture
def private():
    """A private engine of this test's own; a socket's path must be short, so not in pytest's folder."""
    with tempfile.TemporaryDirectory(prefix="labkit-") as folder:
        it = Private(Path(folder) / "home", Path(folder) / "run", BRIDGE)
        before = packet_filter(), links()
        try:
            yield it
        finally:
            it.stop()
        assert (packet_filter(), links()) == before
        assert not processes_of(it)
        assert not mounts_of(it)
        assert not it.run.exists()
        assert it.status().state == "stopped"


def image_from_host() -> bytes:
    """A root file system with perl and what it loads."""
    printed = subprocess.run(["ldd", str(PERL)], capture_output=True, text=True, check=True).stdout
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", dereference=True) as archive:
        for path in [str(PERL), *re.findall(r"(/\S+) \(0x", printed)]:
            archive.add(path)
    return out.getvalue()


def served(client: docker.DockerClient, **options: object) -> tuple[docker.models.containers.Container, str]:
    """Run the server, published on loopback; return the container and its address."""
    client.api.import_image_from_data(image_from_host(), repository="labkit-test/served", tag="1")
    argv = [str(PERL), "-e", SERVE]
    ports = {"8080/tcp": ("127.0.0.1", 0)}
    box = client.containers.run("labkit-test/served:1", argv, ports=ports, detach=True, **options)
    box.reload()
    return box, f"http://127.0.0.1:{box.ports['8080/tcp'][0]['HostPort']}/"


def answer(url: str) -> str:
    """What the server says, once it listens."""
    deadline = time.monotonic() + 10
    while True:
        try:
            return requests.get(url, timeout=5).text
        except requests.ConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


@pytest.fixture
def bystander(engine):
    """A container on the engine that runs anyway: the address that it must keep answering at."""
    box, url = served(engine.client)
    yield url
    box.remove(force=True)
    engine.remove_image("labkit-test/served:1")


def test_started_used_and_ended(private, bystander):
    seen = []
    assert private.start(lambda what, *_: seen.append(what)) is True
    assert private.start() is False, "it runs already"
    assert private.status().state == "running"
    assert seen
    found = probe(Candidate(private.url, "here"))
    try:
        _, url = served(found.client)
        assert answer(url) == "hello from inside"
        network = found.client.networks.create("one")
        _, url = served(found.client, network="one", name="second")
        assert answer(url) == "hello from inside"
        assert network.attrs["IPAM"]["Config"][0]["Subnet"].startswith("10.2")
    finally:
        found.client.close()
    assert answer(bystander) == "hello from inside"
    assert private.stop() is True
    assert private.stop() is False
    assert answer(bystander) == "hello from inside"


def test_images_stay_for_the_next_time(private):
    private.start()
    found = probe(Candidate(private.url, "here"))
    found.client.api.import_image_from_data(image_from_host(), repository="labkit-test/served", tag="1")
    found.client.close()
    private.stop()
    private.start()
    found = probe(Candidate(private.url, "here"))
    assert found.image("labkit-test/served:1")
    found.client.close()


# The SDK leaves its socket to the garbage collector where it cannot connect.
@pytest.mark.filterwarnings("ignore:Exception ignored.*socket:pytest.PytestUnraisableExceptionWarning")
def test_a_daemon_that_died(private):
    """kill -9 while a container runs: the error says so, the next start tidies up and works."""
    private.start()
    found = probe(Candidate(private.url, "here"))
    box, url = served(found.client)
    assert answer(url)
    daemon = private.pid()
    assert daemon
    os.kill(daemon, signal.SIGKILL)
    wait_gone(daemon)
    with pytest.raises(EngineDied, match="stopped answering while listing containers") as caught:
        found.containers()
    assert "start it again" in caught.value.fix
    del caught
    gc.collect()
    with pytest.raises(EngineDied, match="does not answer"):
        probe(Candidate(private.url, "here"))
    found.client.close()
    assert private.status().state == "died"
    assert private.start() is True
    again = probe(Candidate(private.url, "here"))
    states = {each["Id"]: each["State"] for each in again.containers()}
    again.client.close()
    assert states[box.id] == "exited"


def wait_gone(pid: int) -> None:
    deadline = time.monotonic() + 10
    while any(each == pid and argv[0] for each, argv in processes()):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_stale_pid_file_that_names_another_process(private):
    private.run.mkdir(parents=True)
    with subprocess.Popen(["sleep", "60"]) as bystander:
        (private.run / "dockerd.pid").write_text(str(bystander.pid))
        assert private.status().state == "stopped"
        assert private.start() is True
        private.stop()
        assert bystander.poll() is None, "only the daemon itself is ended"
        bystander.terminate()


def test_a_half_started_daemon(private):
    """The one who started it was killed before it answered: the next start waits for it, and starts no second one."""
    program = (
        "import sys, pathlib; from labkit.engine.private import Private\n"
        "Private(*map(pathlib.Path, sys.argv[1:3]), sys.argv[3])._launch()"
    )
    subprocess.run([sys.executable, "-c", program, str(private.home), str(private.run), BRIDGE], check=True)
    assert private.start() is False
    assert private.status().state == "running"
    daemons = [argv for argv in processes_of(private) if argv[0] == "dockerd"]
    assert len(daemons) == 1


def test_two_starts_at_once_make_one_daemon(private):
    argv = [sys.executable, "-m", "labkit.engine", "start", str(private.home), str(private.run), BRIDGE, "root"]
    with subprocess.Popen(argv) as first, subprocess.Popen(argv) as second:
        assert (first.wait(60), second.wait(60)) == (0, 0)
    daemons = [argv for argv in processes_of(private) if argv[0] == "dockerd"]
    assert len(daemons) == 1


def test_a_daemon_that_cannot_start_says_why(private):
    (private.home / "data").mkdir(parents=True)
    (private.home / "data/containers").write_text("in the way")
    with pytest.raises(EngineDied, match="ended while starting") as caught:
        private.start()
    assert str(private.log) in caught.value.fix


@pytest.fixture
def small_disk(private):
    """The private engine's home on a disk of 24 MB."""
    private.home.mkdir(parents=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(private.home)], check=False)
    if mounted.returncode:
        pytest.skip("this machine does not let tests mount a file system")
    yield private
    private.stop()
    subprocess.run(["umount", str(private.home)], check=True)


def test_a_full_disk(small_disk):
    small_disk.start()
    found = probe(Candidate(small_disk.url, "here"))
    big = io.BytesIO()
    with tarfile.open(fileobj=big, mode="w") as archive:
        info = tarfile.TarInfo("big")
        info.size = 40 << 20
        archive.addfile(info, io.BytesIO(os.urandom(info.size)))
    archive_path = Path(tempfile.mkstemp(suffix=".tar")[1])
    try:
        archive_path.write_bytes(docker_archive(big.getvalue()))
        with pytest.raises(DiskFull, match="no room left") as caught:
            found.load(archive_path)
    finally:
        archive_path.unlink()
        found.client.close()
    assert "labkit clean" in caught.value.fix


def docker_archive(layer: bytes) -> bytes:
    """The smallest archive that `docker load` takes. source: docker/image spec v1.2."""
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]},
        "history": [{"created_by": "test"}],
    }
    files = {
        "config.json": json.dumps(config).encode(),
        "layer.tar": layer,
        "manifest.json": json.dumps(
            [{"Config": "config.json", "RepoTags": ["big:1"], "Layers": ["layer.tar"]}]
        ).encode(),
    }
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()
