"""A set described by a CSV table: a row for each image, with paths relative to the root."""

from __future__ import annotations

import os
from pathlib import Path

from medkd_core.datasets.label_table import LabelRow, at_line, read_label_table
from medkd_core.datasets.record import Found, Listing
from medkd_core.jobs.spec import DataSpec


def list_images(spec: DataSpec) -> Listing:
    """Every image that the table names, in its order; the classes are its labels, sorted.

    Raises
    ------
    DatasetError
        A file is not there (unless ``skip_unreadable`` allows it), or is named twice.
    """
    rows = read_label_table(spec)
    files = [_place(spec.root, row.key) for row in rows]
    _refuse_twice(spec, rows, files)
    missing = {row.line for row, file in zip(rows, files, strict=True) if not file.is_file()}
    # Where nothing at all is found, it is the root or the column that is wrong.
    if missing and (not spec.skip_unreadable or len(missing) == len(rows)):
        first = next(row for row in rows if row.line in missing)
        raise at_line(
            spec,
            first,
            f"names {first.key}, and there is no such file below {spec.root}",
            "Correct the path, take the row out, or set data.skip_unreadable.",
        )
    found = [
        described(spec, row, file)
        for row, file in zip(rows, files, strict=True)
        if row.line not in missing
    ]
    warnings = [missing_rows(missing)] if missing else []
    return Listing(tuple(found), tuple(sorted({row.label for row in rows})), tuple(warnings))


def described(spec: DataSpec, row: LabelRow, file: Path, group: str | None = None) -> Found:
    """An image with what its row says of it."""
    masks = [
        _place(spec.root, name) if name else None for name in (row.lung_mask, row.infection_mask)
    ]
    for mask in masks:
        if mask is not None and not mask.is_file():
            raise at_line(spec, row, f"names the mask {mask}, and there is no such file")
    return Found(
        path=file,
        label=row.label,
        split=row.split,
        lung_mask=masks[0],
        infection_mask=masks[1],
        group=row.group if group is None else group,
        source=row.source,
        attributes=row.attributes,
    )


def missing_rows(lines: set[int]) -> str:
    """The warning that rows were left out, by their lines."""
    first = ", ".join(map(str, sorted(lines)[:3])) + ", ..." * (len(lines) > 3)
    return f"Rows of the label table without a file, left out: {len(lines)} (lines {first})."


def _place(root: Path, key: str) -> Path:
    return Path(os.path.normpath(root / key))


def _refuse_twice(spec: DataSpec, rows: list[LabelRow], files: list[Path]) -> None:
    first: dict[Path, LabelRow] = {}
    for row, file in zip(rows, files, strict=True):
        before = first.setdefault(file, row)
        if before is not row:
            raise at_line(
                spec, row, f"names {row.key} again, after line {before.line}", "Keep one of them."
            )
