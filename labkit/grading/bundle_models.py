"""What an evidence bundle says, as models that refuse what they do not know, and whatever is too long."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from labkit.grading.take import MOST_FILES
from labkit.result import Outcome  # noqa: TC001  pydantic reads the annotations

MANIFEST, SIGNATURE, REPORT, EVIDENCE = "manifest.json", "signature.json", "report.json", "evidence.json"
FILES = "files/"  # with one of the learner's after it
LIMITS = {MANIFEST: 1 << 18, SIGNATURE: 1 << 10, REPORT: 1 << 20, EVIDENCE: 8 << 20}  # bytes of each member
LONGEST_NAME, LONGEST_WORDS, LONGEST_TEXT = 4096, 4000, 100_000  # characters of a path, a finding, an instruction
MOST_LAYERS, MOST_STEPS, MOST_IN_LAYER = 500, 2000, 200_000
MOST_KEYS = 500  # of one object
MOST_COMPARED = 100_000_000  # paths with each other: some ten seconds

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0, le=1 << 53)]
Name = Annotated[str, Field(max_length=LONGEST_NAME)]
Words = Annotated[str, Field(max_length=LONGEST_WORDS)]
Text = Annotated[str, Field(max_length=LONGEST_TEXT)]


class Model(BaseModel):
    """What a bundle's JSON texts are held against: nothing else is taken."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    def dumped(self) -> bytes:
        """Write it as JSON, the same for the same data."""
        return json.dumps(self.model_dump(mode="json"), ensure_ascii=False, sort_keys=True).encode()


# What can be many is a list of rows, and the first that is wrong ends it: an object would have each wrong key reported.
FileRow = tuple[Name, Count, Count, Count, bool]  # path, then as `labkit.layers.LayerFile`: size, mode, uid, is_dir


Strings = Annotated[list[Text], Field(max_length=MOST_KEYS, fail_fast=True)]
Empty = dict[Name, dict[Name, Text]]  # the API's way to write a set: each with nothing behind it


class HeldLayer(Model):
    """A layer, as `labkit.layers.Layer`."""

    diff_id: Name
    created_by: Text
    size: Count
    files: Annotated[list[FileRow], Field(max_length=MOST_IN_LAYER, fail_fast=True)]
    removed: Annotated[list[Name], Field(max_length=MOST_IN_LAYER, fail_fast=True)]


class HeldEntry(Model):
    """A line of an image's history, as `labkit.image.HistoryEntry`."""

    instruction: Text
    size: Count
    layer: bool


class HeldConfig(Model):
    """What checks may ask of an image's configuration, in the API's own words."""

    Cmd: Strings | None = None
    Entrypoint: Strings | None = None
    Env: Strings | None = None
    ExposedPorts: Empty | None = None
    Labels: dict[Name, Text] | None = None
    Shell: Strings | None = None
    StopSignal: Name | None = None
    User: Name | None = None
    Volumes: Empty | None = None
    WorkingDir: Name | None = None


class HeldImage(Model):
    """An image."""

    id: Name
    config: HeldConfig
    history: Annotated[list[HeldEntry], Field(max_length=MOST_STEPS, fail_fast=True)]
    layers: Annotated[list[HeldLayer], Field(max_length=MOST_LAYERS, fail_fast=True)]

    @model_validator(mode="after")
    def _merges_in_time(self) -> Self:
        """Each removed path is looked for among all files: a few thousand are usual, and not for a million files."""
        if sum(len(x.removed) for x in self.layers) * sum(len(x.files) for x in self.layers) > MOST_COMPARED:
            raise ValueError("too many files that are removed")
        return self


class HeldStep(Model):
    """A step of the build, as `labkit.engine.BuildStep`."""

    number: Count
    stage: Name
    instruction: Text
    cached: bool


class HeldBuild(Model):
    """The build's trace."""

    builder: Literal["classic", "buildkit"]
    steps: Annotated[list[HeldStep], Field(max_length=MOST_STEPS, fail_fast=True)]


class Held(Model):
    """What the findings stand on.

    Attributes:
        build: the build's trace; None where commands were run instead.
        image: the image; None where commands left none.
        context: what the build sent, each path with its bytes. For people to look at: the files tell it anew.
        baseline_size: bytes of the image to compare with; None where nothing is compared.
        searched: of each secret that was looked for, by its sha256, where it was found: "" for the configuration or
            history, None for nowhere.
    """

    build: HeldBuild | None
    image: HeldImage | None
    context: Annotated[list[tuple[Name, Count]], Field(max_length=MOST_IN_LAYER, fail_fast=True)]
    baseline_size: Count | None
    searched: dict[Sha256, Name | None]


class Said(Model):
    """What a check found when the bundle was made, as far as a learner may know."""

    check: Name
    outcome: Outcome
    saw: Words
    want: Words
    why: Words


class SaidAll(Model):
    """The findings of all checks that are not hidden, in the exercise's order, and the files' digest."""

    snapshot: Sha256
    findings: Annotated[list[Said], Field(max_length=500, fail_fast=True)]


class Member(Model):
    """A member of the archive."""

    sha256: Sha256
    size: Count
    executable: bool = False


class Manifest(Model):
    """What a bundle is of."""

    format_version: Literal[1]
    exercise: Name
    exercise_hash: Sha256
    course: Name
    engine: Name
    made: AwareDatetime
    members: Annotated[dict[Name, Member], Field(max_length=MOST_FILES + 2)]


class Signature(Model):
    """Over the bytes of the manifest."""

    algorithm: Literal["hmac-sha256"]
    value: Sha256


def plain(text: str, most: int = LONGEST_NAME) -> str:
    """Give text that JSON can hold: bytes that were no UTF-8 become question marks, and what is too long is cut."""
    return text.encode("utf-8", "replace").decode()[:most]


def sha256(data: bytes) -> str:
    """Hash (hex)."""
    return hashlib.sha256(data).hexdigest()
