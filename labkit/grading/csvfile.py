"""A CSV file that a grader wrote or a course platform gave: rows by the names of their columns."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from labkit.grading.submission import IntakeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LARGEST = 16 << 20  # bytes
DELIMITERS = ",;\t"  # the second is what spreadsheets write in half of Europe


@dataclass(frozen=True, slots=True)
class Row:
    """One row: where it stands, and its cells by column, stripped; a column that is not there is ""."""

    file: str
    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def wrong(self, what: str, fix: str) -> IntakeError:
        """An error that names the row."""
        return IntakeError(f"{self.file}, line {self.line}: {what}", fix=fix)

    @property
    def submitted(self) -> datetime | None:
        """The cell of that name; without a time zone it is the time here.

        Raises:
            IntakeError: it is no time.
        """
        if not self["submitted"]:
            return None
        try:
            return datetime.fromisoformat(self["submitted"]).astimezone()
        except (ValueError, OverflowError, OSError):
            raise self.wrong(
                f"{self['submitted']!r} is no time.", "write it as in 2026-01-31T18:00:00+01:00, or leave it empty"
            ) from None


def read(path: Path, columns: Sequence[str]) -> list[Row]:
    """Read all rows that are not empty.

    Args:
        path: the file.
        columns: those that must be there; more may be.

    Raises:
        IntakeError: it cannot be read, is no CSV, or lacks a column.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise IntakeError(f"{path} cannot be read: {error.strerror}.", fix="check its name and rights") from None
    if len(data) > LARGEST:
        raise IntakeError(f"{path} is larger than 16 MiB.", fix="keep only the columns that are needed")
    try:
        text = data.decode("utf-8-sig")
        first = text.partition("\n")[0]
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=max(DELIMITERS, key=first.count), strict=True)
        header = [name.strip().lower() for name in next(lines, [])]
        rows = [(lines.line_num, [cell.strip() for cell in line]) for line in lines]
    except UnicodeDecodeError:
        raise IntakeError(f"{path} is not UTF-8.", fix="save it as “CSV UTF-8”") from None
    except csv.Error as error:
        raise IntakeError(f"{path} is no CSV file: {error}.", fix="save it as CSV once more") from None
    for column in columns:
        if column not in header:
            raise IntakeError(
                f"{path} has no column {column!r}.", fix=f"name it in the first line: {','.join(columns)}"
            )
    twice = {column for column in header if column and header.count(column) > 1}
    if twice:
        raise IntakeError(f"{path} has the column {min(twice)!r} twice.", fix="keep one of them")
    return [Row(path.name, number, dict(zip(header, cells, strict=False))) for number, cells in rows if any(cells)]
