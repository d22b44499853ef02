"""`./lab` as a newcomer without a browser meets it: an address that answers, and nothing left after Ctrl-C."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest
import requests
import websocket

from labkit.engine.hostproc import processes

UP, DOWN = 60, 30  # seconds


@pytest.fixture
def home(tmp_path):
    """Folders of this test's own, so that a person's JupyterLab is neither seen nor changed."""
    names = ("HOME", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "LABKIT_CACHE")
    return os.environ | {name: str(tmp_path / name.lower()) for name in names} | {"CI": "true"}


@pytest.fixture
def lab(home):
    """The running lab: its process, and the address that it printed."""
    argv = [sys.executable, "-m", "labkit.launch", "--port", "0"]
    with subprocess.Popen(argv, env=home, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process, address_of(process)
        finally:
            process.kill()


def address_of(process):
    for line in process.stdout:
        if found := re.match(r"JupyterLab: (\S+)", line):
            return found[1]
    raise AssertionError(process.wait())


def below(pid):
    """Process ids of all that a process has started."""
    parents = {}
    for each, _ in processes():
        try:
            with open(f"/proc/{each}/stat") as stat:  # noqa: PTH123  one line
                parents[each] = int(stat.read().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has ended meanwhile
    found = {pid}
    while more := {each for each, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda it: it.name)
def test_the_address_answers_and_the_end_leaves_nothing(lab, number, engine):
    process, url = lab
    assert requests.get(url, timeout=UP).status_code == requests.codes.ok
    token = {"Authorization": f"token {url.rpartition('token=')[2]}"}
    server = url.partition("/lab/")[0]
    assert requests.get(f"{server}/api/kernels", timeout=UP).status_code == requests.codes.forbidden
    started = requests.post(f"{server}/api/kernels", headers=token, json={"name": "python3"}, timeout=UP)
    assert started.status_code == requests.codes.created
    ours = below(process.pid)
    assert len(ours) >= 2, "JupyterLab and a kernel"
    process.send_signal(number)
    assert process.wait(DOWN) == 128 + number
    deadline = time.monotonic() + DOWN
    while left := ours & {pid for pid, argv in processes() if argv}:
        assert time.monotonic() < deadline, left
        time.sleep(0.05)
    assert engine.client.ping(), "an engine that ran before goes on running"


def test_no_engine_and_nobody_to_ask(home, tmp_path):
    """Three sentences and exit code 2, no traceback."""
    home |= {"LABKIT_YES": "0", "DOCKER_HOST": f"unix://{tmp_path}/none.sock"}
    argv = [sys.executable, "-m", "labkit.launch"]
    done = subprocess.run(
        argv, env=home, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=UP, check=False
    )
    assert done.returncode == 2
    assert "There is no engine at DOCKER_HOST" in done.stderr
    assert "What to do: unset DOCKER_HOST" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_terminal_has_the_labs_own_commands(lab):
    """Also where the profile of the machine's shells sets PATH anew."""
    _, address = lab
    base, token = address.partition("/lab/")[0], address.rpartition("token=")[2]
    name = requests.post(f"{base}/api/terminals", params={"token": token}, timeout=UP).json()["name"]
    where = f"{base.replace('http', 'ws')}/terminals/websocket/{name}?token={token}"
    terminal, said = websocket.create_connection(where, timeout=UP), ""
    terminal.send(json.dumps(["stdin", "command -v labkit && echo fo''und || echo miss''ing\r"]))
    while "found" not in said and "missing" not in said:
        kind, *rest = json.loads(terminal.recv())
        said += rest[0] if kind == "stdout" else ""
    terminal.close()
    assert "found" in said, said
