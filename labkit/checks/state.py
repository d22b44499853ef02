"""Checks of what a learner's commands left: containers, images, and the facts that were found out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.checks.registry import check, failed, passed
from labkit.words import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from labkit.evidence import Evidence
    from labkit.result import Finding


@check("The commands run to the end")
def commands_succeed(evidence: Evidence) -> Finding:
    """The script's last command ends with exit code 0."""
    done = evidence.commands
    if done.exit_code == 0:
        count = sum(line.startswith("$ ") for line in done.text.split("\n"))
        return passed(say("All commands ran: {count} of them.", count=count))
    return failed(
        say("The script ended with exit code {code}. Its last lines: {end}", code=done.exit_code, end=done.end),
        say("An end with exit code 0."),
        say("A command that fails stops a script, or a deployment, at that place."),
    )


@check("The container {name} is {state}")
def container_is(evidence: Evidence, *, name: str, state: str, image: str = "") -> Finding:
    """A container of a name is in a state.

    Args:
        evidence: the evidence.
        name: the container's name.
        state: ``running``, ``exited``, ``created`` or ``absent``.
        image: the image that it must be of, by name and tag; "" for any.
    """
    if state == "absent":
        return _absent(evidence, name)
    seen = evidence.world.inspect(name)
    status, made_of = seen["State"]["Status"], seen["Config"]["Image"]
    if status != state:
        return failed(
            say("The container {name} is {state}.", name=name, state=_how(seen)),
            say("It is {state}.", state=state),
            say("A container lives as long as its main process. `docker ps -a` shows those that have ended, too."),
        )
    if image and evidence.world.image(image).id != seen["Image"]:
        return failed(
            say("The container {name} is of {made_of}.", name=name, made_of=made_of),
            say("It is of {image}.", image=image),
            say("The image decides what runs."),
        )
    return passed(say("The container {name}, of {made_of}, is {status}.", name=name, made_of=made_of, status=status))


def _absent(evidence: Evidence, name: str) -> Finding:
    if name not in evidence.world.names():
        return passed(say("There is no container named {name}.", name=name))
    return failed(
        say(
            "The container {name} is still there: it is {state}.",
            name=name,
            state=_how(evidence.world.inspect(name)),
        ),
        say("No container named {name}.", name=name),
        say("A container that has ended keeps its name and its files until it is removed: docker rm."),
    )


def _how(seen: Mapping[str, object]) -> str:
    state = seen["State"]
    assert isinstance(state, dict)  # noqa: S101  for the type checker: the API says so
    if state["Status"] == "exited":
        return say("{status} with exit code {exit_code}", status=state["Status"], exit_code=state["ExitCode"])
    return str(state["Status"])


@check("Port {port} of {name} is published as {host}")
def port_published(evidence: Evidence, *, name: str, port: int, host: int) -> Finding:
    """A container's port is published at a port of the host.

    Args:
        evidence: the evidence.
        name: the container's name.
        port: the container's port.
        host: the host's port.
    """
    ports = evidence.world.inspect(name)["HostConfig"]["PortBindings"] or {}
    found = {key: sorted({entry["HostPort"] for entry in entries or []}) for key, entries in ports.items()}
    if str(host) in found.get(f"{port}/tcp", []):
        return passed(say("Port {port} of {name} is published as {host}.", port=port, name=name, host=host))
    free = say("a free port")
    shown = ", ".join(f"{', '.join(there) or free} → {key}" for key, there in sorted(found.items()))
    return failed(
        say("{name} publishes {shown}.", name=name, shown=shown)
        if shown
        else say("{name} publishes no port.", name=name),
        f"{host} → {port}/tcp: -p {host}:{port}",
        say("-p HOST:CONTAINER: on the left the port of your machine, on the right the one that the app listens on."),
    )


@check("{name} has a limit of {mebibytes} MiB of memory")
def memory_limited(evidence: Evidence, *, name: str, mebibytes: int) -> Finding:
    """A container has a memory limit, as the learner set it.

    Args:
        evidence: the evidence.
        name: the container's name.
        mebibytes: the limit.
    """
    limit = evidence.world.inspect(name)["HostConfig"]["Memory"] / (1 << 20)
    if limit == mebibytes:
        return passed(say("{name} may use {limit:g} MiB.", name=name, limit=limit))
    return failed(
        say("{name} may use {limit:g} MiB.", name=name, limit=limit),
        say("A limit of {mebibytes} MiB: --memory {mebibytes}m", mebibytes=mebibytes),
        say("Without a limit one container can take the memory of all. The kernel ends the process that exceeds it."),
    )


@check("{name} was ended by the kernel for its use of memory")
def ended_for_memory(evidence: Evidence, *, name: str) -> Finding:
    """A container has ended since it used more memory than it may.

    Args:
        evidence: the evidence.
        name: the container's name.
    """
    state, oom = evidence.world.inspect(name)["State"], evidence.world.ended_for_memory(name)
    saw = say(
        "{name} is {status}, exit code {exit_code}, OOMKilled {oom}.",
        name=name,
        status=state["Status"],
        exit_code=state["ExitCode"],
        oom=str(oom).lower(),
    )
    if oom:
        return passed(saw)
    return failed(
        saw,
        say("It has ended with OOMKilled true."),
        say("Exit code 137 alone says only that SIGKILL came; OOMKilled says that the kernel sent it, for memory."),
    )


@check("{name} holds {path}")
def container_holds(evidence: Evidence, *, name: str, path: str, contains: str = "") -> Finding:
    """A file is in a container's own file system.

    Args:
        evidence: the evidence.
        name: the container's name.
        path: the file, from the root.
        contains: text that it must hold.
    """
    want = (
        say("{path} in {name}, with {contains!r} in it.", path=path, name=name, contains=contains)
        if contains
        else say("{path} in {name}.", path=path, name=name)
    )
    why = say(
        "Each container has a writable layer of its own: what one writes, no other sees, and `docker rm` removes it."
    )
    try:
        text = evidence.world.read(name, path).decode(errors="replace")
    except FileNotFoundError:
        return failed(say("There is no {path} in {name}.", path=path, name=name), want, why)
    if contains in text:
        return passed(say("{name} holds {path}.", name=name, path=path))
    return failed(say("{path} in {name} says {text!r}.", path=path, name=name, text=text[:80]), want, why)


@check("{name} does not hold {path}")
def container_lacks(evidence: Evidence, *, name: str, path: str) -> Finding:
    """A file is not in a container's file system.

    Args:
        evidence: the evidence.
        name: the container's name.
        path: the file, from the root.
    """
    try:
        evidence.world.read(name, path)
    except FileNotFoundError:
        return passed(say("There is no {path} in {name}.", path=path, name=name))
    return failed(
        say("{name} holds {path}.", name=name, path=path),
        say("No {path} in {name}.", path=path, name=name),
        say("A new container starts from its image, and from nothing else."),
    )


@check("The image {name} is there")
def image_tagged(evidence: Evidence, *, name: str, same_as: str = "") -> Finding:
    """An image has a name and tag.

    Args:
        evidence: the evidence.
        name: the name and tag.
        same_as: another name that must lead to the very same image.
    """
    image = evidence.world.image(name)
    if same_as and evidence.world.image(same_as).id != image.id:
        return failed(
            say("{name} and {same_as} are different images.", name=name, same_as=same_as),
            say("{name} is the same image as {same_as}: docker tag {same_as} {name}", name=name, same_as=same_as),
            say("A tag is a name that leads to an image. Two tags may lead to the same one."),
        )
    return passed(
        say("There is {name}, the same image as {same_as}.", name=name, same_as=same_as)
        if same_as
        else say("There is {name}.", name=name)
    )


@check("You found it out: {name}")
def fact_found(evidence: Evidence, *, file: str, name: str, equals: list[str]) -> Finding:
    """A fact that the learner wrote down is right.

    Args:
        evidence: the evidence.
        file: the learner's file, in TOML.
        name: the key in it.
        equals: what is accepted, whatever the case of letters.
    """
    given = str(evidence.answers(file).get(name, "")).strip()
    if given.casefold() in {each.casefold() for each in equals}:
        return passed(say("{name} is {given}.", name=name, given=given))
    return failed(
        say("{name} is {given!r}.", name=name, given=given) if given else say("{name} is not filled in.", name=name),
        say("What `docker` says of it, in {file}.", file=file),
        say("A guess mends nothing: logs, exec and inspect show what really is."),
    )


@check("{name} sees the network of {other}")
def shares_network(evidence: Evidence, *, name: str, other: str) -> Finding:
    """A running container is in the network namespace of another one.

    Args:
        evidence: the evidence.
        name: the container's name.
        other: whose network it sees.
    """
    seen, wanted = evidence.world.inspect(name), evidence.world.inspect(other)["Id"]
    mode = seen["HostConfig"]["NetworkMode"]
    want = say("{name} runs in the network namespace of {other}: --network container:{other}", name=name, other=other)
    why = say("Containers that share this namespace share one address, its ports, and 127.0.0.1.")
    if seen["State"]["Status"] != "running":
        return failed(
            say("{name} is {state}.", name=name, state=_how(seen)),
            want,
            say("Without a process in it, there is no namespace."),
        )
    if mode != f"container:{wanted}":
        return failed(
            say("{name} has a network of its own.", name=name)
            if mode != "none"
            else say("{name} has no network.", name=name),
            want,
            why,
        )
    return passed(say("{name} sees the network of {other}.", name=name, other=other))


@check("{name} and {other} are of the same image")
def same_image(evidence: Evidence, *, name: str, other: str) -> Finding:
    """Two containers are of one image, whatever its names.

    Args:
        evidence: the evidence.
        name: a container's name.
        other: the other's name.
    """
    one, two = evidence.world.inspect(name), evidence.world.inspect(other)
    given = {"name": name, "other": other, "image": one["Config"]["Image"]}
    if one["Image"] == two["Image"]:
        return passed(say("{name} and {other} are of the same image, {image}.", **given))
    return failed(
        say("{name} is of {image}, and {other} of another image that has the same name by now.", **given),
        say("{name} and {other} are of the same image.", name=name, other=other),
        say(
            "A tag can be moved to another image at any time. Who starts a container by it gets what it leads to then."
        ),
    )
