"""LC25000: five classes of lung and colon tissue, without an official split.

::

    lung_colon_image_set/{lung_image_sets,colon_image_sets}/{lung_aca,...,colon_n}/*.jpeg

About 250 tiles of each class were turned and mirrored some twenty times each, and no file says
which are copies of which (Borkowski et al., arXiv:1912.12142).
"""

from __future__ import annotations

from pathlib import Path

from medkd_core.datasets.folder import image_files
from medkd_core.datasets.record import Found, Listing
from medkd_core.jobs.spec import DataSpec

CLASSES = ("colon_aca", "colon_n", "lung_aca", "lung_n", "lung_scc")

WARNINGS = (
    "LC25000 names no patients, and its lung and colon tiles went through different JPEG "
    "encoders: the organ can be told from the compression.",
)


def list_images(spec: DataSpec) -> Listing:
    """Every image of the set; the classes are those that have a folder.

    Parameters
    ----------
    spec : DataSpec
        Its root is the class folders' parent, or a folder up to three levels above them. Where only
        the lung or only the colon classes are there, the set has only those.
    """
    folders = {label: _class_folders(spec.root, label) for label in CLASSES}
    images = [
        Found(path=path, label=label)
        for label, places in folders.items()
        for folder in places
        for path in image_files(folder)
    ]
    classes = [label for label, places in folders.items() if places]
    return Listing(tuple(images), tuple(classes), WARNINGS)


def _class_folders(root: Path, label: str) -> list[Path]:
    for depth in ("", "*/", "*/*/", "*/*/*/"):
        folders = sorted(p for p in root.glob(depth + label) if p.is_dir())
        if folders:
            return folders
    return []
