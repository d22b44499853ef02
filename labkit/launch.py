"""What `./lab` does once Python is set up: an engine, the base images, JupyterLab at the first notebook.

Ctrl-C, SIGTERM and a closed terminal all end the same way: JupyterLab and its kernels end, what the exercises left on
the engine is removed, and a private engine ends too where this run started it. One that ran before goes on running.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
import nbformat
import platformdirs
from jupyter_server.serverapp import list_running_servers
from nbformat.sign import NotebookNotary

from labkit import course, images, ledger
from labkit.cli_engine import connect_or_start
from labkit.engine.private import Private
from labkit.errors import EngineError, LabError
from labkit.progress import shown
from labkit.station import Station
from labkit.words import say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from labkit.engine import Engine

FIRST = "notebooks/00_start_here.ipynb"
UP_SECONDS = 60.0
END_SECONDS = 15.0
# Nothing may go outside: no news, no look for updates, no list of extensions to install.
SETTINGS = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False}}
QUIET = (
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.news_url=None",
    "--LabApp.extension_manager=readonly",
)


@contextlib.contextmanager
def make_ready(*, yes: bool) -> Iterator[Engine]:
    """Give an engine that has the base images; end it afterwards where it was started for this.

    Args:
        yes: True where nobody is to be asked.

    Raises:
        LabError: there is no engine, or its images could not be had.
    """
    with shown() as progress:
        engine, started = connect_or_start(progress, yes=yes)
    try:
        with shown() as progress:
            images.prepare(engine, progress=progress)
        yield engine
    finally:
        with contextlib.suppress(EngineError):  # it may be the engine's end that brought us here
            ledger.sweep(engine)
        engine.client.close()
        if started:
            Private.default().stop()


def has_browser(env: dict[str, str] | os._Environ[str], platform: str = sys.platform) -> bool:
    """True where opening a browser can be hoped to show one to the person at this terminal."""
    if env.get("SSH_CONNECTION") or env.get("CI"):
        return False
    return platform in ("darwin", "win32") or bool(env.get("DISPLAY") or env.get("WAYLAND_DISPLAY"))


def jupyter_argv(folder: Path, token: str, settings: Path, *, browser: bool, port: int) -> list[str]:
    """Return the command that runs JupyterLab for the course in ``folder``: on loopback only, with a token."""
    argv = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}", "--ServerApp.ip=127.0.0.1"]
    argv += [f"--IdentityProvider.token={token}", f"--LabApp.default_url=/lab/tree/{FIRST}"]
    argv += [f"--LabApp.app_settings_dir={settings}", f"--ServerApp.port={port}", *QUIET]
    if os.name == "posix":  # else it is a login shell, whose profile may set PATH anew, without the lab's commands
        shell = os.environ.get("SHELL") or "/bin/sh"
        argv.append(f"--ServerApp.terminado_settings={{'shell_command': [{shell!r}]}}")
    if not browser:
        argv.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        argv.append("--allow-root")
    return argv


def trust(folder: Path) -> None:
    """Let JupyterLab draw the pictures that are stored in the course's notebooks.

    Of a notebook that was not run here it shows HTML without any SVG, which leaves a heap of words. Who starts the
    course from this folder runs its code anyway.
    """
    notary = NotebookNotary()  # type: ignore[no-untyped-call]
    for path in sorted((folder / "notebooks").glob("*.ipynb")):
        with contextlib.suppress(ValueError):  # no notebook: JupyterLab will say so when it is opened
            notary.sign(nbformat.read(path, as_version=4))  # type: ignore[no-untyped-call]
    notary.store.close()


def _settings() -> Path:
    """Write JupyterLab's settings of this course; the user's own settings go before them."""
    folder = Path(platformdirs.user_cache_path("labkit")) / "jupyterlab"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "overrides.json").write_text(json.dumps(SETTINGS), encoding="utf-8")
    return folder


@contextlib.contextmanager
def guarded(engine: Engine) -> Iterator[dict[str, str]]:
    """Give the environment in which `docker` goes through the guard; without a guard, and with a note, as it is."""
    # `labkit` in a terminal is the one beside this Python.
    env = os.environ | {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])}
    try:
        station = Station(engine)
    except EngineError as error:
        click.secho(say("Note: {error}", error=error), fg="yellow", err=True)
        yield env
        return
    station.settle_in(env)
    with contextlib.closing(station):
        yield env


@contextlib.contextmanager
def jupyter(
    folder: Path, env: dict[str, str], *, browser: bool, port: int
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run JupyterLab; give its process and its address, and end it with its kernels afterwards.

    Args:
        folder: the course's folder.
        env: its environment, and so that of its kernels and terminals.
        browser: whether to open a browser.
        port: the port to try first.

    Raises:
        LabError: it does not start.
    """
    log = Path(platformdirs.user_log_path("labkit")) / "jupyter.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    argv = jupyter_argv(folder, secrets.token_hex(24), _settings(), browser=browser, port=port)
    with log.open("wb") as out:
        # A session of its own: Ctrl-C comes to us alone, and Jupyter is not asked whether it is meant.
        process = subprocess.Popen(
            argv, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
    try:
        yield process, _address(process, log)
    finally:
        process.terminate()  # source: jupyter_server, SIGTERM ends the kernels first
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    end = time.monotonic() + UP_SECONDS
    while time.monotonic() < end and process.poll() is None:
        for server in list_running_servers():
            if server["pid"] == process.pid:
                return f"{server['url']}lab/tree/{FIRST}?token={server['token']}"
        time.sleep(0.1)
    tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-8:]
    raise LabError(say("JupyterLab did not start."), why="\n".join(tail), fix=say("read {log}", log=log))


def _end_once() -> None:
    """Let the first of Ctrl-C, SIGTERM and a closed terminal end this run, and no second one disturb its tidying up."""
    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]

    def stop(number: int, _frame: FrameType | None) -> None:
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        click.echo(say("\nEnding …"), err=True)
        sys.exit(128 + number)

    for number in numbers:
        signal.signal(number, stop)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--yes", is_flag=True, help="Do not ask before an engine is installed or started.")
@click.option("--browser/--no-browser", default=None, help="Open a browser; by default where there is one.")
@click.option("--port", default=8888, show_default=True, help="The port to try first.")
def main(*, yes: bool, browser: bool | None, port: int) -> None:
    """Open the course in JupyterLab. Ctrl-C ends it and leaves nothing behind."""
    _end_once()
    try:
        folder = course.root()
        trust(folder)
        with (
            make_ready(yes=yes) as engine,
            guarded(engine) as env,
            jupyter(folder, env, browser=has_browser(os.environ) if browser is None else browser, port=port) as (
                lab,
                url,
            ),
        ):
            click.echo(
                say(
                    "Engine: {about}, found by: {source}\nJupyterLab: {url}\nCtrl-C ends it.",
                    about=engine.about,
                    source=engine.source,
                    url=url,
                )
            )
            lab.wait()
    except LabError as error:
        click.secho(str(error), fg="red", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
