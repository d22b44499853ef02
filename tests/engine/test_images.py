"""The base images do what the course does with them, on a real engine.

They must have been prepared (`labkit images prepare`); where the engine has the real ones, the tests of stand-ins skip.
"""

import base64
import json
import os
import subprocess
import time
import uuid

import pytest
import requests
from click.testing import CliRunner

from labkit import images
from labkit.cli_images import images as commands
from labkit.engine import connect
from labkit.errors import ImageError, LabError
from labkit.images import State, manage
from labkit.images.fetch import fetch
from labkit.images.layer import Layer, StoredLayer, image_config, image_id, write_archive
from labkit.images.npm_cache import content_path
from labkit.images.pins import lock_files
from labkit.images.recipes import RECIPES
from labkit.images.recipes.base import STAND_IN, Part, Recipe
from labkit.images.store import Store, default_root
from labkit.progress import silent

SECONDS = 30.0


@pytest.fixture(scope="module", autouse=True)
def prepared():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LABKIT_OFFLINE", "1")
        yield {one.name: one for one in images.prepare(connect())}


@pytest.fixture
def run(engine):
    """Run a command in a fresh container with the network off; return its exit code and output."""
    made = []

    def run_(image, script, **options):
        container = engine.create(image, ["sh", "-c", script], network_mode="none", **options)
        made.append(container)
        engine.start(container)
        return engine.wait(container, SECONDS), engine.logs(container)

    yield run_
    for container in made:
        engine.remove(container)


@pytest.fixture
def made_up(engine, monkeypatch, tmp_path):
    """A tiny course image of the test's own, so that no real name is touched."""
    name = f"labkit-test-images:{uuid.uuid4().hex[:12]}"
    content = ["one"]

    def make(_store):
        layer = Layer()
        layer.file("hello", content[0])
        return layer

    def recipe():
        return Recipe(name, (Part(f"a test {content[0]}", (), make),), {"Cmd": ["/hello"]})

    monkeypatch.setitem(RECIPES, name, recipe)
    monkeypatch.setenv("LABKIT_OFFLINE", "1")
    monkeypatch.delenv("LABKIT_MIRROR", raising=False)
    yield name, content, Store(tmp_path / "cache")
    engine.remove_image(name, force=True)


def load_tiny(engine, tmp_path, name):
    """Load an image that a person could have made, without our label."""
    layer = Layer()
    layer.file("mine", name)
    with (tmp_path / "layer").open("wb") as stream:
        stored = StoredLayer(layer.write(stream), tmp_path / "layer", "mine")
    config = image_config([stored], {})
    write_archive(tmp_path / "image.tar", name, config, [stored])
    engine.load(tmp_path / "image.tar")
    return image_id(config)


def test_all_are_there_and_asking_again_is_quick(engine):
    start = time.monotonic()
    found = images.prepare(engine)
    assert time.monotonic() - start < 1
    assert [one.name for one in found] == list(images.COURSE_IMAGES)
    assert all(one.state is not State.ABSENT and one.size for one in found)


@pytest.mark.parametrize("name", images.COURSE_IMAGES)
def test_a_second_assembly_is_the_same_image(name, prepared, tmp_path):
    if prepared[name].state is not State.STAND_IN:
        pytest.skip("the engine has an image that the lab did not assemble")
    downloads, recipe = Store(default_root()), RECIPES[name]()
    with downloads.locked():
        fetch(downloads, recipe.pins, silent)  # nothing, where this machine assembled the first one
    (tmp_path / "files").symlink_to(downloads.root / "files")
    config, _ = recipe.assemble(Store(tmp_path))
    assert image_id(config) == prepared[name].id


@pytest.mark.parametrize("name", ["alpine:3.20", "node:20-alpine"])
def test_users_are_made_as_on_alpine(run, name):
    script = "addgroup -S appgroup && adduser -S appuser -G appgroup && id appuser && su -s /bin/sh appuser -c whoami"
    code, output = run(name, script)
    assert code == 0, output
    assert "(appuser)" in output
    assert "(appgroup)" in output
    assert output.endswith("appuser\n")


def test_httpd_wget_and_nc_talk_to_each_other(run):
    script = (
        "mkdir /www && echo hello > /www/index.html && httpd -p 127.0.0.1:8080 -h /www"
        " && wget -qO- http://127.0.0.1:8080/"
        " && printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc 127.0.0.1 8080 | grep '200 OK'"
    )
    code, output = run("alpine:3.20", script)
    assert (code, output.split()[0]) == (0, "hello"), output
    assert "200 OK" in output


def test_every_applet_of_the_list_is_busyboxs(run, prepared):
    if not prepared["alpine:3.20"].stand_in:
        pytest.skip("the engine has the real one")
    code, output = run("alpine:3.20", "for a in $(busybox --list); do command -v $a >/dev/null || echo $a; done")
    assert (code, set(output.split()) - {"linuxrc", "ubirename"}) == (0, set())


def test_node_and_npm(run):
    code, output = run("node:20-alpine", "node --version && npm --version && node -e 'console.log(6 * 7)'")
    assert code == 0
    assert output.startswith("v20.")
    assert output.endswith("42\n")


@pytest.fixture
def npm(run, prepared):
    """Run a script as a user who is not root, so npm must be able to write to its cache, beside all exercises."""
    if not prepared["node:20-alpine"].stand_in:
        pytest.skip("the engine has the real one, without the packages")
    exercises = {str(lock_files()[0].parents[1]): {"bind": "/course", "mode": "ro"}}

    def npm_(script):
        home = {"HOME": "/home/node"}
        return run("node:20-alpine", script, user="node", working_dir="/home/node", environment=home, volumes=exercises)

    return npm_


@pytest.mark.parametrize("option", ["", "--omit=dev"])
def test_npm_ci_with_the_network_off(npm, option):
    """Of one exercise; that it works for each, its solution shows."""
    lock = lock_files()[0].parent.name
    code, output = npm(f"cp /course/{lock}/package*.json . && npm ci {option} && ls node_modules | wc -l")
    assert code == 0, output
    assert int(output.split()[-1]) > 10
    assert "EBADENGINE" not in output


def test_every_package_of_every_exercise_is_there(npm):
    code, output = npm("cd /opt/npm-cache/_cacache && find content-v2 -type f")
    assert code == 0, output
    there = set(output.split())
    for lock in lock_files():
        packages = json.loads(lock.read_text())["packages"].values()
        wanted = {package["integrity"] for package in packages if "integrity" in package and "optional" not in package}
        paths = {content_path(f"sha512-{base64.b64decode(each.partition('-')[2]).hex()}") for each in wanted}
        assert len(wanted) > 10
        assert not paths - there, lock


def test_a_package_that_is_not_there_is_named(run, prepared):
    if not prepared["node:20-alpine"].stand_in:
        pytest.skip("the engine has the real one")
    code, output = run("node:20-alpine", "cd /tmp && npm install left-pad")
    assert code != 0
    assert "ENOTCACHED" in output
    assert "left-pad" in output


def test_ubuntu_has_bash_dpkg_and_apt(run):
    script = "bash --version | head -1; apt-get --version | head -1; dpkg -l | grep -c ^ii; dpkg --audit; whoami"
    code, output = run("ubuntu:22.04", script)
    lines = output.splitlines()
    assert code == 0, output
    assert lines[0].startswith("GNU bash")
    assert lines[1].startswith("apt ")
    assert int(lines[2]) > 50
    assert lines[3:] == ["root"]


def test_ubuntu_installs_curl_with_the_network_off(run, prepared):
    if not prepared["ubuntu:22.04"].stand_in:
        pytest.skip("the engine has the real one")
    code, output = run("ubuntu:22.04", "apt-get update && apt-get install -y curl && curl --version")
    assert code == 0, output
    assert "libcurl/" in output


# -- the registry ----------------------------------------------------------------------------------------------------

HTPASSWD = "student:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n"  # bcrypt of "secret"


@pytest.fixture
def serve(engine):
    """Start a registry on a loopback port of the engine's choice; return its address."""
    made = []
    network = engine.create_network(f"labkit-test-{uuid.uuid4().hex[:12]}", {"labkit.test": "images"})

    def serve_(**options):
        made.append(engine.create("registry:2", network=network, ports={"5000/tcp": ("127.0.0.1", None)}, **options))
        engine.start(made[-1])
        return address_of(engine, made[-1])

    yield serve_
    for container in made:
        engine.remove(container)
    engine.remove_network(network)


@pytest.fixture
def registry(serve):
    return serve()


def address_of(engine, container):
    published = engine.inspect(container)["NetworkSettings"]["Ports"]["5000/tcp"][0]["HostPort"]
    address = f"127.0.0.1:{published}"
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        try:
            requests.get(f"http://{address}/v2/", timeout=1)
        except requests.exceptions.ConnectionError:
            time.sleep(0.05)
        else:
            return address
    raise AssertionError(engine.logs(container))


def docker(engine, *argv, home=None):
    environment = os.environ | {"DOCKER_HOST": engine.url} | ({"DOCKER_CONFIG": str(home)} if home else {})
    return subprocess.run(["docker", *argv], capture_output=True, text=True, check=False, env=environment)


def test_push_and_pull_by_digest(engine, registry):
    ref = f"{registry}/course/alpine:1"
    engine.tag("alpine:3.20", ref)
    try:
        pushed = docker(engine, "push", ref)
        assert pushed.returncode == 0, pushed.stderr
        digest = pushed.stdout.split("digest: ")[1].split()[0]
        assert requests.get(f"http://{registry}/v2/course/alpine/tags/list", timeout=5).json()["tags"] == ["1"]
        engine.remove_image(ref, noprune=True)
        by_digest = f"{registry}/course/alpine@{digest}"
        assert docker(engine, "pull", by_digest).returncode == 0
        assert engine.image(by_digest)["Id"] == engine.image("alpine:3.20")["Id"]
        engine.remove_image(by_digest, noprune=True)
    finally:
        engine.remove_image(ref, noprune=True)


def test_login_with_htpasswd(engine, serve, tmp_path):
    (tmp_path / "htpasswd").write_text(HTPASSWD)
    address = serve(
        environment={"REGISTRY_AUTH_HTPASSWD_REALM": "lab", "REGISTRY_AUTH_HTPASSWD_PATH": "/auth/htpasswd"},
        volumes={str(tmp_path): {"bind": "/auth", "mode": "ro"}},
    )
    home = tmp_path / "docker"
    assert requests.get(f"http://{address}/v2/", timeout=5).status_code == requests.codes.unauthorized
    assert docker(engine, "login", "-u", "student", "-p", "wrong", address, home=home).returncode == 1
    right = docker(engine, "login", "-u", "student", "-p", "secret", address, home=home)
    assert right.returncode == 0, right.stderr


# -- pulling, never laying over, removing --


def test_a_mirror_is_pulled_from(engine, registry, made_up, tmp_path, monkeypatch):
    name, _, store = made_up
    ref = f"{registry}/library/{name}"
    theirs = load_tiny(engine, tmp_path, name)
    engine.tag(name, ref)
    assert docker(engine, "push", ref).returncode == 0
    for tag in (ref, name):
        engine.remove_image(tag)
    assert engine.image(name) is None
    monkeypatch.setenv("LABKIT_MIRROR", registry)
    (found,) = images.prepare(engine, [name], store=store)
    assert (found.id, found.stand_in) == (theirs, False)
    assert engine.image(ref) is None


def test_an_unreachable_mirror_is_asked_once_and_not_for_long(engine, made_up, monkeypatch):
    name, _, store = made_up
    asked = []
    ask = type(engine).in_registry

    def counted(self, ref, seconds):
        asked.append(ref)
        return ask(self, ref, seconds)

    monkeypatch.setattr(type(engine), "in_registry", counted)
    monkeypatch.setenv("LABKIT_MIRROR", "127.0.0.1:1")
    start = time.monotonic()
    (found,) = images.prepare(engine, [name], store=store)
    assert time.monotonic() - start < manage.REGISTRY_SECONDS
    assert found.state is State.STAND_IN
    assert len(asked) <= 2


def test_a_persons_own_image_is_used_and_never_touched(engine, made_up, tmp_path):
    name, _, store = made_up
    mine = load_tiny(engine, tmp_path, name)
    (found,) = images.prepare(engine, [name], store=store)
    assert (found.state, found.id) == (State.FOREIGN, mine)
    images.refresh(engine, [name], store=store)
    assert images.remove(engine, [name]) == []
    assert engine.image(name)["Id"] == mine


def test_a_changed_recipe_is_assembled_anew_and_remove_removes(engine, made_up):
    name, content, store = made_up
    assert images.status(engine, [name])[0].state is State.ABSENT
    (first,) = images.prepare(engine, [name], store=store)
    assert first.state is State.STAND_IN
    assert engine.image(name)["Config"]["Labels"] == {STAND_IN: RECIPES[name]().digest}
    (same,) = images.refresh(engine, [name], store=store)
    assert same.id == first.id
    content[0] = "two"
    assert images.status(engine, [name])[0].state is State.OUTDATED
    (second,) = images.refresh(engine, [name], store=store)
    assert second.state is State.STAND_IN
    assert second.id != first.id
    assert engine.image(first.id) is None
    assert images.remove(engine, [name]) == [name]
    assert images.status(engine, [name])[0].state is State.ABSENT


def test_half_an_archive_leaves_no_image(engine, made_up, tmp_path):
    name, _, store = made_up
    config, layers = RECIPES[name]().assemble(store)
    write_archive(tmp_path / "whole.tar", name, config, layers)
    (tmp_path / "half.tar").write_bytes((tmp_path / "whole.tar").read_bytes()[:1024])
    with pytest.raises(LabError):
        engine.load(tmp_path / "half.tar")
    assert engine.image(name) is None
    assert engine.image(image_id(config)) is None


def test_an_unknown_name_is_refused(engine):
    with pytest.raises(ImageError, match="no image python:3"):
        images.prepare(engine, ["python:3"])


def test_the_command_lists_them():
    answer = CliRunner().invoke(commands, ["list"])
    assert answer.exit_code == 0, answer.output
    assert all(name in answer.output for name in images.COURSE_IMAGES)
