"""The chapter's commands through the guard, with each docker command that this machine has; and the SDK."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import urllib.request

import docker
import pytest
from live_guard import SMALL, until

CLIENTS = sorted({*filter(None, (shutil.which("docker"), shutil.which("docker", path="/usr/bin")))})
DOCKERFILE = """FROM node:20-alpine
WORKDIR /app
COPY app.js .
EXPOSE 3000
USER node
CMD ["node", "app.js"]
"""
APP = """require("http").createServer((q, r) => r.end("hello")).listen(3000, () => console.log("up"));
process.on("SIGTERM", () => process.exit(0));
"""


@pytest.fixture(params=CLIENTS)
def run(request, guard, me):
    """Run a docker command, and give what it prints; it must succeed unless it is said otherwise."""

    def command(*arguments, code=0, **options):
        done = guard.docker(me, *arguments, program=request.param, **options)
        assert done.returncode == code, done.stderr
        return done.stdout + (done.stderr if code else "")

    return command


@pytest.fixture
def project(tmp_path):
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    (tmp_path / "app.js").write_text(APP)
    return str(tmp_path)


def test_the_chapters_commands(run, project):
    name = f"app{secrets.token_hex(4)}"
    image = f"me/{name}:latest"
    run("build", "-t", image, project)
    assert "Using cache" in run("build", "-t", image, project)
    assert "Using cache" not in run("build", "-t", f"{name}:1.0.0", "--no-cache", project)
    assert run("images", "-q", f"me/{name}")
    run("run", "-d", "-p", "3000", "--name", name, image)
    try:
        assert name in run("ps", "--format", "{{.Names}}")
        until(lambda: "up" in run("logs", name))
        port = run("port", name, "3000").strip()
        assert port.startswith("127.0.0.1:")
        with urllib.request.urlopen(f"http://{port}", timeout=10) as reply:
            assert reply.read() == b"hello"
        assert run("exec", name, "whoami") == "node\n"
        assert run("inspect", "-f", "{{.Config.Image}} {{.HostConfig.Memory}}", name) == f"{image} {512 << 20}\n"
        assert name in run("stats", "--no-stream", "--format", "{{.Name}}")
        assert "node" in run("top", name)
        assert run("diff", name) == ""
        run("exec", "-u", "root", name, "touch", "/new")
        assert run("diff", name) == "A /new\n"
        run("exec", "-d", "-u", "root", name, "touch", "/newer")
        until(lambda: "A /newer" in run("diff", name))
        run("tag", image, f"{name}.example/my-app:1")
        assert "registry" in run("push", f"{name}.example/my-app:1", code=1)
        run("stop", "-t", "5", name)
        assert run("inspect", "-f", "{{.State.ExitCode}}", name) == "0\n"
        assert name in run("ps", "-a", "--format", "{{.Names}}")
        run("start", name)
        run("kill", name)
        run("rm", name)
    finally:
        run("rm", "-f", name, code=0) if name in run("ps", "-aq", "--filter", f"name={name}") else None
    assert run("history", "-q", image)
    run("rmi", image, f"{name}:1.0.0", f"{name}.example/my-app:1")
    assert run("images", "-q", f"me/{name}") == ""


def test_pull_and_prune(run):
    assert "up to date" in run("pull", "node:20-alpine")
    assert "does not pull nginx" in run("pull", "nginx", code=1)
    run("image", "prune", "-f")
    run("system", "df")
    run("version")
    assert "Storage Driver" in run("info")


def test_a_name_that_moves_leaves_an_image_without_one(run, tmp_path):
    name = f"moved{secrets.token_hex(4)}"
    for number in (1, 2):
        (tmp_path / "Dockerfile").write_text(f"FROM {SMALL}\nLABEL of={name} number={number}\n")
        run("build", "-q", "-t", name, str(tmp_path))
    listed = ("images", "--filter", f"label=of={name}", "--format", "{{.Repository}}")
    assert sorted(run(*listed).split()) == ["<none>", name]
    assert run(*listed, "--filter", "dangling=true").split() == ["<none>"]
    run("image", "prune", "-f", "--filter", f"label=of={name}")
    assert run(*listed).split() == [name]
    run("rmi", name)


def test_a_dockerfile_from_standard_input(run, tmp_path):
    (tmp_path / "notes").write_text("hello")  # not a whole block: the docker command does not fill it up here
    name = f"app{secrets.token_hex(4)}"
    run("build", "-t", name, "-f", "-", str(tmp_path), input=f"FROM {SMALL}\nCOPY notes /\nCMD cat /notes\n")
    assert run("run", "--rm", name) == "hello"
    run("rmi", name)


def test_data_and_networks(run):
    name = f"n{secrets.token_hex(4)}"
    run("network", "create", name)
    run("volume", "create", name)
    run("run", "--rm", "-v", f"{name}:/d", SMALL, "sh", "-c", "echo kept > /d/f")
    run("run", "-d", "--name", name, "--network", name, "-v", f"{name}:/d:ro", SMALL, "sleep", "60")
    # By its name, over the network of their own.
    assert "Name:" in run("run", "--rm", "--network", name, SMALL, "nslookup", name)
    assert run("exec", name, "cat", "/d/f") == "kept\n"
    assert "Read-only" in run("exec", name, "touch", "/d/g", code=1)
    assert run("network", "inspect", "-f", "{{range .Containers}}{{.Name}}{{end}}", name) == f"{name}\n"
    run("rm", "-f", name)
    run("network", "rm", name)
    run("volume", "rm", name)


def test_limits_are_kept(run):
    """What is asked for within the limits is given; more is cut down to them."""
    shown = "{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.PidsLimit}}"
    wished = run("create", "-m", "64m", "--cpus", "0.5", "--pids-limit", "20", SMALL).strip()
    too_much = run("create", "-m", "64g", "--cpus", "2", "--pids-limit", "-1", "--restart", "always", SMALL).strip()
    assert run("inspect", "-f", shown, wished) == f"{64 << 20} 500000000 20\n"
    assert run("inspect", "-f", shown, too_much) == f"{1 << 30} 2000000000 256\n"
    run("rm", wished, too_much)


def test_nameless_volumes(run):
    """Those that go with ``--rm`` fill nothing; of those that stay, there may be so many and no more."""
    many = [word for number in range(16) for word in ("-v", f"/v{number}")]
    for _ in range(3):
        run("run", "--rm", *many, SMALL, "true")
    kept = [run("create", *many, SMALL).strip() for _ in range(2)]
    assert "the lab allows 40" in run("create", *many, SMALL, code=1)
    run("rm", "-v", *kept)


class TestTheSdk:
    @pytest.fixture
    def client(self, guard, me):
        found = docker.DockerClient(base_url=guard.host(me), timeout=60)
        yield found
        found.close()

    def test_run(self, client):
        assert client.containers.run(SMALL, ["echo", "hi"], remove=True) == b"hi\n"

    def test_a_life(self, client):
        container = client.containers.run(SMALL, ["cat"], detach=True, stdin_open=True, tty=True)
        assert container.exec_run(["id", "-u"]).output == b"0\n"
        assert container in client.containers.list()
        container.stop(timeout=1)
        assert container.wait()["StatusCode"] == 137
        container.remove()

    def test_build(self, client, project):
        image, _ = client.images.build(path=project, tag=f"sdk{secrets.token_hex(4)}")
        assert image.attrs["Config"]["User"] == "node"
        client.images.remove(image.tags[0])

    def test_what_is_refused(self, client):
        with pytest.raises(docker.errors.APIError, match="--privileged"):
            client.containers.run(SMALL, privileged=True)

    def test_what_is_not_there(self, client):
        with pytest.raises(docker.errors.NotFound, match="No such container"):
            client.containers.get("never")


def test_testcontainers(guard, me):
    """A test library that knows of no guard; its reaper, which mounts the engine's socket, is off."""
    code = f"""
from testcontainers.core.container import DockerContainer
with DockerContainer("{SMALL}").with_command("sleep 60") as container:
    print(container.exec(["echo", "hi"]).output.decode())
"""
    env = {**os.environ, "DOCKER_HOST": guard.host(me), "TESTCONTAINERS_RYUK_DISABLED": "true"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout.strip() == "hi", done.stderr
