"""Nothing that a learner does in a terminal asks for anything outside this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

AUDITED = Path(__file__).parents[1] / "audited"


def audited(log, *argv):
    env = {**os.environ, "PYTHONPATH": str(AUDITED), "LABKIT_AUDIT": str(log)}
    return subprocess.run([sys.executable, *argv], env=env, capture_output=True, text=True, check=False)


def test_that_it_would_be_seen(tmp_path):
    """An address for documentation (RFC 5737), and a name that cannot be (RFC 6761)."""
    log = tmp_path / "asked"
    code = (
        "import socket, urllib.request\n"
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(('192.0.2.1', 9))\n"
        "try: urllib.request.urlopen('http://labkit.invalid')\nexcept OSError: pass"
    )
    audited(log, "-c", code)
    said = log.read_text()
    assert "socket.connect ('192.0.2.1', 9)" in said
    assert "socket.getaddrinfo" in said
    assert "labkit.invalid" in said


def test_nothing_leaves_the_machine(tmp_path):
    log = tmp_path / "asked"
    for words in (
        "list",
        "start first-check",
        "check first-check",
        "hint first-check",
        "solution first-check --yes",
        "progress",
        f"export {tmp_path / 'mine.zip'}",
        "doctor",
    ):
        done = audited(log, "-m", "labkit.cli", *words.split())
        assert "Traceback" not in done.stderr, done.stderr
        if words.startswith("start"):  # so that the check builds and runs something
            folder = Path(os.environ["LABKIT_WORK"], "00-first-check")
            (folder / "Dockerfile").write_text((folder / "Dockerfile").read_text() + "ENV A=b\n")
    assert not log.exists(), log.read_text()
