"""Checks of services that a learner's commands started or stopped: they answer where wanted, and end by themselves."""

from __future__ import annotations

import time
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from labkit.checks.registry import KILLED, WHY_ASKED, check, failed, passed
from labkit.errors import SandboxError, StepTimeout
from labkit.words import mark, say, say_many

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from labkit.evidence import Evidence
    from labkit.result import Finding

BAD_STATUS = 400  # HTTP: errors begin here
# What only hands signals on and reaps: the engine's own init (`--init`), Podman's, and two that are installed.
INITS = {"docker-init", "catatonit", "tini", "dumb-init"}
SETTLED = 2.0  # s
SHOWN = 80  # characters of an answer
WHY_ENDED = mark("A container lives as long as its main process. `docker ps -a` shows those that have ended, too.")
WHY_PUBLISHED = mark(
    "-p HOST:CONTAINER leads from a port of your machine to one of the container. EXPOSE alone opens nothing."
)
WHY_LISTENING = mark(
    "A published port only leads to the container. Something must listen there, on that very "
    "port, and on all addresses (0.0.0.0): 127.0.0.1 in a container is reached from inside only."
)


@check("The container {name} answers at port {host}")
def published_answers(  # noqa: PLR0913  what is asked, and what must come
    evidence: Evidence,
    *,
    name: str,
    host: int,
    path: str = "/",
    contains: str = "",
    seconds: float = 8,
    tells: bool = True,
) -> Finding:
    """A container that the commands left runs, and answers over HTTP at a port of the machine.

    Args:
        evidence: the evidence.
        name: the container's name.
        host: the machine's port.
        path: what to ask for.
        contains: text that the answer must hold.
        seconds: how long it may take until it answers.
        tells: whether a failure may say where the app listens inside; no where that is to be found out.
    """
    want = _good_answer(path, host, contains)
    seen, container = evidence.world.inspect(name), evidence.world.container(name)
    published, state = _published(seen), seen["State"]["Status"]
    if state == "running" and str(host) not in published and not container.settles(seconds):
        state = "exited"  # right after its start
    if state != "running":
        return failed(_ended(evidence, name, state), say("The container {name} runs.", name=name), say(WHY_ENDED))
    if str(host) not in published:
        saw = _publishes(name, published)
        return failed(saw, say("Port {host} of the machine leads to {name}.", host=host, name=name), say(WHY_PUBLISHED))
    port = published[str(host)]
    try:
        answer = container.get(port, path, seconds)
    except SandboxError as error:
        return failed(error.what, want, say(WHY_ENDED))
    except StepTimeout as error:
        what = error.what if tells else say("Nothing answered there.")
        saw = say("Port {host} leads to port {port} of {name}. {what}", host=host, port=port, name=name, what=what)
        return failed(saw, want, say(WHY_LISTENING))
    given = {"path": path, "host": host, "status": answer.status, "text": answer.text[:SHOWN]}
    saw = say("GET {path} at port {host} was answered with status {status} and {text!r}.", **given)
    if answer.status >= BAD_STATUS or contains not in answer.text:
        return failed(saw, want, say("An app that answers so does not do its work. `docker logs` may say why."))
    return passed(saw)


def _good_answer(path: str, host: int, contains: str) -> str:
    given = {"path": path, "host": host, "contains": contains}
    if contains:
        return say("A good answer to GET {path} at port {host} of the machine, with {contains!r} in it.", **given)
    return say("A good answer to GET {path} at port {host} of the machine", **given)


def _ended(evidence: Evidence, name: str, state: str) -> str:
    return (
        evidence.world.container(name).end
        if state == "exited"
        else say("The container {name} is {state}.", name=name, state=state)
    )


def _published(seen: Mapping[str, Any]) -> dict[str, int]:
    """The machine's ports that lead to a running container, each with the container's."""
    bound = seen["NetworkSettings"]["Ports"] or {}
    tcp = {int(key.partition("/")[0]): places for key, places in bound.items() if key.endswith("/tcp")}
    return {place["HostPort"]: port for port, places in tcp.items() for place in places or []}


def _publishes(name: str, published: Mapping[str, int]) -> str:
    if not published:
        return say("{name} publishes no port of the machine.", name=name)
    one = mark("port {host} of the machine → {port} of the container")
    shown = ", ".join(say(one, host=host, port=port) for host, port in published.items())
    return say("{name} publishes {shown}.", name=name, shown=shown)


@check("No container but {name} is left")
def only_container(evidence: Evidence, *, name: str) -> Finding:
    """No container besides one is left, running or not.

    Args:
        evidence: the evidence.
        name: the one that may be there, by its name.
    """
    others = [each for each in evidence.world.names() if each != name]
    if not others or (len(others) == 1 and name not in evidence.world.names()):
        return passed(say("No other container is left."))
    return failed(
        say_many(
            "{count} more is left: {names}.", "{count} more are left: {names}.", len(others), names=", ".join(others)
        ),
        say("{name}, and no other container.", name=name),
        say(
            "One that has ended stays, with its files and its name, until `docker rm`. `docker run --rm` "
            "removes it then."
        ),
    )


@check("The commands print what they should")
def commands_say(evidence: Evidence, *, text: str) -> Finding:
    """What the commands print holds a text; the commands themselves do not count.

    Args:
        evidence: the evidence.
        text: the text.
    """
    said = [line for line in evidence.commands.text.splitlines() if not line.startswith("$ ")]
    if any(text in line for line in said):
        return passed(say("The commands printed {text!r}.", text=text))
    last = say(" The last line was {said!r}.", said=said[-1][:SHOWN]) if said else say(" They printed nothing.")
    return failed(
        say("{text!r} was not among what the commands printed.{last}", text=text, last=last),
        say("{text!r}, printed by a container in the foreground.", text=text),
        say(
            "Without -d, `docker run` shows what the program prints, and waits for its end. With -d it "
            "prints an id only."
        ),
    )


@check("The container {name} ended by itself")
def ended_by_itself(evidence: Evidence, *, name: str, says: str) -> Finding:
    """A container has ended with exit code 0, and its logs hold what it writes at the very end.

    Args:
        evidence: the evidence.
        name: the container's name.
        says: what it writes when it has closed.
    """
    want = say("{name} has ended with exit code 0, and wrote {says!r}.", name=name, says=says)
    if name not in evidence.world.names():
        return failed(say("There is no container named {name}.", name=name), want, say("Its logs are removed with it."))
    state = evidence.world.inspect(name)["State"]
    if state["Status"] != "exited":
        return failed(
            say("{name} is {status}.", name=name, status=state["Status"]),
            want,
            say("Nobody asked it to end, or not in a way that it knows."),
        )
    if state["ExitCode"] == KILLED:
        return failed(
            say("{name} was killed: exit code 137, which is 128 + 9, SIGKILL.", name=name), want, say(WHY_ASKED)
        )
    if state["ExitCode"] != 0:
        return failed(
            say("{name} ended with exit code {exit_code}.", name=name, exit_code=state["ExitCode"]),
            want,
            say(WHY_ASKED),
        )
    if says not in evidence.world.container(name).logs:
        return failed(
            say("{name} ended with exit code 0, but never wrote {says!r}.", name=name, says=says), want, say(WHY_ASKED)
        )
    return passed(say("{name} ended with exit code 0, and wrote {says!r}.", name=name, says=says))


@check("{name} runs {command}, and nothing else")
def runs_one_process(evidence: Evidence, *, name: str, command: str) -> Finding:
    """A container that the commands left runs a single process, the wanted one; an init before it does not count.

    Args:
        evidence: the evidence.
        name: the container's name.
        command: the program and its first arguments, without their folders, such as ``node web.js``.
    """
    want = say("One process in {name}: {command}", name=name, command=command)
    why = say(
        "The engine looks after a container's main process: it sends it the signals, restarts it, "
        "and tells when it ended. Of others in the same container it knows nothing."
    )
    state = evidence.world.inspect(name)["State"]["Status"]
    if state != "running":
        return failed(_ended(evidence, name, state), say("The container {name} runs.", name=name), say(WHY_ENDED))
    container, end = evidence.world.container(name), time.monotonic() + SETTLED
    commands = [process.command for process in container.processes()]
    # An entry script may be there for a moment, until the program takes its place.
    while not _is_alone(command, commands) and time.monotonic() < end:
        time.sleep(0.2)
        commands = [process.command for process in container.processes()]
    if _is_alone(command, commands):
        return passed(
            say(
                "{name} runs {commands}, and nothing else.", name=name, commands=say(" under ").join(reversed(commands))
            )
        )
    return failed(say("{name} runs {commands}.", name=name, commands=say(" and ").join(commands)), want, why)


def _is_alone(command: str, running: list[str]) -> bool:
    programs = [[PurePosixPath(word).name for word in each.split()] for each in running]
    if len(programs) > 1 and INITS.intersection(programs[0][:1]):
        del programs[0]
    return len(programs) == 1 and programs[0][: len(command.split())] == command.split()
