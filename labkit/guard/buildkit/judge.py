"""What a build may ask of BuildKit: each message is read, and written anew with what is allowed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from google.protobuf.unknown_fields import UnknownFieldSet

from labkit.guard import names
from labkit.guard.buildkit.opening import check_session
from labkit.guard.buildkit.schema import MESSAGE
from labkit.guard.dockerfile import cleaned
from labkit.guard.refusal import Malformed, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from labkit.guard.names import Ref
    from labkit.guard.seat import Seat

ID = re.compile(r"[a-z0-9]{16,64}")
LARGEST_OPTIONS = 256 << 10  # characters of all options: a build's arguments are kept as long as its session
FRONTEND = "dockerfile.v0"
ARG = "build-arg:"
EXPORTERS = ("", "moby", "image")
# Options of the Dockerfile frontend that go on as they are.
OPTIONS = ("filename", "target", "no-cache", "requestid", "frontend.caps", "multi-platform")
DROPPED = ("platform", "image-resolve-mode", "attest:", "label:", "vcs:", "contextkey", "dockerfilekey")
# What a frontend says of its result and the engine needs; anything else of it is dropped.
METADATA = (
    *("containerimage.config", "containerimage.base.config", "containerimage.buildinfo"),
    *("frontend.", "refs.platforms", "result."),
)
DOCKERFILE = "local-sessionid:dockerfile"
SHARED = ("local-sessionid:context", DOCKERFILE)  # folders that another session gives
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


@dataclass(frozen=True)
class Reading:
    """How a Dockerfile is read.

    Attributes:
        arguments: ``--build-arg``.
        folders: sessions that give a folder in the place of the build's own: option, to session.
    """

    arguments: dict[str, str]
    folders: dict[str, str]

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Reading:
        """Take it from the frontend's options."""
        arguments = {key.removeprefix(ARG): value for key, value in given.items() if key.startswith(ARG)}
        return cls(arguments, {key: given[key] for key in SHARED if key in given})


@dataclass
class Build:
    """A build of this connection.

    Attributes:
        session: the id of the session that gives its files.
        names: that its image is to have.
        asked: the same as the client put them.
        reading: of its Dockerfile, as the build's own call says it; None where calls of the bridge will.
        results: ids that the engine gave to what came of it.
        over: whether its image was written down, or there is none.
    """

    session: str
    names: list[Ref] = field(default_factory=list)
    asked: str = ""
    reading: Reading | None = None
    results: set[str] = field(default_factory=set)
    over: bool = False


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
    for session in (asked.session, *Reading.of(asked.frontend_attrs).folders.values()):
        if session:
            check_session(session, seat)
    wanted = _exported(asked)
    for attrs in wanted.values():
        attrs.pop("push", None)
    tags = ",".join(attrs.get("name", "") for attrs in wanted.values())
    refs = [names.parse_new(name) for name in tags.split(",") if name]
    anew = MESSAGE["Solve"](ref=asked.ref, session=asked.session, internal=asked.internal, frontend=asked.frontend)
    anew.frontend_attrs.update(options(dict(asked.frontend_attrs), seat))
    if wanted:
        on_engine = {"name": ",".join(map(seat.names.image, refs))} if refs else {}
        anew.exporter = next(iter(wanted))
        anew.exporter_attrs.update(on_engine)
        anew.exporters.add(type=anew.exporter).attrs.update(on_engine)
    reading = Reading.of(asked.frontend_attrs) if asked.frontend else None
    return asked.ref, Build(asked.session, refs, tags, reading), anew.SerializeToString()


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


def bridge_solve(body: bytes, seat: Seat) -> tuple[Reading, bytes]:
    """Judge LLBBridge.Solve: how the Dockerfile is read.

    Returns:
        What the session's files go through, and the message for the engine.

    Raises:
        Refused: it asks for what the lab does not allow.
    """
    asked = _read("BridgeSolve", body)
    if asked.definition or asked.inputs or asked.policies or asked.cache_imports or asked.exporter_attr:
        raise Refused("The lab takes a build from a Dockerfile only.", instead="Leave named contexts and caches out.")
    if asked.frontend != FRONTEND:
        raise _frontend(asked.frontend)
    given = dict(asked.options)
    anew = MESSAGE["BridgeSolve"](
        frontend=FRONTEND,
        return_result=asked.return_result,
        return_array=asked.return_array,
        final=asked.final,
        evaluate=asked.evaluate,
    )
    anew.options.update(options(given, seat))
    return Reading.of(given), bytes(anew.SerializeToString())


def options(given: dict[str, str], seat: Seat) -> dict[str, str]:
    """Give the Dockerfile frontend's options, with what the lab sets in its place.

    Raises:
        Refused: one is not allowed, or not known.
    """
    if sum(len(key) + len(value) for key, value in given.items()) > LARGEST_OPTIONS:
        raise Malformed("The build's options are too long: the lab takes 256 KiB of them.")
    kept = {key: value for key, value in given.items() if _goes_on(key)}
    for key, value in given.items():
        harmless = key in kept or key.startswith(DROPPED) or key == "force-network-mode"
        if not harmless and value not in ("", "false", "0", "null"):
            flag = "--build-context" if key.startswith("context:") else WALLS.get(key, key)
            raise Refused(f"The lab does not allow {flag[:60]} with build.", instead="Leave it out.")
    seat.check_platform(given.get("platform", ""))
    if "filename" in kept:
        kept["filename"] = cleaned(kept["filename"])
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
    return kept | {"image-resolve-mode": "local", f"{ARG}BUILDKIT_CACHE_MOUNT_NS": seat.name}


def _goes_on(key: str) -> bool:
    if key.startswith(ARG):
        return not key.startswith(f"{ARG}BUILDKIT_")
    if key.startswith("label:"):
        return not key.removeprefix("label:").casefold().startswith(names.RESERVED)
    return key in OPTIONS or key in SHARED


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
        if key.startswith(METADATA):
            anew.result.metadata[key] = value
    return bytes(anew.SerializeToString())


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
