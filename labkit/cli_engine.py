"""`labkit engine status|start|stop`, and how a person is asked whether the lab may set up an engine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
import platformdirs

from labkit.engine import Engine, connect, install
from labkit.engine.private import Private
from labkit.errors import EngineDied, EngineError, EngineForbidden, EngineNotFound
from labkit.progress import Progress, shown
from labkit.words import mark, say

STATES = (mark("running"), mark("starting"), mark("died"), mark("stopped"))  # of `Private.status`


@click.group()
def engine() -> None:
    """The Docker Engine: how it is, and one of the lab's own."""


@engine.command()
def status() -> None:
    """Say which engine the lab uses, and how its own one is. Exit code: 0 one answers, 2 none."""
    own, found = Private.default(), None
    state = own.status()
    process = say(" (process {pid})", pid=state.pid) if state.pid else ""
    click.echo(say("the lab's own engine: {state}{process}", state=say(state.state), process=process))
    if state.state != "stopped":
        click.echo(say("  socket: {url}\n  log:    {log}", url=own.url, log=own.log))
    found = connect()
    click.echo(say("used: {about} at {url}, found by: {source}", about=found.about, url=found.url, source=found.source))


@engine.command()
@click.option("--yes", is_flag=True, help="Do not ask before anything is installed or started.")
def start(*, yes: bool) -> None:
    """Start an engine of the lab's own, beside any other; install Debian's docker.io where there is none."""
    with shown() as progress:
        started = start_private(progress, yes=yes)
    own = Private.default()
    click.echo(say("started: {url}", url=own.url) if started else say("runs already: {url}", url=own.url))
    click.echo(
        say("The lab finds it by itself where no other engine answers; LABKIT_ENGINE=private makes it the first.")
    )


@engine.command()
def stop() -> None:
    """End the lab's own engine and its containers; its images stay for the next time."""
    click.echo(say("stopped") if Private.default().stop() else say("it was not running"))


def start_private(progress: Progress, *, yes: bool) -> bool:
    """Start the private engine, after a yes.

    Args:
        progress: told how it goes on.
        yes: True where the yes was given already (``--yes``, LABKIT_YES).

    Returns:
        False where it ran already.

    Raises:
        EngineError: the user said no, nobody is there to ask, or it cannot be done.
    """
    own = Private.default()
    if own.answers():
        return False
    if not sys.platform.startswith("linux"):
        raise EngineNotFound(
            say("No Docker Engine answers, and on this system the lab cannot start one itself."),
            fix=say("install and start Docker Desktop, then run `./lab` again"),
        )
    plan = _plan(own)
    if not (yes or said_yes()):
        ask(plan)
    if install.missing():
        install.install(apt_log(), progress)
    return own.start(progress)


def apt_log() -> Path:
    """Where apt's words go."""
    return Path(platformdirs.user_log_path("labkit")) / "apt.log"


def _plan(own: Private) -> str:
    how = "" if os.geteuid() == 0 else say(", with sudo")
    if install.missing():
        first = say(
            "To go on{how}: Debian's package docker.io is installed, and an engine of the lab's own is started.",
            how=how,
        )
    else:
        first = say("To go on{how}: an engine of the lab's own is started.", how=how)
    rest = say(
        "Its images are kept in {home}, its socket is {socket}; nothing else on this machine is changed.",
        home=own.home,
        socket=own.socket,
    )
    return f"{first}\n{rest}"


def said_yes() -> bool:
    """True where the environment answers every question with yes (LABKIT_YES=1)."""
    return os.environ.get("LABKIT_YES", "") not in ("", "0")


def ask(plan: str) -> None:
    """Ask for a yes.

    Raises:
        EngineError: the answer is no, or there is nobody to ask.
    """
    no = say("nothing was changed; start an engine of your own, or say yes: ./lab --yes")
    if not sys.stdin.isatty():
        raise EngineNotFound(say("No Docker Engine answers, and there is no terminal to ask in."), why=plan, fix=no)
    click.echo(plan, err=True)
    if not click.confirm(say("Do that?"), default=True, err=True):
        raise EngineNotFound(say("No Docker Engine answers."), fix=no)


def connect_or_start(progress: Progress, *, yes: bool) -> tuple[Engine, bool]:
    """Connect to an engine; where none answers, offer to start a private one.

    Args:
        progress: told how it goes on.
        yes: True where the yes was given already.

    Returns:
        The engine, and whether this call started it.

    Raises:
        EngineError: there is none, and none was started.
    """
    try:
        return connect(), False
    except (EngineNotFound, EngineDied, EngineForbidden) as error:
        if os.environ.get("DOCKER_HOST") or os.environ.get("DOCKER_CONTEXT"):
            raise  # the user named the engine; another one in its place would surprise
        if not isinstance(error, EngineNotFound):
            click.echo(str(error), err=True)
    started = start_private(progress, yes=yes)
    try:
        return connect(), started
    except EngineError:
        if started:
            Private.default().stop()
        raise
