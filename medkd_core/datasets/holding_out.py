"""One source of a data set held out: trained on the others, tested on all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from medkd_core.datasets.record import Record
from medkd_core.errors import DatasetError


def hold_out(records: Sequence[Record], source: str, root: Path) -> list[Record]:
    """Move all images of a source, and of groups that it shares, to the test split.

    Parameters
    ----------
    records : sequence of Record
    source : str
    root : Path
        Of the data set, for the error.

    Raises
    ------
    DatasetError
        No image is of that source.
    """
    groups = {record.group for record in records if record.source == source}
    if not groups:
        known = sorted({record.source for record in records} - {""})
        raise DatasetError(
            f"Cannot hold out the source '{source}'",
            because=f"the sources are {', '.join(known)}" if known else "no sources are known",
            cure="A column 'source' of the table named by data.groups or data.table tells them.",
            path=root,
        )
    return [
        replace(record, split="test") if record.group in groups else record for record in records
    ]
