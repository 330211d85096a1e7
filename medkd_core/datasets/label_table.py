"""The table of a data set: for each image its label, and whatever else is known of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from medkd_core.datasets.folder import SPLIT_NAMES
from medkd_core.datasets.record import Attributes, Split
from medkd_core.datasets.tables import Row, read_table
from medkd_core.errors import DatasetError
from medkd_core.jobs.spec import DataSpec

SOURCE_COLUMN = "source"
LUNG_MASK_COLUMN = "lung_mask"
INFECTION_MASK_COLUMN = "infection_mask"

_WHAT = "Cannot use the label table"
_FILL_OR_DROP = "Fill it in, or take the line out."
_IDENTIFYING = {
    "accession",
    "accessionnumber",
    "birthdate",
    "dateofbirth",
    "dob",
    "familyname",
    "firstname",
    "fullname",
    "givenname",
    "lastname",
    "mrn",
    "name",
    "otherpatientids",
    "patient",
    "patientbirthdate",
    "patientid",
    "patientname",
    "patients",
    "surname",
}
"""Columns, in small letters without anything between, that never become an attribute."""


@dataclass(frozen=True, slots=True)
class LabelRow:
    """What a line of the table says of one image, or of all images of a study.

    Attributes
    ----------
    line : int
        In the file, from 1.
    key : str
        The image's path, or a UID.
    label : str
    split : str or None
        None in all rows where the table has no split.
    group, source, lung_mask, infection_mask : str
        Empty where the table says nothing. Masks are paths relative to the root.
    attributes : tuple of (str, str)
        Further columns, those that identify a patient left out.
    """

    line: int
    key: str
    label: str
    split: Split | None
    group: str
    source: str
    lung_mask: str
    infection_mask: str
    attributes: Attributes


def read_label_table(spec: DataSpec) -> list[LabelRow]:
    """Read the table that a specification names.

    The columns ``source``, ``lung_mask`` and ``infection_mask`` are taken if they are there, and so
    are those of split and group, unless the specification names them otherwise than by default.

    Raises
    ------
    DatasetError
        There is no table, or a column or a value is missing.
    """
    if spec.table is None:
        raise DatasetError(
            "Cannot read the data set",
            because=f"a set of kind {spec.kind} needs a table of labels and none is named",
            cure="Name a CSV with a row for each image as data.table.",
            path=spec.root,
        )
    needed = {spec.path_column, spec.label_column, *_named_columns(spec)}
    cure = "Name its columns with data.path_column, label_column, split_column and group_column."
    table = read_table(spec.table, _WHAT, needed, cure)
    if not table.rows:
        raise DatasetError(
            _WHAT,
            because="it has no row but its header",
            cure="Add a row for each image.",
            path=spec.table,
        )
    columns = [name for name in table.columns if name not in _spoken_for(spec)]
    kept = [name for name in columns if not _identifies(name)]
    rows = [_label_row(spec, row, kept) for row in table.rows]
    for column, values in (("split", [r.split for r in rows]), ("group", [r.group for r in rows])):
        _refuse_gaps(spec.table, column, rows, values)
    return rows


def at_line(spec: DataSpec, row: LabelRow, because: str, cure: str = "") -> DatasetError:
    """The error that something is wrong with a row."""
    return DatasetError(_WHAT, because=f"line {row.line} {because}", cure=cure, path=spec.table)


def _named_columns(spec: DataSpec) -> list[str]:
    """Columns that need not be there, unless somebody chose their name."""
    chosen = []
    for field in ("split_column", "group_column"):
        name = getattr(spec, field)
        belongs_here = field == "split_column" or spec.groups is None
        if belongs_here and name != DataSpec.model_fields[field].default:
            chosen.append(name)
    return chosen


def _spoken_for(spec: DataSpec) -> set[str]:
    named = {spec.path_column, spec.label_column, spec.split_column, spec.group_column}
    return named | {SOURCE_COLUMN, LUNG_MASK_COLUMN, INFECTION_MASK_COLUMN}


def _identifies(column: str) -> bool:
    return "".join(c for c in column.casefold() if c.isalnum()) in _IDENTIFYING


def _label_row(spec: DataSpec, row: Row, attributes: Iterable[str]) -> LabelRow:
    values = row.values
    for column in (spec.path_column, spec.label_column):
        if not values[column]:
            because = f"line {row.line} has nothing in the column {column}"
            raise DatasetError(_WHAT, because=because, cure=_FILL_OR_DROP, path=spec.table)
    return LabelRow(
        line=row.line,
        key=values[spec.path_column],
        label=values[spec.label_column],
        split=_split(spec.table, row, values.get(spec.split_column, "")),
        group=values.get(spec.group_column, ""),
        source=values.get(SOURCE_COLUMN, ""),
        lung_mask=values.get(LUNG_MASK_COLUMN, ""),
        infection_mask=values.get(INFECTION_MASK_COLUMN, ""),
        attributes=tuple((name, values[name]) for name in attributes),
    )


def _split(table: Path | None, row: Row, name: str) -> Split | None:
    if not name:
        return None
    if name.lower() not in SPLIT_NAMES:
        raise DatasetError(
            _WHAT,
            because=f"line {row.line} names the split {name}",
            cure=f"Splits are called {', '.join(SPLIT_NAMES)}.",
            path=table,
        )
    return SPLIT_NAMES[name.lower()]


def _refuse_gaps(
    table: Path, column: str, rows: list[LabelRow], values: Iterable[str | None]
) -> None:
    """An image without a group would be its own patient, and one without a split in none."""
    lacking = [row for row, value in zip(rows, values, strict=True) if not value]
    if 0 < len(lacking) < len(rows):
        raise DatasetError(
            _WHAT,
            because=f"{len(lacking)} rows have no {column}, line {lacking[0].line} first, and the "
            "others have one",
            cure="Fill the column, or leave it out.",
            path=table,
        )
