"""Checks of a running container: who it runs as, whether it answers, how it stops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.checks.registry import KILLED, WHY_ASKED, check, failed, passed
from labkit.errors import SandboxError, StepTimeout
from labkit.words import mark, say

if TYPE_CHECKING:
    from labkit.evidence import Evidence
    from labkit.result import Finding

WHY_WAITS = mark(
    "`docker stop` waits ten seconds and then kills: requests under way are lost, deployments take longer. In shell "
    "form (CMD node app.js), or in a pipe, a shell is the main process and passes no signal on; as main process, an "
    "app gets no default handling of signals either."
)
WHY_TAKEN = mark("The main process ended, and took the app with it before it could close.")
WHY_ALIVE = mark("A container lives as long as its main process: when that ends, the container ends.")


@check("No process runs as root")
def runs_as_non_root(evidence: Evidence) -> Finding:
    """Start a container and look at the user id of every process in it, once it is up."""
    want = say("A user id other than 0 for every process.")
    try:
        processes = evidence.processes
    except (SandboxError, StepTimeout) as error:
        return failed(error.what, say("A running container. {want}", want=want), say(WHY_ALIVE))
    root = [process for process in processes if process.uid == 0]
    if not root and processes:
        return passed(
            say(
                "The container's processes run as user id {processes}.",
                processes=", ".join(sorted({str(p.uid) for p in processes})),
            )
        )
    return failed(
        say("This process runs as root (user id 0): {command}", command=root[0].command)
        if root
        else say("The container has no process."),
        want,
        say(
            "Root in a container is root to the kernel that the host uses too. Whoever breaks out of the "
            "app, or finds a hole in the kernel, starts from there."
        ),
    )


@check("Port {port} answers")
def answers_on_port(evidence: Evidence, *, port: int, path: str = "/", contains: str = "") -> Finding:
    """Start a container with the port published, ask it over HTTP, and expect a good answer.

    Args:
        evidence: the evidence.
        port: the container's port; the exercise's ``[run] publish`` must name it.
        path: what to ask for.
        contains: text that the answer must hold.
    """
    want = say("A good answer to GET {path} on port {port}.", path=path, port=port)
    if contains:
        given = {"path": path, "port": port, "contains": contains}
        want = say("A good answer to GET {path} on port {port} that holds {contains!r}.", **given)
    why = say(
        "Publishing a port only leads to it. Something in the container must listen there, on all addresses (0.0.0.0)."
    )
    try:
        answer = evidence.answer(port, path)
    except SandboxError as error:
        return failed(error.what, want, say(WHY_ALIVE))
    except StepTimeout as error:
        return failed(error.what, want, why)
    seen = {"path": path, "port": port, "status": answer.status, "text": answer.text[:80]}
    saw = say("GET {path} on port {port} was answered with status {status} and {text!r}.", **seen)
    if answer.status >= 400 or contains not in answer.text:  # noqa: PLR2004  HTTP: errors begin here
        return failed(saw, want, say("An app that answers so does not do its work. What it wrote may say why."))
    return passed(saw)


@check("The container stays up")
def stays_up(evidence: Evidence, *, seconds: float = 2) -> Finding:
    """Start a container and see that its main process has not ended after a while.

    Args:
        evidence: the evidence.
        seconds: how long it must run.
    """
    try:
        evidence.service.wait(seconds)
    except StepTimeout:
        return passed(say("The container still ran after {seconds:g} seconds.", seconds=seconds))
    except SandboxError as error:
        return failed(error.what, say("A container that starts."), say(WHY_ALIVE))
    return failed(
        evidence.service.end,
        say("A container that still runs after {seconds:g} seconds.", seconds=seconds),
        say(WHY_ALIVE),
    )


@check("It stops when it is asked to")
def stops_gracefully(evidence: Evidence, *, seconds: float = 5, says: str = "") -> Finding:
    """Send the image's stop signal, as `docker stop` does, and see that the container ends by itself in time.

    Args:
        evidence: the evidence.
        seconds: the time it has.
        says: what it writes when it has closed; "" where it need not.
    """
    want = _end_in_time(seconds, says)
    try:
        stop = evidence.stop(seconds)
    except (SandboxError, StepTimeout) as error:
        return failed(error.what, say("A running container. {want}", want=want), say(WHY_ALIVE))
    if stop.exit_code is None:
        saw = say("{seconds:g} seconds after {signal} the container still ran.", seconds=seconds, signal=stop.signal)
        if stop.ignored:
            saw += say(" Its main process has no handler for {signal}, so it never hears of it.", signal=stop.signal)
        return failed(saw, want, say(WHY_WAITS))
    given = {"signal": stop.signal, "code": stop.exit_code, "says": says}
    if stop.exit_code == KILLED:
        saw = say("{signal} ended it with exit code {code}, which is 128 + 9, SIGKILL.", **given)
        return failed(saw, want, say(WHY_ASKED))
    if says not in stop.logs:
        saw = say("After {signal} the container ended, with exit code {code}, but never wrote {says!r}.", **given)
        return failed(saw, want, say(WHY_TAKEN))
    return passed(say("The container ended by itself after {signal}, with exit code {code}.", **given))


def _end_in_time(seconds: float, says: str) -> str:
    given = {"seconds": seconds, "says": says}
    if says:
        return say(
            "An end by itself within {seconds:g} seconds of the stop signal, with {says!r} in its logs.", **given
        )
    return say("An end by itself within {seconds:g} seconds of the stop signal.", **given)
