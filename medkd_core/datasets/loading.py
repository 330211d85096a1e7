"""From what a job asks for to a data set: find, group, split, limit, and check."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from medkd_core.datasets import covid_qu_ex, csv_set, dicom_set, folder, lc25000
from medkd_core.datasets.groups import GroupTable, read_group_table
from medkd_core.datasets.holding_out import hold_out
from medkd_core.datasets.record import (
    SPLITS,
    Dataset,
    Found,
    ImageDone,
    Listing,
    Record,
    Split,
)
from medkd_core.datasets.splits import assign_splits, limit_per_class, torn_groups
from medkd_core.datasets.tissue_groups.remembered import remembered_groups
from medkd_core.errors import DatasetError
from medkd_core.jobs.spec import DatasetKind, DataSpec

_LAYOUTS: dict[DatasetKind, Callable[[DataSpec], Listing]] = {
    "covid-qu-ex": covid_qu_ex.list_images,
    "lc25000": lc25000.list_images,
    "folder": folder.list_images,
    "csv": csv_set.list_images,
}
_WITH_TABLE: tuple[DatasetKind, ...] = ("csv", "dicom")

_SPLIT_SEED = 0
"""One split for all jobs: with a split of its own, a student would be tested on images that its
teachers were trained on."""

_UNREADABLE = "Cannot read the data set"
_NAME_THE_FOLDER = "Name the folder that holds the data set as data.root, or with --data."
_NO_GROUPS = (
    "No groups are known: images of one patient or tile may stand in several splits, so that "
    "results may be too good."
)


@dataclass(frozen=True, slots=True)
class _Grouping:
    groups: list[str]
    sources: list[str]
    warnings: tuple[str, ...]


def load_dataset(spec: DataSpec, seed: int, progress: ImageDone | None = None) -> Dataset:
    """Index a data set; no image is decoded, unless its groups have to be found in the pictures.

    An official split is kept. Other sets are split by group, the same way for every job; `seed`
    draws only the sample that ``limit_per_class`` asks for. `progress` is called while every file
    is looked into: all headers of a DICOM set, and at the first load of LC25000 without a group
    table all pictures.

    Raises
    ------
    DatasetError
        For a folder that is missing, holds fewer than two classes or an empty one, or has groups
        that its splits tear apart.
    """
    return dataset_of(list_images(spec, progress), spec, seed, progress)


def dataset_of(
    listing: Listing, spec: DataSpec, seed: int, progress: ImageDone | None = None
) -> Dataset:
    """As `load_dataset`, of images that are listed already.

    Raises
    ------
    DatasetError
        See `load_dataset`.
    """
    _check_classes(spec.root, listing)
    found = list(listing.images)
    grouping = _grouping(spec, found, progress)
    records = _records(found, grouping, _split(spec, found, grouping))
    if spec.held_out_source is not None:
        records = hold_out(records, spec.held_out_source, spec.root)
    _refuse_leak(spec, records)
    _check_splits(spec.root, listing.classes, records)
    warnings = (*listing.warnings, *grouping.warnings, *_warnings(spec, records))
    if spec.limit_per_class is not None:
        records = limit_per_class(records, spec.limit_per_class, seed)
    return Dataset(spec.root.name or str(spec.root), listing.classes, tuple(records), warnings)


def list_images(spec: DataSpec, progress: ImageDone | None = None) -> Listing:
    """Every image of a data set as its layout, or its table, names it.

    `progress` is called while the headers of a DICOM set are read.

    Raises
    ------
    DatasetError
        There is no such folder, no image in it, or something wrong with the table.
    """
    if not spec.root.is_dir():
        because = "it is a file" if spec.root.exists() else "there is no such folder"
        raise DatasetError(_UNREADABLE, because=because, cure=_NAME_THE_FOLDER, path=spec.root)
    if spec.table is not None and spec.kind not in _WITH_TABLE:
        raise DatasetError(
            _UNREADABLE,
            because=f"a set of kind {spec.kind} has no table",
            cure='Leave out data.table, or set data.kind to "csv" or "dicom".',
            path=spec.root,
        )
    try:
        if spec.kind == "dicom":
            listing = dicom_set.list_images(spec, progress)
        else:
            listing = _LAYOUTS[spec.kind](spec)
    except OSError as error:
        place = Path(os.fsdecode(error.filename)) if error.filename else spec.root
        raise DatasetError(
            _UNREADABLE,
            because=str(error.strerror),
            cure="See that it is there and that you may read it.",
            path=place,
        ) from error
    if not listing.images:
        raise DatasetError(
            _UNREADABLE,
            because=f"it holds no image in the layout {spec.kind}",
            cure="Choose the folder that holds the class folders, or another kind of data set.",
            path=spec.root,
        )
    return listing


def empty_classes(listing: Listing) -> list[str]:
    """Classes without an image."""
    present = {image.label for image in listing.images}
    return [label for label in listing.classes if label not in present]


def _check_classes(root: Path, listing: Listing) -> None:
    if empty := empty_classes(listing):
        because = f"it has no images of class {', '.join(empty)}"
        cure = "Add images of it, or take the class out."
        raise DatasetError(_UNREADABLE, because=because, cure=cure, path=root)
    if len(listing.classes) < 2:
        raise DatasetError(
            _UNREADABLE,
            because=f"it has only one class, {listing.classes[0]}, and a network needs two to "
            "tell apart",
            cure="Add images of another class, or choose the folder that holds all classes.",
            path=root,
        )


def _grouping(spec: DataSpec, found: list[Found], progress: ImageDone | None) -> _Grouping:
    if spec.groups is not None:
        table = read_group_table(spec.groups, spec.root, spec.group_column)
        return _grouping_from(table, found)
    if any(image.group for image in found):
        return _Grouping([image.group for image in found], [image.source for image in found], ())
    if spec.kind == "lc25000" and not spec.allow_leak:
        return _grouping_by_tissue(spec, found, progress)
    # Without groups every image is one of its own.
    names = [os.path.relpath(image.path, spec.root) for image in found]
    warning = covid_qu_ex.NO_PATIENTS if spec.kind == "covid-qu-ex" else _NO_GROUPS
    return _Grouping(names, [image.source for image in found], (warning,))


def _grouping_by_tissue(
    spec: DataSpec, found: list[Found], progress: ImageDone | None
) -> _Grouping:
    paths = [image.path for image in found]
    groups = remembered_groups(paths, progress, skip_unreadable=spec.skip_unreadable)
    warning = (
        f"No table says which tiles show the same tissue: {groups.number} pieces of tissue were "
        f"found in the {len(found)} pictures by laying them over each other."
    )
    return _Grouping(groups.tissue_names(), [image.source for image in found], (warning,))


def _grouping_from(table: GroupTable, found: list[Found]) -> _Grouping:
    return _Grouping(
        [table.group_of(image) for image in found], [table.source_of(image) for image in found], ()
    )


def _split(spec: DataSpec, found: list[Found], grouping: _Grouping) -> list[Split]:
    official = [image.split for image in found if image.split is not None]
    if official:
        return official
    return assign_splits(
        grouping.groups,
        [image.label for image in found],
        spec.validation_fraction,
        spec.test_fraction,
        _SPLIT_SEED,
    )


def _records(found: list[Found], grouping: _Grouping, splits: list[Split]) -> list[Record]:
    return [
        Record(
            path=image.path,
            label=image.label,
            split=split,
            group=group,
            source=source,
            lung_mask=image.lung_mask,
            infection_mask=image.infection_mask,
            attributes=image.attributes,
        )
        for image, split, group, source in zip(
            found, splits, grouping.groups, grouping.sources, strict=True
        )
    ]


def _refuse_leak(spec: DataSpec, records: list[Record]) -> None:
    torn = torn_groups(records)
    if torn and not spec.allow_leak:
        # Counted and not named: a group may be a patient's number.
        raise DatasetError(
            _UNREADABLE,
            because=f"{len(torn)} groups of images stand in more than one of its splits, so that "
            "tests would be on patients or tiles that were trained on",
            cure="Correct the splits, leave them out to have the set split by group, or set "
            "data.allow_leak.",
            path=spec.root,
        )


def _check_splits(root: Path, classes: tuple[str, ...], records: list[Record]) -> None:
    """Training and validation need every class; a test split may be missing, but not a part."""
    counts = Counter((record.split, record.label) for record in records)
    for split in SPLITS:
        lacking = [label for label in classes if not counts[split, label]]
        if lacking and not (split == "test" and len(lacking) == len(classes)):
            raise DatasetError(
                _UNREADABLE,
                because=f"its {split} split has no images of class {', '.join(lacking)}",
                cure="Add some, or leave the splits out to have the set split anew.",
                path=root,
            )


def _warnings(spec: DataSpec, records: list[Record]) -> tuple[str, ...]:
    warnings = []
    if spec.held_out_source is not None:
        warnings.append(
            f"Nothing was trained on images of the source {spec.held_out_source}; all of them are "
            "in the test split: look at results per source."
        )
    if not any(record.split == "test" for record in records):
        warnings.append("The set has no test split: nothing can be claimed about unseen images.")
    if torn := torn_groups(records):
        warnings.append(
            f"{len(torn)} groups stand in more than one split, so that results are too good."
        )
    if told := _told_by_source(records):
        warnings.append(
            f"The source of an image alone tells the class of {told:.0%} of them: look at results "
            "per source."
        )
    return tuple(warnings)


def _told_by_source(records: list[Record]) -> float:
    """Part of the images that the commonest class of their source names rightly, if that is more
    than the commonest class of all would."""
    by_source: dict[str, Counter[str]] = defaultdict(Counter)
    for record in records:
        if record.source:
            by_source[record.source][record.label] += 1
    if len(by_source) < 2:
        return 0.0
    total = sum(by_source.values(), Counter[str]())
    told = sum(max(labels.values()) for labels in by_source.values())
    return told / total.total() if told > 1.1 * max(total.values()) else 0.0
