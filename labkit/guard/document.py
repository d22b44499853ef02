"""Read a request's body into a model: what the model does not know is refused.

A key that is not there is refused unless its value is empty: clients send all that they know. Keys are compared as
they are written, since the engine's own reader takes ``privileged`` for ``Privileged`` (source: Go, encoding/json).
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from labkit.guard.messages import Json
from labkit.guard.refusal import Malformed
from labkit.guard.strictjson import is_empty
from labkit.guard.walls import wall


def _go(name: str) -> str:
    """Give a field's name in the API: ``nano_cpus`` is ``NanoCpus``."""
    return "".join(part.capitalize() for part in name.split("_"))


Text = Annotated[str, StringConstraints(max_length=4096, pattern=r"^[^\x00]*$")]
Word = Annotated[str, StringConstraints(max_length=256, pattern=r"^[^\x00-\x1f\x7f]*$")]
Long = Annotated[str, StringConstraints(max_length=65536, pattern=r"^[^\x00]*$")]
Path = Annotated[str, StringConstraints(max_length=4096, pattern=r"^/[^\x00]*$")]
Texts = Annotated[list[Long], Field(max_length=512)]
Words = Annotated[list[Word], Field(max_length=64)]
Labels = Annotated[dict[Text, Long], Field(max_length=128)]
Whole = Annotated[int, Field(ge=-(1 << 62), le=1 << 62)]
Port = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,5}(/(tcp|udp))?$")]
Nothing = Annotated[dict[str, Json], Field(max_length=0)]


class Document(BaseModel):
    """A level of a document whose keys are the API's own."""

    model_config = ConfigDict(strict=True, extra="forbid", alias_generator=_go, hide_input_in_errors=True)
    DROPPED: ClassVar[frozenset[str]] = frozenset()  # known, harmless, and not passed on

    @model_validator(mode="before")
    @classmethod
    def _only_what_is_known(cls, value: Json) -> Json:
        if not isinstance(value, dict):
            return value
        known = {field.alias for field in cls.model_fields.values()}
        for key, content in value.items():
            if (
                key not in known
                and key not in cls.DROPPED
                and (not is_empty(content) or _empty_means_all(key, content))
            ):
                raise wall(key)
        return {key: content for key, content in value.items() if key in known and content is not None}

    def document(self) -> dict[str, Any]:
        """Give what was in the request, in the API's own words."""
        return self.model_dump(by_alias=True, exclude_unset=True)


def _empty_means_all(key: str, content: Json) -> bool:
    """Of these the empty list, unlike null, takes the engine's own list away (source: moby, oci.WithPaths)."""
    return key in ("MaskedPaths", "ReadonlyPaths") and content == []


D = TypeVar("D", bound=Document)


def read(model: type[D], value: Json) -> D:
    """Read a document.

    Raises:
        Refused: it holds what may not pass.
        Malformed: it is not such a document.
    """
    try:
        return model.model_validate({} if value is None else value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])[:120]
        raise Malformed(f"The field {where or 'body'} is not as the API has it: {first['msg']}.") from error
