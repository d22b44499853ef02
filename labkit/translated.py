"""An exercise in the learner's language: `es.toml` beside its exercise.toml, and a better word in it changes no points.

title = "…"
hints = ["…", "…"]           # as many as exercise.toml has

[checks]                     # what exercise.toml gives the checks to say: titles, reasons, names of secrets
"The app still answers" = "…"
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from labkit.errors import ExerciseError
from labkit.spec import Text  # noqa: TC001  pydantic reads the annotations
from labkit.words import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from labkit.spec import CheckSpec, Exercise


class Translation(BaseModel):
    """What a translation may say.

    Attributes:
        title: the exercise's title.
        hints: its hints, each for the one of the same number.
        checks: what its checks say, by their English.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    title: Text
    hints: Annotated[list[Text], Field(min_length=1)]
    checks: dict[Text, Text] = {}


def translated(exercise: Exercise, language: str) -> Exercise:
    """Give an exercise in a language; where there is no translation, as it is.

    Raises:
        ExerciseError: the translation cannot be read.
    """
    path = exercise.folder / f"{language}.toml"
    if language == ENGLISH or not path.is_file():
        return exercise
    try:
        found = Translation.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise ExerciseError(f"{exercise.slug}/{path.name} cannot be read: {error}", fix="mend the file") from None
    hints = found.hints if len(found.hints) == len(exercise.hints) else exercise.hints
    checks = [_check(check, found.checks) for check in exercise.checks]
    return exercise.model_copy(update={"title": found.title, "hints": hints, "checks": checks})


def sayings(check: CheckSpec) -> Iterator[str]:
    """All that an exercise gives a check to say."""
    yield from filter(None, (check.title, check.arguments.get("why", "")))
    for value in check.arguments.values():
        if isinstance(value, dict):
            yield from value


def _check(check: CheckSpec, texts: dict[str, str]) -> CheckSpec:
    arguments = {name: _argument(name, value, texts) for name, value in check.arguments.items()}
    return check.model_copy(update={"title": texts.get(check.title, check.title), "arguments": arguments})


def _argument(name: str, value: Any, texts: dict[str, str]) -> Any:  # noqa: ANN401  whatever TOML holds
    if name == "why":
        return texts.get(value, value)
    if isinstance(value, dict):
        return {texts.get(key, key): each for key, each in value.items()}
    return value
