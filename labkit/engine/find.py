"""Find an engine: look where Docker's own client looks, then at the lab's own, then at Podman's.

The order: LABKIT_ENGINE, DOCKER_HOST, the docker context, the default socket, the lab's private engine, Podman's
sockets. The first that answers is used. LABKIT_ENGINE, DOCKER_HOST and DOCKER_CONTEXT are orders, not hints: where one
is set, nothing else is tried. LABKIT_ENGINE goes first since DOCKER_HOST may be the guard, which the lab itself passes.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docker
from docker.tls import TLSConfig

from labkit.engine.about import name_of
from labkit.engine.client import Engine
from labkit.engine.faults import SDK_ERRORS, causes, os_error, translate
from labkit.engine.hostproc import knock
from labkit.engine.private import Private
from labkit.engine.sdk import plain
from labkit.errors import EngineDied, EngineError, EngineForbidden, EngineNotFound, EngineTooOld
from labkit.words import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

DEFAULT_SOCKET = "unix:///var/run/docker.sock"
OLDEST = 20, 10
OLDEST_PODMAN = 4, 0
ANY_API = "1.24"  # the SDK wants one; the question for the version carries none
PROBE_SECONDS = 20  # a busy engine may take some seconds to answer; a dead one refuses at once
CALL_SECONDS = 300  # loading a large image onto a slow disk is silent for long


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place where an engine may be.

    Attributes:
        url: such as ``unix:///var/run/docker.sock`` or ``tcp://10.0.0.5:2376``.
        source: where the address comes from, in words for a person.
        certificates: the folder with ca.pem, cert.pem and key.pem, where TLS is used.
        verify: whether the engine's certificate is checked.
        ordered: True where the user named it, so that nothing else may take its place.
        context: True where a docker context names it.
    """

    url: str
    source: str
    certificates: Path | None = None
    verify: bool = True
    ordered: bool = False
    context: bool = field(default=False, compare=False)


def candidates(env: Mapping[str, str], home: Path, private: str) -> list[Candidate]:
    """List where to look, in order.

    Args:
        env: the environment.
        home: the user's home folder, for ``.docker``.
        private: the address of the lab's own engine.

    Returns:
        Each address once. With LABKIT_ENGINE, DOCKER_HOST or DOCKER_CONTEXT set, that one alone.
    """
    own = Candidate(private, say("the lab's own engine"))
    if env.get("LABKIT_ENGINE") == "private":
        return [Candidate(own.url, own.source, ordered=True)]
    if env.get("LABKIT_ENGINE"):
        certificates = env.get("LABKIT_CERT_PATH")
        where = Path(certificates) if certificates else None
        return [Candidate(env["LABKIT_ENGINE"], "LABKIT_ENGINE", where, ordered=True)]
    if env.get("DOCKER_HOST"):
        return [_from_docker_host(env, home)]
    context = _from_context(env, home)
    if context and context.ordered:
        return [context]
    found = [context] if context else []
    found += [Candidate(DEFAULT_SOCKET, say("the default socket")), own]
    if runtime := env.get("XDG_RUNTIME_DIR"):
        found.append(Candidate(f"unix://{runtime}/podman/podman.sock", say("Podman's socket of this user")))
    found.append(Candidate("unix:///run/podman/podman.sock", say("Podman's system socket")))
    return list({candidate.url: candidate for candidate in reversed(found)}.values())[::-1]


def _from_docker_host(env: Mapping[str, str], home: Path) -> Candidate:
    certificates = env.get("DOCKER_CERT_PATH")
    verify = bool(env.get("DOCKER_TLS_VERIFY"))
    folder = Path(certificates) if certificates else home / ".docker" if verify else None
    return Candidate(env["DOCKER_HOST"], "DOCKER_HOST", folder, verify=verify, ordered=True)


def _from_context(env: Mapping[str, str], home: Path) -> Candidate | None:
    """Read the current context as Docker's client stores it.

    The SDK's own reader knows neither DOCKER_CONTEXT nor any folder but the process's.

    source: docker/cli, cli/context/store: meta/<sha256 of the name>/meta.json, tls/<the same>/docker/.
    """
    folder = Path(env.get("DOCKER_CONFIG") or home / ".docker")
    name = env.get("DOCKER_CONTEXT") or _json(folder / "config.json").get("currentContext") or "default"
    if name == "default":
        return None
    key = hashlib.sha256(name.encode()).hexdigest()
    endpoint = _json(folder / "contexts/meta" / key / "meta.json").get("Endpoints", {}).get("docker", {})
    ordered = bool(env.get("DOCKER_CONTEXT"))
    if not endpoint.get("Host") and not ordered:
        return None
    tls = folder / "contexts/tls" / key / "docker"
    return Candidate(
        endpoint.get("Host", ""),
        say("the docker context {name}", name=name),
        tls if tls.is_dir() else None,
        verify=not endpoint.get("SkipTLSVerify", False),
        ordered=ordered,
        context=True,
    )


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # absent or broken: Docker's own client takes the default then, too
        return {}
    return content if isinstance(content, dict) else {}


def connect() -> Engine:
    """Connect to the first engine that answers.

    Raises:
        EngineForbidden: there is an engine, but this user may not use it.
        EngineTooOld: there is one, but it is older than Docker 20.10 or Podman 4.
        EngineDied: there is a socket, but no engine behind it.
        EngineNotFound: there is none at all.
    """
    return first_that_answers(candidates(os.environ, Path.home(), Private.default().url))


def at(url: str, source: str) -> Engine:
    """Connect to the engine at one address; see `connect` for what is raised."""
    return probe(Candidate(url, source))


def first_that_answers(places: Iterable[Candidate]) -> Engine:
    """Connect to the first of ``places`` that answers; see `connect` for what is raised."""
    tried: list[tuple[Candidate, EngineError]] = []
    for place in places:
        try:
            return probe(place)
        except EngineError as error:
            tried.append((place, error))
    raise _most_telling(tried)


def _most_telling(tried: list[tuple[Candidate, EngineError]]) -> EngineError:
    for kind in (EngineForbidden, EngineTooOld, EngineDied):
        for _, error in tried:
            if isinstance(error, kind):
                return error
    if len(tried) == 1:
        return tried[0][1]
    where = ", ".join(f"{place.source} ({place.url})" for place, _ in tried)
    return EngineNotFound(
        say("No Docker Engine answers on this machine."),
        why=say("Looked at: {where}.", where=where),
        fix=say(
            "run `./lab`, which offers to set one up (`labkit engine start` does only that), or start Docker Desktop"
        ),
    )


def probe(place: Candidate) -> Engine:
    """Connect to one place.

    Raises:
        EngineNotFound: nothing is there.
        EngineError: what is there cannot be used; see `connect`.
    """
    if not place.url:
        raise EngineNotFound(
            say("{source} is chosen, but names no engine.", source=place.source).capitalize(),
            fix=say("list the contexts with `docker context ls`, or unset DOCKER_CONTEXT"),
        )
    options: dict[str, Any] = {"base_url": place.url, "use_ssh_client": place.url.startswith("ssh://")}
    try:
        knock(place.url, PROBE_SECONDS)
        options["tls"] = _tls(place) or False
        # The SDK's own negotiation leaves its sockets open where it fails; so: ask, close, connect.
        with contextlib.closing(docker.APIClient(**options, version=ANY_API, timeout=PROBE_SECONDS)) as api:
            version = plain(api).version(api_version=False)
        _refuse_old(version, place)
        client = docker.DockerClient(**options, version=version["ApiVersion"], timeout=CALL_SECONDS)
    except (*SDK_ERRORS, OSError) as error:
        raise _no_answer(error, place) from error
    plain(client.api)
    return Engine(client, place.url, place.source, options, place.certificates)


def _tls(place: Candidate) -> TLSConfig | None:
    if place.certificates is None:
        return None
    ca, cert, key = (place.certificates / name for name in ("ca.pem", "cert.pem", "key.pem"))
    pair = (str(cert), str(key)) if cert.exists() else None
    return TLSConfig(client_cert=pair, ca_cert=str(ca) if ca.exists() else None, verify=place.verify)


def _no_answer(error: Exception, place: Candidate) -> EngineError:
    code, where = os_error(error), f"{place.source} ({place.url})"
    if untrusted := next((cause for cause in causes(error) if isinstance(cause, ssl.SSLError)), None):
        variable = "LABKIT_CERT_PATH" if place.source == "LABKIT_ENGINE" else "DOCKER_CERT_PATH"
        return EngineForbidden(
            say(
                "The engine at {where} and the lab do not trust each other: {reason}.",
                where=where,
                reason=untrusted.reason or untrusted,
            ),
            why=say("Over a network, an engine lets in who has a certificate that it knows."),
            fix=say(
                "set {variable} to the folder that holds its ca.pem and your cert.pem and key.pem", variable=variable
            ),
        )
    if code in (errno.EACCES, errno.EPERM):
        return EngineForbidden(
            say("There is a Docker Engine at {where}, but this user may not use it.", where=where),
            why=say("Only root and the members of the socket's group may."),
            fix=say("run `sudo usermod -aG docker $USER`, log out and in again, then start anew"),
        )
    if code == errno.ENOENT and not place.ordered:
        return EngineNotFound(say("There is no engine at {where}.", where=where), fix=say("run `labkit engine start`"))
    if code == errno.ENOENT or "Name or service not known" in str(error):
        return EngineNotFound(say("There is no engine at {where}.", where=where), fix=_other(place))
    if isinstance(translate(error, doing=say("looking for it")), EngineDied):
        return EngineDied(
            say("There should be an engine at {where}, but it does not answer.", where=where),
            why=say("Its daemon has ended without tidying up, or it hangs."),
            fix=say("start it again, for example with `sudo systemctl start docker`, or {other}", other=_other(place)),
        )
    return EngineError(
        say("What is at {where} does not speak Docker's language: {error}", where=where, error=error), fix=_other(place)
    )


def _other(place: Candidate) -> str:
    if place.source == "DOCKER_HOST":
        return say("unset DOCKER_HOST to let the lab look elsewhere")
    if place.ordered and place.context:
        return say("unset DOCKER_CONTEXT to let the lab look elsewhere")
    return say("run `labkit engine start` for an engine of the lab's own")


def _refuse_old(version: Mapping[str, Any], place: Candidate) -> None:
    name = name_of(version)
    oldest = OLDEST_PODMAN if name == "Podman" else OLDEST
    found = tuple(_numbers(version.get("Version", "")))[:2]
    if found and found < oldest:
        wanted = ".".join(map(str, oldest))
        raise EngineTooOld(
            say(
                "The {name} at {source} is version {version}; the lab needs {wanted} or newer.",
                name=name,
                source=place.source,
                version=version["Version"],
                wanted=wanted,
            ),
            why=say("Older ones answer some of the lab's questions differently, or not at all."),
            fix=say("upgrade it, or {other}", other=_other(place)),
        )


def _numbers(version: str) -> Iterator[int]:
    """Split "20.10.24+dfsg1" into 20, 10, 24; a version that begins with no digit (a development build) is empty."""
    start = re.match(r"\d+(\.\d+)*", version)
    return (int(part) for part in start[0].split(".")) if start else iter(())
