"""`exercise.toml`, read and judged: a folder is an exercise, and this is what its file may say.

format_version = 1
title = "Order the layers for the cache"
section = "Image layers"                  # the chapter's section
notebook = "06_layer_order"
minutes = 10
files = ["Dockerfile"]                    # all that is taken from a learner
hints = ["…", "…"]                        # in order; the last nearly gives it away

[made]                                    # optional: files that git cannot hold, by path
".env" = "KEY=secret"
"node_modules/a/index.js" = { text = "code; ", size = 3000000 }    # the text again and again, so many bytes

[build]                                   # optional, as are its keys
network = "none"                          # or "default"
seconds = 300
stand_in = { "node" = "node:20-alpine" }  # a name after FROM that the lab has no image for, and what is taken for it

[run]                                     # optional: how its container is started
publish = [3000]
env = { NAME = "value" }
argv = ["--wait"]                         # what follows the image's name
ready = "listening"                       # what it writes when it is up; without it, the first port must answer
seconds = 20                              # until it must be up

[commands]                                # in place of the two: a script is run, its docker endpoint looked at
script = "commands.sh"
setup = "setup.sh"                        # optional, as all of these: the course's own, run before
later = "later.sh"                        # the course's own, run after: what happens to what was left
seconds = 120
image = "my-app:1.0"                      # what `image` and `service` are in the checks of the two kinds above
container = "my-app"
registry = "registry"                     # the container that is one, and a login there, as "user:password"
login = "learner:secret"

[[checks]]
use = "layer_reused"                      # a function in labkit/checks; the rest are its arguments
edit = "src/index.js"
holds = "app/node_modules"
points = 2                                # optional: 1
title = "…"                               # optional: the check's own
details = "full"                          # optional: full, actual (what was seen), none
hidden = false                            # optional: true for a check that is run for a grade only
after = "image_builds"                    # optional: an earlier check without which this one has nothing to look at
"""

from __future__ import annotations

import difflib
import inspect
import tomllib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from labkit.errors import ExerciseError
from labkit.result import Details  # noqa: TC001  pydantic reads the annotations
from labkit.words import translations

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic_core import ErrorDetails

NAME = "exercise.toml"
NOT_CONTEXT = frozenset({NAME, "README.md", "baseline", *translations()})  # the course's own: not in the build context
Text = Annotated[str, Field(min_length=1)]
Names = TypeVar("Names", bound=Iterable[str])


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class BuildSpec(_Model):
    """How the image is built.

    Attributes:
        network: of each step.
        seconds: for the whole of it.
        stand_in: names after FROM that the lab has no image for, each with the base image that is taken for it.
    """

    network: Literal["none", "default"] = "none"
    seconds: float = Field(default=300, gt=0, le=1800)
    stand_in: dict[str, str] = {}


class RunSpec(_Model):
    """How the exercise's container is started.

    Attributes:
        publish: ports that are published on loopback.
        env: variables that it is given.
        argv: what follows the image's name.
        ready: what it writes when it is up, or "".
        seconds: until it must be up.
    """

    publish: tuple[int, ...] = ()
    env: dict[str, str] = {}
    argv: tuple[str, ...] = ()
    ready: str = ""
    seconds: float = Field(default=20, gt=0, le=300)

    @field_validator("publish", "argv", mode="before")
    @classmethod
    def _tuple(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value


class MadeFile(_Model):
    """A starter file that is made when it is needed: its text, repeated to ``size`` bytes; once where that is 0."""

    text: str = Field(min_length=1)
    size: int = Field(default=0, ge=0, le=16 << 20)

    @property
    def data(self) -> bytes:
        """Its content."""
        once = self.text.encode()
        return (once * (self.size // len(once) + 1))[: self.size or len(once)]


class CommandsSpec(_Model):
    """Where the skill is a command: a script that is run against a docker endpoint of its own.

    Attributes:
        script: the learner's.
        setup: the course's own, run before it, or "".
        later: the course's own, run after it, or "".
        seconds: for each of them.
        image: the image that it is to leave, for checks of an image.
        container: the container that it is to leave, for checks of a running one.
        registry: the container that is a registry, for checks of what it holds.
        login: a user of that registry, as ``user:password``, or "".
    """

    script: Text = "commands.sh"
    setup: str = ""
    later: str = ""
    seconds: float = Field(default=120, gt=0, le=900)
    image: str = ""
    container: str = ""
    registry: str = ""
    login: str = ""


class CheckSpec(_Model):
    """One check: the function's name, its arguments, what it is worth, and which check must pass before it."""

    use: str
    arguments: dict[str, Any] = {}
    points: float = Field(default=1.0, ge=0)
    title: str = ""
    details: Details = "full"
    hidden: bool = False  # run for a grade only
    after: str = ""


class Exercise(_Model):
    """An exercise as its folder defines it.

    Attributes:
        folder: where it is; its name, such as ``06-layer-order``, is the exercise's slug.
        minutes: how long it takes somebody who meets it for the first time.
        files: paths, relative to the folder, of all that is taken from a learner.
        made: starter files that are not in the folder, since git cannot hold them (``.git``, ``node_modules``).
        hints: in order of how much they tell.
        checks: in the order in which they are shown.
    """

    format_version: Literal[1]
    folder: Path
    title: Text
    section: Text
    notebook: Text
    minutes: int = Field(gt=0)
    files: Annotated[list[Text], Field(min_length=1)]
    hints: Annotated[list[Text], Field(min_length=1)]
    made: dict[str, MadeFile] = {}
    build: BuildSpec = BuildSpec()
    run: RunSpec = RunSpec()
    commands: CommandsSpec | None = None
    checks: Annotated[list[CheckSpec], Field(min_length=1)]

    @field_validator("made", mode="before")
    @classmethod
    def _text_alone(cls, made: object) -> object:
        if not isinstance(made, dict):
            return made
        return {name: {"text": file} if isinstance(file, str) else file for name, file in made.items()}

    @field_validator("files", "made")
    @classmethod
    def _inside(cls, files: Names) -> Names:
        for name in files:
            path = PurePosixPath(name)
            if path.is_absolute() or ".." in path.parts or "\\" in name:
                raise ValueError(f"{name!r} leaves the exercise's folder")
        return files

    @field_validator("checks")
    @classmethod
    def _in_order(cls, checks: list[CheckSpec]) -> list[CheckSpec]:
        for number, check in enumerate(checks):
            if check.after and check.after not in {each.use for each in checks[:number]}:
                raise ValueError(f"no check before {check.use} is named {check.after!r}")
        return checks

    @property
    def slug(self) -> str:
        """Its name with its number, such as ``06-layer-order``."""
        return self.folder.name

    @property
    def name(self) -> str:
        """Its name without its number, such as ``layer-order``."""
        return self.slug.split("-", 1)[-1]

    @property
    def task(self) -> str:
        """The task, as Markdown."""
        return (self.folder / "README.md").read_text(encoding="utf-8")

    def starter(self) -> dict[str, Path]:
        """Its folder's files that a learner starts from and the image is built from, by relative POSIX path."""
        return files_below(self.folder, NOT_CONTEXT)


def files_below(folder: Path, leave_out: frozenset[str] = frozenset()) -> dict[str, Path]:
    """Map relative POSIX paths to the regular files below a folder, sorted; links are left out."""
    found = {}
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if relative.parts[0] not in leave_out and path.is_file() and not path.is_symlink():
            found[relative.as_posix()] = path
    return found


def load(folder: Path, checks: Mapping[str, Callable[..., object]]) -> Exercise:
    """Read an exercise's folder.

    Args:
        folder: the exercise.
        checks: the functions that ``use`` may name; a function's signature is the schema of its arguments.

    Raises:
        ExerciseError: something in it is wrong; the message names it and the nearest right thing.
    """
    try:
        data = tomllib.loads((folder / NAME).read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ExerciseError(f"{folder.name}/{NAME} cannot be read: {error}", fix="mend the file") from None
    if not (folder / "README.md").is_file():
        raise ExerciseError(f"{folder.name} has no README.md", fix="write the task into it")
    raw = data.get("checks")
    data["checks"] = [_check(folder.name, entry, checks) for entry in raw] if isinstance(raw, list) else raw
    try:
        return Exercise.model_validate({**data, "folder": folder})
    except ValidationError as error:
        # A name that is wrong says more than the one that is missing for it.
        first = min(error.errors(), key=lambda entry: entry["type"] != "extra_forbidden")
        raise ExerciseError(_explain(folder.name, first), fix=f"mend {folder.name}/{NAME}") from None


def _check(slug: str, entry: object, checks: Mapping[str, Callable[..., object]]) -> object:
    """Split a check's own keys from the function's arguments, and hold these against its signature."""
    if not isinstance(entry, dict) or "use" not in entry:
        raise ExerciseError(f"{slug}: a check has no `use`", fix=f"name one of: {', '.join(sorted(checks))}")
    name = entry["use"]
    if name not in checks:
        raise ExerciseError(f"{slug}: there is no check {name!r}{_nearest(name, checks)}", fix="see docs/checks.md")
    own = {key: entry[key] for key in ("use", "points", "title", "details", "hidden", "after") if key in entry}
    arguments = {key: value for key, value in entry.items() if key not in own}
    signature = inspect.signature(checks[name])
    names = list(signature.parameters)[1:]  # the first is the evidence
    for key in [key for key in arguments if key not in names]:
        raise ExerciseError(f"{slug}: {name} takes no {key!r}{_nearest(key, names)}", fix="see docs/checks.md")
    try:
        signature.bind(None, **arguments)
    except TypeError as error:
        raise ExerciseError(f"{slug}: {name}: {error}", fix="see docs/checks.md") from None
    if "points" in own and isinstance(own["points"], int):
        own["points"] = float(own["points"])
    return {**own, "arguments": arguments}


def _nearest(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(str(word), list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _explain(slug: str, error: ErrorDetails) -> str:
    where = ".".join(str(part) for part in error["loc"])
    near = _nearest(str(error["loc"][-1]), Exercise.model_fields) if error["type"] == "extra_forbidden" else ""
    return f"{slug}: {where}: {error['msg']}{near}"
