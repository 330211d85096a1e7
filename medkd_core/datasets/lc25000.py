"""LC25000: five classes of lung and colon tissue, without an official split.

::

    lung_colon_image_set/{lung_image_sets,colon_image_sets}/{lung_aca,...,colon_n}/*.jpeg

About 250 tiles of each class were turned and mirrored some twenty times each, and no file says
which are copies of which (Borkowski et al., arXiv:1912.12142).
"""

from __future__ import annotations

from pathlib import Path

from medkd_core.datasets.folder import image_files
from medkd_core.datasets.record import Found

CLASSES = ("colon_aca", "colon_n", "lung_aca", "lung_n", "lung_scc")

WARNINGS = (
    "LC25000 names no patients, and its lung and colon tiles went through different JPEG "
    "encoders: the organ can be told from the compression.",
)


def find_images(root: Path) -> list[Found]:
    """Every image of the set.

    Parameters
    ----------
    root : Path
        The class folders' parent, or a folder up to three levels above them. Where only the lung
        or only the colon classes are there, the set has only those.
    """
    return [
        Found(path=path, label=label)
        for label in CLASSES
        for folder in _class_folders(root, label)
        for path in image_files(folder)
    ]


def class_folders(root: Path) -> list[str]:
    """Names of the classes that have a folder, empty ones included."""
    return [label for label in CLASSES if _class_folders(root, label)]


def _class_folders(root: Path, label: str) -> list[Path]:
    for depth in ("", "*/", "*/*/", "*/*/*/"):
        folders = sorted(p for p in root.glob(depth + label) if p.is_dir())
        if folders:
            return folders
    return []
