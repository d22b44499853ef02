"""Checks of what a learner's commands left in a registry, and of what came back from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.checks.registry import check, failed, passed
from labkit.words import mark, say, say_many

if TYPE_CHECKING:
    from labkit.evidence import Evidence
    from labkit.result import Finding

WHY_NOWHERE = mark("A push goes where the name says: ADDRESS/REPOSITORY:TAG. The registry takes it only after a login.")
WHY_ALONE = mark("A name without a tag means the tag latest, and each tag is pushed by itself.")
REFUSALS = ("no basic auth credentials", "401 Unauthorized", "does not go to the registry")  # as docker prints them


@check("The registry has {repository}:{tag}, with {path} in it")
def registry_holds(evidence: Evidence, *, repository: str, tag: str, path: str, contains: str = "") -> Finding:
    """The registry has an image, and its layers hold a file.

    Args:
        evidence: the evidence.
        repository: the name in the registry, without its address.
        tag: the tag.
        path: a file in the image, from the root.
        contains: text that it must hold.
    """
    registry, given = evidence.registry, {"repository": repository, "tag": tag, "path": path}
    want, tags = say("{repository} with the tag {tag}, as it was built here.", **given), registry.tags(repository)
    if not tags:
        return failed(_no_repository(evidence, repository), want, say(WHY_NOWHERE))
    if tag not in tags:
        there = ", ".join(tags)
        saw = say("{repository} is in the registry, with no tag {tag}. It has: {there}.", **given, there=there)
        return failed(saw, want, say(WHY_ALONE))
    try:
        text = registry.read(repository, tag, path).decode(errors="replace")
    except FileNotFoundError:
        return failed(
            say("In the registry's {repository}:{tag} there is no {path}.", **given),
            want,
            say("A tag leads to whatever image it was given to. This one is not what the Dockerfile builds."),
        )
    if contains not in text:
        saw = say("In the registry's {repository}:{tag}, {path} says {text!r}.", **given, text=text[:80])
        return failed(saw, want, say("It is another image."))
    return passed(say("The registry has {repository}:{tag}, with {path} in it.", **given))


def _no_repository(evidence: Evidence, repository: str) -> str:
    others = ", ".join(evidence.registry.repositories())
    shown = say("It has: {others}.", others=others) if others else say("It is empty.")
    refused = next((each for each in REFUSALS if each in evidence.commands.text), "")
    said = say(" One command said: {words}.", words=refused) if refused else ""
    return say("The registry has no repository {repository}. {shown}", repository=repository, shown=shown) + said


@check("The tags of {repository} are one image in the registry")
def registry_tags_agree(evidence: Evidence, *, repository: str, tags: list[str]) -> Finding:
    """Tags of a repository lead to one digest.

    Args:
        evidence: the evidence.
        repository: the name in the registry.
        tags: the tags.
    """
    there = evidence.registry.tags(repository)
    want = say("{tags} lead to one digest.", tags=say(" and ").join(tags))
    if missing := [tag for tag in tags if tag not in there]:
        return failed(
            say(
                "In the registry, {repository} has no tag {missing}. It has: {there}.",
                repository=repository,
                missing=missing[0],
                there=", ".join(there),
            ),
            want,
            say("`docker tag` names the image on this machine only. Each name is pushed by itself."),
        )
    if len({evidence.registry.image(repository, tag).digest for tag in tags}) > 1:
        return failed(
            say("In the registry, {tags} are different images.", tags=say(" and ").join(tags)),
            want,
            say("A second build makes a second image, even of the same files. A second tag makes none."),
        )
    return passed(say("{tags} lead to one digest.", tags=say(" and ").join(tags)))


@check("No tag of the image is left here")
def no_tags_left(evidence: Evidence, *, names: list[str]) -> Finding:
    """No image on this machine has one of the names, with any registry in front and any tag.

    Args:
        evidence: the evidence.
        names: repositories, without an address and a tag.
    """
    left = [tag for tag in evidence.world.tags() if any(_is_of(tag.rpartition(":")[0], name) for name in names)]
    if not left:
        return passed(say("No tag of the image is left here."))
    return failed(
        say_many("{names} is still here.", "{names} are still here.", len(left), names=", ".join(left)),
        say("No tag of the image on this machine: docker rmi takes all its names at once."),
        say("As long as one name is left, nothing is removed, and a pull that brings nothing new shows nothing."),
    )


def _is_of(repository: str, name: str) -> bool:
    """Tell whether a repository is of a name: the same, with or without a registry's address in front."""
    first, _, rest = repository.partition("/")
    return name in (repository, rest if ":" in first or "." in first or first == "localhost" else repository)


@check("{repository} came back by its digest")
def pulled_by_digest(evidence: Evidence, *, repository: str, tag: str) -> Finding:
    """An image is here by the digest that the registry has for a tag.

    Args:
        evidence: the evidence.
        repository: the name in the registry.
        tag: the tag there.
    """
    digest = evidence.registry.image(repository, tag).digest
    here = [each for each in evidence.world.digests() if _is_of(each.partition("@")[0], repository)]
    want = say(
        "{repository} by the digest that the registry has for {tag}: docker pull ADDRESS/{repository}@sha256:…",
        repository=repository,
        tag=tag,
    )
    if any(each.endswith(f"@{digest}") for each in here):
        return passed(
            say("{repository} is here by the digest that the registry has for {tag}.", repository=repository, tag=tag)
        )
    if here:
        return failed(
            say(
                "{repository} is here by a digest, but by another one than {tag} has: that of another image.",
                repository=repository,
                tag=tag,
            ),
            want,
            say("A digest means one image for ever. That of another build is another image, whatever its name."),
        )
    return failed(
        say("{repository} is not here by any digest.", repository=repository),
        want,
        say("The digest is of what the registry sends; the image's id is another number, and no registry knows it."),
    )


@check("The password is in no command")
def password_by_stdin(evidence: Evidence, *, password: str) -> Finding:
    """No docker command that was run has the password among its words.

    Args:
        evidence: the evidence.
        password: the password.
    """
    lines = [line for line in evidence.commands.text.splitlines() if line.startswith("$ ")]
    shown = [line.removeprefix("$ ") for line in lines if line.startswith("$ docker ") and password in line]
    if not shown:
        return passed(say("No docker command had the password among its words."))
    return failed(
        say("This ran: {shown}", shown=shown[0].replace(password, "****")),
        say("docker login reads it from its input: --password-stdin."),
        say("Words of a command are seen by everybody: in the list of processes, the shell's history, a build's log."),
    )
