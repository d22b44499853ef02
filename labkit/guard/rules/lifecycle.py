"""What is done with one container: looked at, started, stopped, attached to, copied into, and run commands in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from labkit.guard import create, models, names, registries
from labkit.guard.document import read
from labkit.guard.messages import Call, Plan, Relay, Request, Shape
from labkit.guard.refusal import Malformed, Refused
from labkit.guard.rules import transfers
from labkit.guard.rules.common import ask, chosen, hand_on
from labkit.guard.rules.containers import CREATED, or_gone
from labkit.guard.tars import Plain

if TYPE_CHECKING:
    from labkit.guard.seat import Seat

# The engine runs ps for the whole machine, finds this container's lines by the column PID, and says in its answer what
# stands there when that is no number (source: moby, ContainerTop). So no column with spaces may come before it.
PS_ARGS = re.compile(r"(?:-?[AaefFHjlmuwx]{1,6}(?: |$))*(?:-?[Aaex]{0,3}o ?pid(?:,[a-z]{1,12}){0,8})?")
SIGNAL = re.compile(r"[A-Z0-9+-]{0,16}")


def look(request: Request, seat: Seat) -> Plan:
    """ContainerTop, ContainerChanges."""
    thing = seat.find("container", request.path[1])
    arguments = request.get("ps_args")
    if not PS_ARGS.fullmatch(arguments):
        raise Refused(
            "The lab does not allow these arguments of ps.",
            why="They could show what runs outside of the container.",
            instead="Use aux, -ef, or columns that begin with the pid: -o pid,user,args.",
        )
    call = Call("GET", f"/containers/{thing.id}/{request.path[2]}", chosen(request, "ps_args"))
    # Where nothing has changed the engine says null, and a body is what the client waits for.
    return (yield from ask(call, seat, lambda found: seat.names.view(found or [])))


def stream(request: Request, seat: Seat) -> Plan:
    """ContainerLogs, ContainerStats, ContainerExport: bytes as they come."""
    thing = seat.find("container", request.path[1])
    allowed = ("follow", "stdout", "stderr", "since", "until", "timestamps", "tail", "details", "stream", "one-shot")
    call = Call("GET", f"/containers/{thing.id}/{request.path[2]}", chosen(request, *allowed))
    if request.path[2] == "stats":
        return Relay(call, Shape.LINES, view=seat.names.view)
    return Relay(call, Shape.BYTES)
    yield  # what makes this a plan


def act(request: Request, seat: Seat) -> Plan:
    """ContainerStart, -Stop, -Restart, -Kill, -Pause, -Unpause, -Resize: no body, a few values."""
    thing = seat.find("container", request.path[1])
    if not SIGNAL.fullmatch(request.get("signal").upper()):
        raise Malformed(f"Invalid signal: {request.get('signal')[:40]}")
    if request.path[2] in ("start", "restart"):
        yield from transfers.check_free(thing.id, seat)
    query = chosen(request, "signal", "h", "w", "detachKeys")
    if seconds := request.get("t"):
        if not re.fullmatch(r"-?[0-9]{1,9}", seconds):
            raise Malformed("invalid value for t")
        most = seat.bounds.stop_seconds
        query += (("t", str(min(int(seconds), most) if int(seconds) >= 0 else most)),)
    if any(request.get(key) for key in ("checkpoint", "checkpoint-dir")):
        raise Refused("The lab does not allow checkpoints.", why="They are files of the machine.")
    reply = yield Call("POST", f"/containers/{thing.id}/{request.path[2]}", query)
    return or_gone(reply, thing.id, seat)


def wait(request: Request, seat: Seat) -> Plan:
    """ContainerWait: its head comes at once, its body at the container's end."""
    thing = seat.find("container", request.path[1])
    return (yield from hand_on(Call("POST", f"/containers/{thing.id}/wait", chosen(request, "condition"))))


def attach(request: Request, seat: Seat) -> Plan:
    """ContainerAttach."""
    thing = seat.find("container", request.path[1])
    allowed = ("detachKeys", "logs", "stream", "stdin", "stdout", "stderr")
    return (yield from hand_on(Call("POST", f"/containers/{thing.id}/attach", chosen(request, *allowed)), Shape.HIJACK))


def rename(request: Request, seat: Seat) -> Plan:
    """ContainerRename."""
    thing = seat.find("container", request.path[1])
    name = names.check_object(request.get("name"))
    reply = yield Call("POST", f"/containers/{thing.id}/rename", (("name", seat.names.prefix + name),))
    if reply.ok:
        seat.own("container", thing.id, name, thing.parent)
    return or_gone(reply, thing.id, seat)


def update(request: Request, seat: Seat) -> Plan:
    """ContainerUpdate: within the limits; what is not named stays as it is."""
    thing = seat.find("container", request.path[1])
    body = read(models.Update, request.body)
    wished = {key for key in ("memory", "nano_cpus", "pids_limit") if getattr(body, key)}
    keys = {
        "memory": ("Memory", "MemorySwap", "MemoryReservation"),
        "nano_cpus": ("NanoCpus",),
        "pids_limit": ("PidsLimit",),
    }
    bounded = create.limits(body, seat.bounds)
    document = {name: bounded[name] for key in wished for name in keys[key] if name in bounded}
    if body.restart_policy.name:
        document["RestartPolicy"] = create.restart(body.restart_policy)
    reply = yield Call("POST", f"/containers/{thing.id}/update", body=document)
    return or_gone(reply, thing.id, seat)


def archive(request: Request, seat: Seat) -> Plan:
    """ContainerArchive, -Info, PutContainerArchive: copy out, look, copy in."""
    thing = seat.find("container", request.path[1])
    where = request.get("path")
    if not where or "\0" in where:
        raise Malformed("missing parameter: path")
    query = chosen(request, "path", "noOverwriteDirNonDir", "copyUIDGID")
    call = Call(request.method, f"/containers/{thing.id}/archive", query)
    if request.method == "PUT":
        most = seat.bounds.upload
        one = thing.id in seat.ids("registry")
        upload = registries.Logins(most, where, lambda: registries.touch(seat, thing.id)) if one else Plain(most)
        return Relay(call, Shape.BYTES, upload=upload)
    return Relay(call, Shape.BYTES)
    yield


def create_exec(request: Request, seat: Seat) -> Plan:
    """ContainerExec."""
    thing = seat.find("container", request.path[1])
    body = read(models.Exec, request.body)
    if not registries.only_looks(body):
        registries.touch(seat, thing.id)
    reply = yield Call("POST", f"/containers/{thing.id}/exec", body=body.document())
    if reply.status == CREATED:
        seat.own("exec", reply.body["Id"], parent=thing.id)
    return or_gone(reply, thing.id, seat)


def exec_(request: Request, seat: Seat) -> Plan:
    """ExecStart, ExecResize, ExecInspect."""
    thing = seat.find("exec", request.path[1])
    path = f"/exec/{thing.id}/{request.path[2]}"
    if request.path[2] == "start":
        body = read(models.ExecStart, request.body)
        shape = Shape.BYTES if body.detach else Shape.HIJACK
        return Relay(Call("POST", path, body=body.document()), shape)
    return (yield from ask(Call(request.method, path, chosen(request, "h", "w")), seat))
