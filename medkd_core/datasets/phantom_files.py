"""Phantoms as files: a data set in COVID-QU-Ex's layout, and pictures."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from medkd_core.datasets.covid_qu_ex import INFECTION_TREE, LUNG_TREE, SPLIT_FOLDERS
from medkd_core.datasets.films import to_bytes
from medkd_core.datasets.phantom import PHANTOM_CLASSES, Phantom, draw_phantom
from medkd_core.datasets.record import ImageDone, Split
from medkd_core.errors import DatasetError

FILE_NAMES = {
    "COVID-19": "covid_{}.png",
    "Non-COVID": "non_COVID ({}).png",
    "Normal": "Normal ({}).png",
}
_SEEDS_PER_SET = 1_000_000


def write_covid_qu_ex(
    root: Path,
    per_class: Mapping[Split, int],
    seed: int,
    side: int = 256,
    *,
    progress: ImageDone | None = None,
) -> None:
    """Draw a data set in the layout of COVID-QU-Ex, with both masks for each film.

    Every film shows a person of its own, and all classes share one distribution of persons and
    exposures. Unlike in COVID-QU-Ex the infection masks of Non-COVID films are not blank.

    Parameters
    ----------
    root : Path
        A folder that does not exist yet, or is empty.
    per_class : mapping of {"train", "validation", "test"} to int
        Films of each class in each split.
    seed : int
        Sets of different seeds, up to a million films each, share no person.
    side : int, default 256
        Pixels of a side.
    progress : callable, optional

    Raises
    ------
    DatasetError
        When `root` holds something already or cannot be written; nothing is left behind then.
    """
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise DatasetError(
            "Cannot write a data set to",
            because="there is something already",
            cure="Choose a new folder.",
            path=root,
        )
    unfinished = root.with_name(f".{root.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        _write_films(unfinished, per_class, seed, side, progress)
        if root.exists():
            root.rmdir()
        unfinished.rename(root)
    except OSError as error:
        raise DatasetError(
            "Cannot write a data set to", because=str(error.strerror), path=root
        ) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def write_png(path: Path, phantom: Phantom) -> None:
    """Write the film as an 8-bit grey PNG."""
    _write_grey(path, to_bytes(phantom.film))


def _write_films(
    root: Path, per_class: Mapping[Split, int], seed: int, side: int, progress: ImageDone | None
) -> None:
    total = sum(per_class.values()) * len(PHANTOM_CLASSES)
    for index, (split, label, number) in enumerate(_plan(per_class)):
        phantom = draw_phantom(seed * _SEEDS_PER_SET + index, label, side)
        folders = [root / tree / tree / split / label for tree in (LUNG_TREE, INFECTION_TREE)]
        _write_film(folders, FILE_NAMES[label].format(number), phantom)
        if progress is not None:
            progress(index + 1, total)


def _plan(per_class: Mapping[Split, int]) -> Iterator[tuple[str, str, int]]:
    """Split folder, class and number of each film; a number is used once in a class."""
    first = 1
    for folder, split in SPLIT_FOLDERS.items():
        last = first + per_class.get(split, 0)
        for label in PHANTOM_CLASSES:
            for number in range(first, last):
                yield folder, label, number
        first = last


def _write_film(folders: list[Path], name: str, phantom: Phantom) -> None:
    lung_tree, infection_tree = folders
    lung, infection = (
        mask.astype(np.uint8) * 255 for mask in (phantom.lung_mask, phantom.infection_mask)
    )
    for folder in (lung_tree, infection_tree):
        _write_grey(folder / "images" / name, to_bytes(phantom.film))
        _write_grey(folder / "lung masks" / name, lung)
    _write_grey(infection_tree / "infection masks" / name, infection)


def _write_grey(path: Path, image: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path, format="PNG")
