"""Any set of one's own: a folder for each class, if wanted within folders for the splits.

::

    ROOT/CLASS/...                      or     ROOT/{train,val,test}/CLASS/...
"""

from __future__ import annotations

import os
from pathlib import Path

from medkd_core.datasets.covid_qu_ex import INFECTION_TREE, LUNG_TREE
from medkd_core.datasets.record import Found, Listing, Split
from medkd_core.errors import DatasetError
from medkd_core.jobs.spec import DataSpec

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".dcm", ".dicom", ".dic", ""})
"""Suffixes, lower case, that are taken for pictures; DICOM files often have none."""

SPLIT_NAMES: dict[str, Split] = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}


def list_images(spec: DataSpec) -> Listing:
    """Every image below the class folders, which are the classes in alphabetical order.

    Raises
    ------
    DatasetError
        The folders are those of COVID-QU-Ex.
    """
    splits = {
        folder: SPLIT_NAMES[folder.name.lower()]
        for folder in _folders(spec.root)
        if folder.name.lower() in SPLIT_NAMES
    }
    parents: dict[Path, Split | None] = {**splits} or {spec.root: None}
    folders = [(folder, split) for parent, split in parents.items() for folder in _folders(parent)]
    classes = sorted({folder.name for folder, _ in folders})
    if {LUNG_TREE, INFECTION_TREE} & {spec.root.name, *classes}:
        raise DatasetError(
            "Cannot read the data set",
            because="its folders are those of COVID-QU-Ex, not one for each class",
            cure='Set the kind to "covid-qu-ex".',
            path=spec.root,
        )
    images = [
        Found(path=path, label=folder.name, split=split)
        for folder, split in folders
        for path in image_files(folder)
    ]
    return Listing(tuple(images), tuple(classes))


def image_files(folder: Path) -> list[Path]:
    """Files below a folder that are taken for pictures, in a fixed order, hidden ones left out."""
    found = []
    for parent, folders, names in os.walk(folder, onerror=_fail):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(parent, name) for name in names if _may_be_picture(name)]
    # A link that leads nowhere is an image that is missing, not one that never was.
    return sorted(path for path in found if path.is_file() or path.is_symlink())


def _may_be_picture(name: str) -> bool:
    return not name.startswith(".") and Path(name).suffix.lower() in IMAGE_SUFFIXES


def _fail(error: OSError) -> None:
    """Passed over in silence, a folder that may not be read would be a smaller set."""
    raise error


def _folders(parent: Path) -> list[Path]:
    return sorted(p for p in parent.iterdir() if p.is_dir() and not p.name.startswith("."))
