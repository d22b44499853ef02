"""Downloads are verified, and a killed one leaves nothing behind: tried with a process that is really killed."""

import hashlib
import os
import signal
import subprocess
import sys

import pytest

from labkit.errors import ImageError
from labkit.images import fetch as fetching
from labkit.images.layer import Layer
from labkit.images.pins import Pin
from labkit.images.store import Store
from labkit.progress import silent

CONTENT = b"a package" * 1000
PIN = Pin("debian", "hello", "1.0", f"sha256-{hashlib.sha256(CONTENT).hexdigest()}", len(CONTENT), "pool/hello.deb")

# A download that stops halfway, says so, and waits to be killed.
HALF = """
import sys, time
from pathlib import Path
from labkit.images import fetch
from labkit.images.pins import Pin
from labkit.images.store import Store
from labkit.progress import silent

def half(argv, folder, *rest):
    Path(argv[-2]).write_bytes(b"a pack")
    print("half", flush=True)
    sys.stdin.read()

fetch._run = half
fetch.debian_mirror = lambda: "file:/nowhere/"
store = Store(Path(sys.argv[1]))
with store.locked():
    fetch.fetch(store, [Pin("debian", "hello", "1.0", sys.argv[2])], silent)
"""


def test_a_killed_download_starts_over(tmp_path, monkeypatch):
    argv = [sys.executable, "-c", HALF, str(tmp_path), PIN.digest]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "half\n"
        os.kill(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    store = Store(tmp_path)
    left = list((tmp_path / "unfinished").rglob("*.deb"))
    assert [path.read_bytes() for path in left] == [b"a pack"]  # it really was in the middle
    assert store.missing((PIN,)) == (PIN,)
    monkeypatch.setattr(fetching, "debian_mirror", lambda: "file:/nowhere/")
    monkeypatch.setattr(fetching, "_run", lambda _argv, folder, *_: (folder / "0.deb").write_bytes(CONTENT))
    with store.locked():
        assert not left[0].exists()
        assert fetching.fetch(store, [PIN], silent) == len(CONTENT)
    assert store.file(PIN).read_bytes() == CONTENT
    assert list((tmp_path / "unfinished").iterdir()) == []


def test_another_file_is_thrown_away(tmp_path):
    store = Store(tmp_path)
    with store.unfinished() as folder:
        (folder / "x").write_bytes(b"evil")
        with pytest.raises(ImageError, match="not the file that the lab knows"):
            store.keep(PIN, folder / "x")
    assert store.missing((PIN,)) == (PIN,)


def test_a_real_download_by_apt(tmp_path, monkeypatch):
    """apt's own downloader, from a mirror that is a folder."""
    if not fetching.APT_HELPER.exists():
        pytest.skip("this machine has no apt")
    mirror = tmp_path / "mirror"
    (mirror / "pool").mkdir(parents=True)
    (mirror / "pool" / "hello.deb").write_bytes(CONTENT)
    monkeypatch.setattr(fetching, "debian_mirror", lambda: f"file:{mirror}/")
    store = Store(tmp_path / "cache")
    assert fetching.fetch(store, [PIN], silent) == len(CONTENT)
    assert fetching.fetch(store, [PIN], silent) == 0
    store.file(PIN).unlink()
    (mirror / "pool" / "hello.deb").write_bytes(CONTENT + b"!")
    with pytest.raises(ImageError):
        fetching.fetch(store, [PIN], silent)
    (mirror / "pool" / "hello.deb").unlink()
    with pytest.raises(ImageError):
        fetching.fetch(store, [PIN], silent)
    assert store.missing((PIN,)) == (PIN,)


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ("E: Failed to fetch http://x/y  404  Not Found", "not to be had any more"),
        ("npm error code E404", "not to be had any more"),
        ("ERROR: No matching distribution found for x==1", "not to be had any more"),
        ("W: note\nE: Temporary failure resolving 'x'", "could not be reached"),
        ("", "could not be reached"),
    ],
)
def test_says_why_a_download_failed(output, says):
    error = fetching._failed(output, (PIN,))  # noqa: SLF001  the wording is what is tested
    assert says in error.what
    assert "http" not in error.what
    assert error.fix


def test_layers_are_made_once(tmp_path):
    made = []

    def make():
        made.append(1)
        layer = Layer()
        layer.file("a", "b")
        return layer

    store = Store(tmp_path)
    first, again = (store.layer("key", "a test", make) for _ in range(2))
    assert first == again
    assert made == [1]
    first.path.unlink()
    assert store.layer("key", "a test", make) == first
    assert made == [1, 1]
