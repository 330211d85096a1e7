"""CSV tables as spreadsheets write them: with commas, semicolons or tabs, with or without a BOM."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from medkd_core.errors import DatasetError

_DELIMITERS = (",", ";", "\t")
_SAVE_AS = 'Save it as "CSV UTF-8".'
_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table: its number, from 1, and its values by column."""

    line: int
    values: dict[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """A table with the names of its columns."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def read_table(path: Path, what: str, needed: Collection[str], cure: str) -> Table:
    """Read a CSV file with a header.

    Parameters
    ----------
    path : Path
        UTF-8 or UTF-16 text. Values are separated by what gives most of the needed columns.
    what : str
        What cannot be done without it, for errors: ``"Cannot use the group table"``.
    needed : collection of str
        Columns that must be there.
    cure : str
        What to do where one is missing.

    Returns
    -------
    Table
        Without empty lines; values without spaces around them.

    Raises
    ------
    DatasetError
        The file is missing, is no CSV, or has not the columns.
    """
    text = _text(path, what)
    try:
        delimiter = max(_DELIMITERS, key=lambda one: _fitness(text, one, needed))
        table = Table(path, *_parsed(text, delimiter))
    except csv.Error as error:
        raise DatasetError(
            what,
            because=f"it is not a CSV text file ({error})",
            cure=_SAVE_AS,
            path=path,
        ) from error
    if not table.columns:
        raise DatasetError(what, because="it is empty", cure=cure, path=path)
    missing = sorted(set(needed) - set(table.columns))
    if missing:
        raise DatasetError(
            what,
            because=f"it has no column {' and no column '.join(missing)}",
            cure=f"{cure} It has: {', '.join(table.columns)}.",
            path=path,
        )
    return table


def _text(path: Path, what: str) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DatasetError(
            what, because=str(error.strerror), cure="Check the path of the table.", path=path
        ) from error
    encoding = "utf-16" if content.startswith(_BYTE_ORDER_MARKS) else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise DatasetError(
            what,
            because="it is not a CSV text file in UTF-8",
            cure=_SAVE_AS,
            path=path,
        ) from error


def _fitness(text: str, delimiter: str, needed: Collection[str]) -> tuple[int, int]:
    """How many of the needed columns a delimiter gives, and how many in all."""
    columns = _header(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    return len(set(columns) & set(needed)), len(columns)


def _header(lines: Iterable[list[str]]) -> tuple[str, ...]:
    """The first line that says something; Excel writes ``sep=;`` before it."""
    for values in lines:
        if _says_something(values) and values[0].strip().lower() != "sep=":
            return tuple(name.strip() for name in values)
    return ()


def _says_something(values: list[str]) -> bool:
    return any(value.strip() for value in values)


def _parsed(text: str, delimiter: str) -> tuple[tuple[str, ...], tuple[Row, ...]]:
    # Strict: a quote that is never closed would swallow the rest of the table.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns = _header(reader)
    twice = {name for name in columns if columns.count(name) > 1}
    if twice:
        raise csv.Error(f"the column {min(twice) or 'without a name'} stands in it twice")
    rows = []
    for values in reader:
        if _says_something(values[len(columns) :]):
            raise csv.Error(f"line {reader.line_num} has more values than there are columns")
        if _says_something(values):
            padded = [*values, *[""] * (len(columns) - len(values))]
            named = zip(columns, (value.strip() for value in padded), strict=True)
            rows.append(Row(reader.line_num, dict(named)))
    return columns, tuple(rows)
