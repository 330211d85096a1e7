"""Groups that were found, as a table that `data.groups` reads."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path

from medkd_core.datasets.tissue_groups.grouping import TissueGroups
from medkd_core.errors import DatasetError


def group_table(root: Path, paths: Sequence[Path], groups: TissueGroups) -> bytes:
    """CSV in UTF-8: ``path`` below `root`, ``group`` (piece of tissue), and ``original``.

    Raises
    ------
    DatasetError
        Naming a file whose name is no text.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("path", "group", "original"))
    for path, tissue, original in zip(
        paths, groups.tissue_names(), groups.original_names(), strict=True
    ):
        writer.writerow((_told(path, root), tissue, original))
    return text.getvalue().encode()


def _told(path: Path, root: Path) -> str:
    name = Path(os.path.relpath(path, root)).as_posix()
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise DatasetError(
            "Cannot write a table with the file",
            because="its name is not valid Unicode",
            cure="Rename the file.",
            path=path,
        ) from error
    return name
