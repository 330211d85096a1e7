"""COVID-QU-Ex: chest films in three classes with an official split, lung and infection masks.

The set comes as two trees, each often in a folder of its own name twice over::

    Lung Segmentation Data/Lung Segmentation Data/
        {Train,Val,Test}/{COVID-19,Non-COVID,Normal}/{images,lung masks}/
    Infection Segmentation Data/Infection Segmentation Data/
        {Train,Val,Test}/{COVID-19,Non-COVID,Normal}/{images,lung masks,infection masks}/

The second repeats images of the first.
"""

from __future__ import annotations

from pathlib import Path

from medkd_core.datasets.record import Found, Split

CLASSES = ("COVID-19", "Non-COVID", "Normal")
SPLIT_FOLDERS: dict[str, Split] = {"Train": "train", "Val": "validation", "Test": "test"}
LUNG_TREE = "Lung Segmentation Data"
INFECTION_TREE = "Infection Segmentation Data"

WARNINGS = (
    "COVID-QU-Ex marks infection in COVID-19 films only; its infection masks of other classes "
    "are blank.",
)


def find_images(root: Path) -> list[Found]:
    """Every image of the set, once, with its masks.

    Parameters
    ----------
    root : Path
        The folder that holds both trees, its parent, one of the trees, or the folder of the same
        name within a tree.
    """
    trees = [tree for name in (LUNG_TREE, INFECTION_TREE) if (tree := _tree(root, name))]
    found: dict[tuple[str, str, str], Path] = {}
    for tree in trees:
        for split in SPLIT_FOLDERS:
            for label in CLASSES:
                for path in _files(tree / split / label / "images"):
                    found.setdefault((split, label, path.name), path)
    masks = _masks(trees)
    return [
        Found(
            path=path,
            label=key[1],
            split=SPLIT_FOLDERS[key[0]],
            lung_mask=masks["lung masks"].get(key),
            infection_mask=masks["infection masks"].get(key),
        )
        for key, path in sorted(found.items())
    ]


def _masks(trees: list[Path]) -> dict[str, dict[tuple[str, str, str], Path]]:
    kinds: dict[str, dict[tuple[str, str, str], Path]] = {"lung masks": {}, "infection masks": {}}
    for kind, masks in kinds.items():
        for tree in trees:
            for split in SPLIT_FOLDERS:
                for label in CLASSES:
                    for path in _files(tree / split / label / kind):
                        masks.setdefault((split, label, path.name), path)
    return kinds


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))


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
