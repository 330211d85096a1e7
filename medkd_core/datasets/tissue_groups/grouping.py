"""Tiles to groups: looked at, compared with those of like colours, joined where they agree."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from medkd_core.datasets.record import ImageDone
from medkd_core.datasets.tissue_groups.colours import nearest_in_colour
from medkd_core.datasets.tissue_groups.landmarks import Landmarks, find_landmarks, no_landmarks
from medkd_core.datasets.tissue_groups.overlay import lay_over
from medkd_core.errors import DatasetError, UnreadableFileError
from medkd_core.imaging.preprocessing import view_image
from medkd_core.imaging.reading import read_frame
from medkd_core.imaging.recipe import View

_WHOLE_RANGE = View(intensity="full")
_AT_ONCE = 64
"""Pieces of work between two reports of progress."""

_Item = TypeVar("_Item")
_Made = TypeVar("_Made")
_Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class TissueGroups:
    """What tiles show, numbered from 0 in the order of the first tile of each group.

    Attributes
    ----------
    originals : tuple of int
        The tile that each tile is a turned, mirrored, sheared or scaled copy of.
    tissues : tuple of int
        The piece of tissue: copies are of one piece, and so are originals that overlap. A split
        that tears no piece tests on no tissue that was trained on.
    """

    originals: tuple[int, ...]
    tissues: tuple[int, ...]

    @property
    def number(self) -> int:
        """How many pieces of tissue there are."""
        return len(set(self.tissues))

    def tissue_names(self) -> list[str]:
        """A name of each tile's piece of tissue: ``tissue-0001``."""
        return [f"tissue-{tissue + 1:04d}" for tissue in self.tissues]

    def original_names(self) -> list[str]:
        """A name of each tile's original: ``original-0001``."""
        return [f"original-{original + 1:04d}" for original in self.originals]


def find_tissue_groups(
    paths: Sequence[Path], progress: ImageDone | None = None, *, skip_unreadable: bool = False
) -> TissueGroups:
    """Find out which tiles show the same tissue.

    Each tile is laid over the tiles of the likest colours. Tiles that agree belong together, and
    so do those that belong to the same third.

    Parameters
    ----------
    paths : sequence of Path
    progress : callable, optional
        Called with the work done and all of it, two pieces for each tile.
    skip_unreadable : bool
        Leave a tile that cannot be read alone, rather than refuse the set.

    Returns
    -------
    TissueGroups
        The same on every run, whatever the number of processors.

    Raises
    ------
    DatasetError
        Naming a tile that cannot be read.
    """
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        search = _Search(pool, len(paths), progress or (lambda _done, _total: None))
        tiles = search.look_at(paths, skip_unreadable)
        return search.compare(tiles)


class _Search:
    """One search: its processors, its progress, and which tiles agreed so far."""

    def __init__(self, pool: ThreadPoolExecutor, number: int, progress: ImageDone) -> None:
        self._pool, self._number, self._progress = pool, number, progress
        self._compared: set[_Pair] = set()
        self._copies: list[_Pair] = []
        self._neighbours: list[_Pair] = []

    def look_at(self, paths: Sequence[Path], skip_unreadable: bool) -> list[Landmarks]:
        return self._all(lambda path: _look_at(path, skip_unreadable), paths, 0, self._number)

    def compare(self, tiles: list[Landmarks]) -> TissueGroups:
        """Compare the likest first: copies of one original need not be compared any more."""
        if tiles:
            likest = nearest_in_colour(np.stack([tile.colours for tile in tiles]))
            each = self._number / max(likest.shape[1], 1)
            for rank, others in enumerate(likest.T):
                self._compare_round(tiles, others, self._number + rank * each, each)
        return TissueGroups(
            _numbered(self._components(self._copies)),
            _numbered(self._components(self._copies + self._neighbours)),
        )

    def _compare_round(
        self, tiles: list[Landmarks], others: NDArray[np.int64], start: float, work: float
    ) -> None:
        pairs = self._still_apart(others)
        overlays = self._all(
            lambda pair: lay_over(tiles[pair[0]], tiles[pair[1]]), pairs, start, work
        )
        self._compared.update(pairs)
        for pair, overlay in zip(pairs, overlays, strict=True):
            if overlay.is_copy:
                self._copies.append(pair)
            elif overlay.shares_tissue:
                self._neighbours.append(pair)

    def _still_apart(self, others: NDArray[np.int64]) -> list[_Pair]:
        """Each tile with its other one, unless they were compared or are copies of one tile."""
        original = self._components(self._copies)
        pairs = {
            (min(tile, other), max(tile, other))
            for tile, other in enumerate(others.tolist())
            if original[tile] != original[other]
        }
        return sorted(pairs - self._compared)

    def _components(self, links: list[_Pair]) -> list[int]:
        first, second = np.array(links, np.int64).reshape(-1, 2).T
        shape = (self._number, self._number)
        graph = coo_array((np.ones(len(links)), (first, second)), shape=shape)
        component: list[int] = connected_components(graph, directed=False)[1].tolist()
        return component

    def _all(
        self, do: Callable[[_Item], _Made], items: Sequence[_Item], start: float, work: float
    ) -> list[_Made]:
        """Do the same to many things, on all processors, telling how much of the work is done."""
        made: list[_Made] = []
        for first in range(0, len(items), _AT_ONCE):
            made += self._pool.map(do, items[first : first + _AT_ONCE])
            done = start + work * len(made) / len(items)
            self._progress(round(done), 2 * self._number)
        return made


def _numbered(components: list[int]) -> tuple[int, ...]:
    numbers: dict[int, int] = {}
    return tuple(numbers.setdefault(component, len(numbers)) for component in components)


def _look_at(path: Path, skip_unreadable: bool) -> Landmarks:
    try:
        return find_landmarks(view_image(read_frame(path), _WHOLE_RANGE))
    except UnreadableFileError as error:
        if skip_unreadable:
            return no_landmarks()
        raise DatasetError(
            "Cannot find out which tiles show the same tissue: cannot use",
            because=error.because,
            cure="Repair the file, take it out of the data set, or set data.skip_unreadable.",
            path=path,
        ) from error
