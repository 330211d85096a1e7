"""Any set of one's own: a folder for each class, if wanted within folders for the splits.

::

    ROOT/CLASS/...                      or     ROOT/{train,val,test}/CLASS/...
"""

from __future__ import annotations

from pathlib import Path

from medkd_core.datasets.record import Found, Split

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

WARNINGS = ()


def find_images(root: Path) -> list[Found]:
    """Every image below the class folders of a set."""
    splits = [folder for folder in _folders(root) if folder.name.lower() in SPLIT_NAMES]
    if not splits:
        return _classes_below(root, None)
    return [
        found
        for folder in splits
        for found in _classes_below(folder, SPLIT_NAMES[folder.name.lower()])
    ]


def class_folders(root: Path) -> list[str]:
    """Names of the class folders, empty ones included, in alphabetical order."""
    splits = [folder for folder in _folders(root) if folder.name.lower() in SPLIT_NAMES]
    return sorted({folder.name for parent in splits or [root] for folder in _folders(parent)})


def image_files(folder: Path) -> list[Path]:
    """Files below a folder that are taken for pictures, in a fixed order, hidden ones left out."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in IMAGE_SUFFIXES
        and not path.name.startswith(".")
        and path.is_file()
    )


def _classes_below(parent: Path, split: Split | None) -> list[Found]:
    return [
        Found(path=path, label=folder.name, split=split)
        for folder in _folders(parent)
        for path in image_files(folder)
    ]


def _folders(parent: Path) -> list[Path]:
    return sorted(p for p in parent.iterdir() if p.is_dir() and not p.name.startswith("."))
