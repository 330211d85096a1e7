"""COVID-QU-Ex: chest films in three classes with an official split, lung and infection masks.

The set comes as two trees, each often in a folder of its own name twice over::

    Lung Segmentation Data/Lung Segmentation Data/
        {Train,Val,Test}/{COVID-19,Non-COVID,Normal}/{images,lung masks}/
    Infection Segmentation Data/Infection Segmentation Data/
        {Train,Val,Test}/{COVID-19,Non-COVID,Normal}/{images,lung masks,infection masks}/

The second repeats images of the first, with the same name, class and split. Where the trees
contradict each other, the lung tree, which is the larger one, is believed, and a warning says so.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from medkd_core.datasets.record import Found, Listing, Split
from medkd_core.errors import UnreadableFileError
from medkd_core.imaging.reading import read_frame
from medkd_core.jobs.spec import DataSpec

CLASSES = ("COVID-19", "Non-COVID", "Normal")
SPLIT_FOLDERS: dict[str, Split] = {"Train": "train", "Val": "validation", "Test": "test"}
LUNG_TREE = "Lung Segmentation Data"
INFECTION_TREE = "Infection Segmentation Data"

NO_PATIENTS = (
    "COVID-QU-Ex names no patients and its official split is kept as it is: images of one patient "
    "may stand in several splits, so that results may be too good."
)
_BLANK_MASKS = (
    "COVID-QU-Ex marks infection in COVID-19 films only; its infection masks of other classes "
    "are blank."
)

Key = tuple[str, str, str]
"""Split, class and file name."""

SameFile = Callable[[Path, Path], bool]


def list_images(spec: DataSpec, same: SameFile | None = None) -> Listing:
    """Every image of the set, once, with its masks.

    Parameters
    ----------
    spec : DataSpec
        Its root is the folder that holds both trees, its parent, one of the trees, or the folder
        of the same name within a tree.
    same : callable, optional
        Whether two files are taken for the same picture. When left out, files of equal size are,
        since reading all of them would take a minute; those of other sizes are decoded.
    """
    lungs, infection = (_Tree.below(spec.root, name) for name in (LUNG_TREE, INFECTION_TREE))
    trees = _Trees(lungs, infection, same or _looks_same)
    trees.unite()
    images = [
        Found(
            path=path,
            label=key[1],
            split=SPLIT_FOLDERS[key[0]],
            lung_mask=trees.lungs.lung_masks.get(key),
            infection_mask=trees.lungs.infection_masks.get(key),
        )
        for key, path in sorted(trees.lungs.images.items())
    ]
    return Listing(tuple(images), CLASSES, (_BLANK_MASKS, *trees.conflicts()))


def same_pixels(first: Path, second: Path) -> bool:
    """Whether two files are equal, or show the same picture."""
    try:
        if first.read_bytes() == second.read_bytes():
            return True
        return np.array_equal(read_frame(first).stored, read_frame(second).stored)
    except (OSError, UnreadableFileError):
        return False


def _looks_same(first: Path, second: Path) -> bool:
    try:
        sizes = {first.stat().st_size, second.stat().st_size}
    except OSError:  # a link that leads nowhere; whoever decodes it says so
        return False
    return len(sizes) == 1 or same_pixels(first, second)


@dataclass(slots=True)
class _Tree:
    """The files of one tree."""

    images: dict[Key, Path] = field(default_factory=dict)
    lung_masks: dict[Key, Path] = field(default_factory=dict)
    infection_masks: dict[Key, Path] = field(default_factory=dict)

    @classmethod
    def below(cls, root: Path, name: str) -> _Tree:
        folder = _tree(root, name)
        if folder is None:
            return cls()
        kinds = ("images", "lung masks", "infection masks")
        return cls(*(_files(folder, kind) for kind in kinds))


class _Trees:
    """Both trees, of which the first takes in the second."""

    def __init__(self, lungs: _Tree, infection: _Tree, same: SameFile) -> None:
        self.lungs, self._infection, self._same = lungs, infection, same
        self._other_pixels: list[str] = []
        self._other_place: list[str] = []
        self._other_mask: list[str] = []

    def unite(self) -> None:
        """Put what only the infection tree has into the lung tree."""
        places = defaultdict(list)
        for key in self.lungs.images:
            places[key[2]].append(key)
        home = {key: self._home_of(key, places[key[2]]) for key in self._infection.images}
        for key, path in self._infection.images.items():
            self.lungs.images.setdefault(home[key], path)
        for key, path in self._infection.infection_masks.items():
            self.lungs.infection_masks.setdefault(home.get(key, key), path)
        for key, path in self._infection.lung_masks.items():
            kept = self.lungs.lung_masks.setdefault(home.get(key, key), path)
            if kept != path and not self._same(kept, path):
                self._other_mask.append("/".join(key))

    def _home_of(self, key: Key, places: list[Key]) -> Key:
        """Where the lung tree has an image of the infection tree; the same place if nowhere."""
        path = self._infection.images[key]
        if key in self.lungs.images:
            if not self._same(self.lungs.images[key], path):
                self._other_pixels.append("/".join(key))
            return key
        # Another film may have the same name elsewhere: only the same film is one that was moved.
        for place in places:
            if same_pixels(self.lungs.images[place], path):
                self._other_place.append("/".join(key))
                return place
        return key

    def conflicts(self) -> list[str]:
        """What the trees say differently, a sentence for each sort."""
        sorts = {
            "Images of one name, class and split that the two trees show differently": (
                self._other_pixels
            ),
            "Images that the infection tree has in another class or split": self._other_place,
            "Lung masks that the two trees draw differently": self._other_mask,
        }
        return [
            f"{what}: {len(names)} ({', '.join(names[:3])}{', ...' * (len(names) > 3)}); the lung "
            "tree is believed."
            for what, names in sorts.items()
            if names
        ]


def _files(tree: Path, kind: str) -> dict[Key, Path]:
    return {
        (split, label, entry.name): Path(entry.path)
        for split in SPLIT_FOLDERS
        for label in CLASSES
        for entry in _entries(tree / split / label / kind)
        if (entry.is_file() or entry.is_symlink()) and not entry.name.startswith(".")
    }


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        return list(entries)


def _tree(root: Path, name: str) -> Path | None:
    root = root.absolute()
    while root.name in (LUNG_TREE, INFECTION_TREE):
        root = root.parent
    children = sorted(child for child in root.iterdir() if child.is_dir())
    for base in (root, *children):
        for tree in (base / name / name, base / name):
            if any((tree / split).is_dir() for split in SPLIT_FOLDERS):
                return tree
    return None
