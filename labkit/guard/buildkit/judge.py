"""What a build may ask of BuildKit: each message is read, and written anew with what is allowed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from google.protobuf.unknown_fields import UnknownFieldSet

from labkit.guard import names
from labkit.guard.buildkit.schema import MESSAGE
from labkit.guard.refusal import Malformed, Refused

if TYPE_CHECKING:
    from labkit.guard.names import Ref
    from labkit.guard.seat import Seat

ID = re.compile(r"[a-z0-9]{16,64}")
FRONTEND = "dockerfile.v0"
EXPORTERS = ("", "moby", "image")
# Options of the Dockerfile frontend that go on as they are.
OPTIONS = ("filename", "target", "no-cache", "requestid", "frontend.caps", "multi-platform")
DROPPED = ("platform", "image-resolve-mode", "attest:", "label:", "vcs:", "contextkey", "dockerfilekey")
REQUESTS = ("frontend.lint", "frontend.outline", "frontend.targets", "frontend.subrequests.describe")
WALLS = {
    "add-hosts": "--add-host",
    "cache-from": "--cache-from",
    "cache-imports": "--cache-from",
    "cgroup-parent": "--cgroup-parent",
    "cmdline": "# syntax",
    "context": "a context that is no folder",
    "hostname": "a host name",
    "shm-size": "--shm-size",
    "source": "# syntax",
    "ulimit": "--ulimit",
}


@dataclass
class Build:
    """A build of this connection.

    Attributes:
        session: the id of the session that gives its files.
        names: that its image is to have.
        results: ids that the engine gave to what came of it.
    """

    session: str
    names: list[Ref] = field(default_factory=list)
    results: set[str] = field(default_factory=set)


def solve(body: bytes, seat: Seat) -> tuple[str, Build, bytes]:
    """Judge Control.Solve: that a build begins, and what is to become of it.

    Returns:
        Its ref, what is known of it, and the message for the engine.

    Raises:
        Refused: it asks for what the lab does not allow.
    """
    asked = _read("Solve", body)
    if asked.definition or asked.inputs or asked.policy:
        raise Refused(
            "The lab does not take a build that was put together elsewhere.",
            why="Nobody could see from it what it does.",
            instead="Build from a Dockerfile.",
        )
    if asked.entitlements:
        raise Refused(
            f"The lab does not allow --allow {asked.entitlements[0][:40]}.",
            why="A step of the build would be outside of the container's walls.",
        )
    if asked.frontend not in ("", FRONTEND):
        raise _frontend(asked.frontend)
    if asked.cache:
        raise Refused("The lab does not allow --cache-to and --cache-from here.", instead="Leave them out.")
    if not ID.fullmatch(asked.ref) or seat.ledger.owned_by_others(seat.name, "build", asked.ref):
        raise Malformed("This is no name for a build.")
    _check_session(asked.session, seat)
    wanted = _exported(asked)
    for attrs in wanted.values():
        attrs.pop("push", None)
    refs = [names.parse_new(name) for attrs in wanted.values() for name in attrs.get("name", "").split(",") if name]
    anew = MESSAGE["Solve"](ref=asked.ref, session=asked.session, internal=asked.internal, frontend=asked.frontend)
    anew.frontend_attrs.update(options(dict(asked.frontend_attrs), seat))
    if wanted:
        on_engine = {"name": ",".join(map(seat.names.image, refs))} if refs else {}
        anew.exporter = next(iter(wanted))
        anew.exporter_attrs.update(on_engine)
        anew.exporters.add(type=anew.exporter).attrs.update(on_engine)
    return asked.ref, Build(asked.session, refs), anew.SerializeToString()


def _exported(asked: Any) -> dict[str, dict[str, str]]:  # noqa: ANN401
    """Give what is to become of the result, by kind: an image of the engine, or nothing."""
    given = [(each.type, dict(each.attrs)) for each in asked.exporters]
    given = given or ([(asked.exporter, dict(asked.exporter_attrs))] if asked.exporter else [])
    for kind, attrs in given:
        if kind not in EXPORTERS or attrs.get("push", "false") not in ("", "false"):
            flag = f"--output type={kind[:40]}" if kind not in EXPORTERS else "--push"
            raise Refused(
                f"The lab does not allow {flag}.",
                why="The result of a build here is an image on the engine.",
                instead="Leave --output and --push out; `docker cp` and `docker save` get files out.",
            )
    if len(given) > 1:
        raise Refused("The lab takes one --output.")
    return dict(given)


def bridge_solve(body: bytes, build: Build, seat: Seat) -> bytes:
    """Judge LLBBridge.Solve: how the Dockerfile is read.

    Raises:
        Refused: it asks for what the lab does not allow.
    """
    asked = _read("BridgeSolve", body)
    if asked.definition or asked.inputs or asked.policies or asked.cache_imports or asked.exporter_attr:
        raise Refused("The lab takes a build from a Dockerfile only.", instead="Leave named contexts and caches out.")
    if asked.frontend != FRONTEND:
        raise _frontend(asked.frontend)
    given = dict(asked.options)
    arguments = {key.removeprefix("build-arg:"): value for key, value in given.items() if key.startswith("build-arg:")}
    # What the session is asked for a Dockerfile goes through this build's arguments.
    known = seat.ledger.thing(seat.name, "session", build.session)
    seat.own("session", build.session, known.name if known else "", json.dumps(arguments))
    anew = MESSAGE["BridgeSolve"](
        frontend=FRONTEND,
        return_result=asked.return_result,
        return_array=asked.return_array,
        final=asked.final,
        evaluate=asked.evaluate,
    )
    anew.options.update(options(given, seat))
    return bytes(anew.SerializeToString())


def options(given: dict[str, str], seat: Seat) -> dict[str, str]:
    """Give the Dockerfile frontend's options, with what the lab sets in its place.

    Raises:
        Refused: one is not allowed, or not known.
    """
    kept = {key: value for key, value in given.items() if _goes_on(key)}
    for key, value in given.items():
        harmless = key in kept or key.startswith(DROPPED) or key == "force-network-mode"
        if not harmless and value not in ("", "false", "0", "null"):
            flag = "--build-context" if key.startswith("context:") else WALLS.get(key, key)
            raise Refused(f"The lab does not allow {flag[:60]} with build.", instead="Leave it out.")
    if ".dockerignore" in kept.get("filename", ""):  # also with a slash behind it: that file is not written anew
        raise Refused("A Dockerfile's name cannot have .dockerignore in it.")
    if kept.get("requestid", REQUESTS[0]) not in REQUESTS:
        raise Refused(f"The lab does not allow --call {kept['requestid'][:40]}.")
    mode = given.get("force-network-mode", "")
    if mode not in ("", "default", "none"):
        raise Refused(
            f"The lab does not allow --network {mode[:40]} with build.",
            why="A build step would be on a network that is not its own.",
            instead="Leave it out, or use --network none.",
        )
    if mode == "none" or not seat.bounds.outbound:
        kept["force-network-mode"] = "none"
    return kept | {"image-resolve-mode": "local", "build-arg:BUILDKIT_CACHE_MOUNT_NS": seat.name}


def _goes_on(key: str) -> bool:
    if key.startswith("build-arg:"):
        return not key.startswith("build-arg:BUILDKIT_")
    if key.startswith("label:"):
        return not key.removeprefix("label:").casefold().startswith(names.RESERVED)
    return key in OPTIONS


def returned(body: bytes, build: Build) -> bytes:
    """Judge LLBBridge.Return: the result must be one that the engine gave."""
    asked = _read("Return", body, deep=False)
    anew = MESSAGE["Return"]()
    if asked.HasField("error"):
        anew.error.code, anew.error.message = asked.error.code, asked.error.message
        return bytes(anew.SerializeToString())
    ids = [asked.result.ref.id] if asked.result.HasField("ref") else []
    ids += [each.id for each in asked.result.refs.refs.values()]
    if not set(filter(None, ids)) <= build.results:
        raise Malformed("This is no result of this build.")
    if asked.result.HasField("ref"):
        anew.result.ref.id = asked.result.ref.id
    for key, each in asked.result.refs.refs.items():
        anew.result.refs.refs[key].id = each.id
    for key, value in asked.result.metadata.items():
        anew.result.metadata[key] = value
    return bytes(anew.SerializeToString())


def _check_session(session: str, seat: Seat) -> None:
    if session and (not ID.fullmatch(session) or seat.ledger.owned_by_others(seat.name, "session", session)):
        raise Malformed("no active session for this build")


def _frontend(name: str) -> Refused:
    return Refused(
        f"The lab does not allow the frontend {name[:60]!r}.",
        why="It is a program of somebody else's choice, which the engine would run.",
        instead="Leave `# syntax=` and BUILDKIT_SYNTAX out.",
    )


def _read(kind: str, body: bytes, *, deep: bool = True) -> Any:  # noqa: ANN401  a class made from its description
    found = MESSAGE[kind].FromString(body)
    if deep and len(UnknownFieldSet(found)):
        number = UnknownFieldSet(found)[0].field_number
        raise Malformed(f"The lab's guard does not know the field {number} of {kind}, so it does not pass it on.")
    return found
