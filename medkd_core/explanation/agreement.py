"""How alike two maps of one image are, whatever grids they were made on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medkd_core.explanation.interpolation import interpolation_matrices

FloatArray = NDArray[np.float32]

TOP_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Agreement:
    """Three views of how alike two maps are; all numbers are finite.

    Attributes
    ----------
    spearman : float, [-1, 1]
        Rank correlation over all places. 1 when both maps are constant, 0 when one is.
    top_fifth_iou : float, [0, 1]
        Intersection over union of the fifth of places with the highest values. Of equal values
        at the border all or none count, whichever brings the area nearer to a fifth; a constant
        map has no top: 1 when both are constant, 0 when one is.
    peak_distance : float, [0, 1]
        Distance of the peaks (mean position of the highest values) as a share of the diagonal of
        the image; a constant map's peak is its middle.
    """

    spearman: float
    top_fifth_iou: float
    peak_distance: float


def agreement(map_a: FloatArray, map_b: FloatArray) -> Agreement:
    """Compare two maps of the same square or image.

    Parameters
    ----------
    map_a, map_b : float32, (h, w) each with its own h and w
        Cells cover the image evenly. Both are compared on the finer grid along each axis, the
        coarser one interpolated linearly between the centres of its cells.

    Raises
    ------
    ValueError
        A map is not two-dimensional, is empty or holds values that are not finite.
    """
    for values in (map_a, map_b):
        if values.ndim != 2 or not values.size or not np.isfinite(values).all():
            raise ValueError("a map is a two-dimensional array of finite numbers")
    grid = (max(map_a.shape[0], map_b.shape[0]), max(map_a.shape[1], map_b.shape[1]))
    first, second = _on_grid(map_a, grid), _on_grid(map_b, grid)
    distance = np.linalg.norm(_peak(first) - _peak(second)) / np.sqrt(2)
    return Agreement(spearman(first, second), _top_iou(first, second), float(distance))


def spearman(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    """Spearman's rank correlation of two arrays of one shape, ties sharing their mean rank.

    Returns
    -------
    float, [-1, 1]
        1 when both are constant, 0 when one is.
    """
    ranks = [_ranks(values) - (values.size + 1) / 2 for values in (first, second)]
    squares = [float(r @ r) for r in ranks]
    if not all(squares):
        return float(not any(squares))
    return float(np.clip(ranks[0] @ ranks[1] / np.sqrt(squares[0] * squares[1]), -1, 1))


def _ranks(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Ranks from 1, flat; equal values share their mean rank."""
    # scipy.stats.rankdata does this, too, but a window waits half a second for its import.
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place.reshape(-1)]


def _on_grid(values: FloatArray, grid: tuple[int, int]) -> NDArray[np.float64]:
    if values.shape == grid:
        return values.astype(np.float64)
    rows, columns = interpolation_matrices(grid, values.shape, align_corners=False)
    return rows.astype(np.float64) @ values.astype(np.float64) @ columns.T.astype(np.float64)


def _top_iou(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    tops = _top(first), _top(second)
    union = np.logical_or(*tops).sum()
    if not union:
        return 1.0
    return float(np.logical_and(*tops).sum() / union)


def _top(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    levels, counts = np.unique(values, return_counts=True)
    if len(levels) == 1:
        return np.zeros(values.shape, np.bool_)
    areas = np.cumsum(counts[::-1])[:-1]
    nearest = int(np.abs(areas - TOP_SHARE * values.size).argmin())
    return values >= levels[::-1][nearest]


def _peak(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean position (down, across) of the highest values, each in [0, 1]."""
    places = np.argwhere(values == values.max())
    return (places.mean(axis=0) + 0.5) / values.shape
