"""A folder of DICOM files with a table of labels.

The table's path column holds relative paths, SOP instance UIDs, study instance UIDs or accession
numbers: whichever of them most of its rows agree with. A label of a study is that of all its
pictures. Who the patients are stays in the files: images of one patient are grouped under a digest,
and no name or number of a patient is in a record, a warning or an error.
"""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path, PurePath

from medkd_core.datasets.csv_set import described, missing_rows
from medkd_core.datasets.label_table import LabelRow, at_line, read_label_table
from medkd_core.datasets.record import Found, ImageDone, Listing
from medkd_core.errors import DatasetError
from medkd_core.imaging.searching import find_studies
from medkd_core.imaging.study import Study
from medkd_core.jobs.spec import DataSpec

_KINDS = ("relative path", "SOP instance UID", "study instance UID", "accession number")


@dataclass(frozen=True, slots=True)
class _Picture:
    path: Path
    names: tuple[str, ...]
    """What a row may call it, in the order of `_KINDS`."""
    group: str
    frames: int


def list_images(spec: DataSpec, progress: ImageDone | None = None) -> Listing:
    """Every picture below the root that the table has a label for, in the table's order.

    Images belong together by the table's group column, or else by the patient that the files name,
    or else by study. `progress` is called with the files looked into.

    Raises
    ------
    DatasetError
        A row has no picture (unless ``skip_unreadable`` allows it), or a picture has two rows.
    """
    rows = read_label_table(spec)
    studies = _studies(spec.root, progress)
    pictures = [picture for study in studies for picture in _pictures(spec.root, study)]
    matched = _matched(spec, rows, pictures)
    missing = {row.line for row, there in zip(rows, matched, strict=True) if not there}
    pairs = [(row, one) for row, there in zip(rows, matched, strict=True) for one in there]
    _refuse_twice(spec, pairs)
    found = [_found(spec, row, picture) for row, picture in pairs]
    warnings = [missing_rows(missing)] if missing else []
    unlisted = len(pictures) - len(pairs)
    if unlisted:
        warnings.append(f"Pictures that the label table does not name, left out: {unlisted}.")
    if several := sum(picture.frames > 1 for _, picture in pairs):
        warnings.append(f"Files with several frames, of which the first is used: {several}.")
    return Listing(tuple(found), tuple(sorted({row.label for row in rows})), tuple(warnings))


def pseudonym(text: str) -> str:
    """A digest that stands for a patient: 16 hexadecimal digits of SHA-256.

    Whoever has a list of patient numbers can find out which is whose; it is no anonymity.
    """
    return hashlib.sha256(f"medkd patient {text}".encode()).hexdigest()[:16]


def _studies(root: Path, progress: ImageDone | None) -> tuple[Study, ...]:
    if progress is None:
        return find_studies([root]).studies
    files = sum(len(names) for _, _, names in os.walk(root))
    return find_studies([root], lambda done: progress(done, max(done, files))).studies


def _pictures(root: Path, study: Study) -> list[_Picture]:
    group = pseudonym(study.patient_id or study.uid)
    return [
        _Picture(
            instance.path,
            (_relative(instance.path, root), instance.uid, study.uid, study.accession),
            group,
            instance.frames,
        )
        for instance in study.instances
        if instance.frames
    ]


def _relative(path: Path, root: Path) -> str:
    return PurePath(os.path.relpath(path, root)).as_posix()


def _matched(
    spec: DataSpec, rows: list[LabelRow], pictures: list[_Picture]
) -> list[list[_Picture]]:
    """Pictures of each row."""
    by_name: list[dict[str, list[_Picture]]] = [defaultdict(list) for _ in _KINDS]
    for picture in pictures:
        for names, name in zip(by_name, picture.names, strict=True):
            names[name].append(picture)
    keys = [[_relative(spec.root / row.key, spec.root), row.key, row.key, row.key] for row in rows]
    agreeing = [sum(key[kind] in by_name[kind] for key in keys) for kind in range(len(_KINDS))]
    kind = agreeing.index(max(agreeing))
    if not agreeing[kind]:
        raise DatasetError(
            "Cannot use the label table",
            because=f"nothing in its column {spec.path_column} is the {', '.join(_KINDS[:-1])} or "
            f"{_KINDS[-1]} of a picture below {spec.root}",
            cure="Name the column that holds one of these with data.path_column.",
            path=spec.table,
        )
    matched = [by_name[kind].get(key[kind], []) for key in keys]
    if not spec.skip_unreadable and [] in matched:
        raise at_line(
            spec,
            rows[matched.index([])],
            f"is of no picture that can be read: the column holds a {_KINDS[kind]} in other lines",
            "Correct it, take the row out, or set data.skip_unreadable.",
        )
    return matched


def _refuse_twice(spec: DataSpec, pairs: list[tuple[LabelRow, _Picture]]) -> None:
    first: dict[Path, LabelRow] = {}
    for row, picture in pairs:
        before = first.setdefault(picture.path, row)
        if before is not row:
            because = f"labels {picture.path} again, after line {before.line}"
            raise at_line(spec, row, because, "Keep one of them.")


def _found(spec: DataSpec, row: LabelRow, picture: _Picture) -> Found:
    # The table's groups may be patient numbers, too.
    group = pseudonym(row.group) if row.group else picture.group
    return described(spec, row, picture.path, group)
