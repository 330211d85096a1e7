"""Which images belong together: a CSV table with a path and a group for each image."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from medkd_core.datasets.record import Found
from medkd_core.datasets.tables import read_table
from medkd_core.errors import DatasetError

_WHAT = "Cannot use the group table"


@dataclass(frozen=True, slots=True)
class GroupTable:
    """Group and source of images, by absolute path."""

    path: Path
    groups: dict[str, str]
    sources: dict[str, str]

    def group_of(self, image: Found) -> str:
        """The image's group; a DatasetError for an image that the table does not list."""
        key = _key(image.path)
        if key not in self.groups:
            raise DatasetError(
                _WHAT,
                because=f"it does not list the image {image.path}",
                cure="Every image needs a row: its path, relative to the table or to the data "
                "set, and its group.",
                path=self.path,
            )
        return self.groups[key]

    def source_of(self, image: Found) -> str:
        """What the table's ``source`` column says, or an empty text."""
        return self.sources.get(_key(image.path), "")


def read_group_table(path: Path, root: Path, column: str) -> GroupTable:
    """Read a table with the columns ``path``, `column` and, if it is there, ``source``.

    Paths are relative to the table's folder or to `root`.

    Raises
    ------
    DatasetError
        For a table that is missing, is no CSV, or lacks a column or a value.
    """
    table = read_table(
        path, _WHAT, {"path", column}, "Name the column that holds the group with group_column."
    )
    for row in table.rows:
        if not row.values["path"] or not row.values[column]:
            because = f"line {row.line} lacks a path or a group"
            raise DatasetError(_WHAT, because=because, cure="Fill it in.", path=path)
    below_table = any(_exists(path.parent, row.values["path"]) for row in table.rows[:20])
    base = path.parent if below_table else root
    groups, sources = {}, {}
    for row in table.rows:
        key = _key(base / row.values["path"])
        groups[key] = row.values[column]
        sources[key] = row.values.get("source", "")
    return GroupTable(path, groups, sources)


def _exists(base: Path, relative: str) -> bool:
    return (base / relative).is_file()


def _key(path: Path) -> str:
    return os.path.normpath(path.absolute())
