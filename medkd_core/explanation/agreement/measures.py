"""How alike two maps of one image are, whatever grids they were made on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medkd_core.explanation.agreement.similarity import pearson, spearman, structural_similarity
from medkd_core.explanation.interpolation import on_grid

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Views of how alike two maps are; all numbers are finite.

    Of a map that is constant, the correlations and overlaps are 1 when the other is constant, too,
    and else 0; its peak and its centroid are the middle.

    Attributes
    ----------
    spearman : float, [-1, 1]
        Rank correlation over all places.
    pearson : float, [-1, 1]
        Linear correlation over all places.
    ssim : float, [-1, 1]
        Structural similarity, see `structural_similarity`.
    top_twentieth_iou, top_tenth_iou, top_fifth_iou : float, [0, 1]
        Intersection over union of the 5, 10 and 20 % of places with the highest values. Of equal
        values at the border all or none count, whichever brings the area nearer to that share.
    peak_distance : float, [0, 1]
        Distance of the peaks (mean position of the highest values) as a share of the diagonal.
    centroid_distance : float, [0, 1]
        Distance of the centres of mass (of what lies above a negative minimum) likewise.
    """

    spearman: float
    pearson: float
    ssim: float
    top_twentieth_iou: float
    top_tenth_iou: float
    top_fifth_iou: float
    peak_distance: float
    centroid_distance: float


def agreement(map_a: FloatArray, map_b: FloatArray) -> Agreement:
    """Compare two maps of the same square or image.

    Parameters
    ----------
    map_a, map_b : float32, (h, w) each with its own h and w
        Cells are square and cover the image evenly. Both are compared on the finer grid along each
        axis, the coarser one interpolated linearly between the centres of its cells.

    Raises
    ------
    ValueError
        A map is not two-dimensional, is empty or holds values that are not finite.
    """
    for values in (map_a, map_b):
        if values.ndim != 2 or not values.size or not np.isfinite(values).all():
            raise ValueError("a map is a two-dimensional array of finite numbers")
    grid = (max(map_a.shape[0], map_b.shape[0]), max(map_a.shape[1], map_b.shape[1]))
    first, second = on_grid(map_a, grid), on_grid(map_b, grid)
    return Agreement(
        spearman=spearman(first, second),
        pearson=pearson(first, second),
        ssim=structural_similarity(first, second),
        top_twentieth_iou=_top_iou(first, second, 0.05),
        top_tenth_iou=_top_iou(first, second, 0.1),
        top_fifth_iou=_top_iou(first, second, 0.2),
        peak_distance=_share_of_diagonal(peak(first), peak(second), grid),
        centroid_distance=_share_of_diagonal(centroid(first), centroid(second), grid),
    )


def peak(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Mean position (down, across) of the highest values of a map (h, w), in cells."""
    return np.argwhere(values == values.max()).mean(axis=0) + 0.5


def centroid(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Centre of mass (down, across) of a map (h, w), in cells; the middle of a constant one."""
    mass = values.astype(np.float64) - min(float(values.min()), 0.0)
    if not np.ptp(values):
        mass = np.ones(values.shape)
    down, across = (np.arange(side) + 0.5 for side in values.shape)
    return np.array([mass.sum(axis=1) @ down, mass.sum(axis=0) @ across]) / mass.sum()


def _share_of_diagonal(
    one: NDArray[np.float64], other: NDArray[np.float64], grid: tuple[int, int]
) -> float:
    return float(np.linalg.norm(one - other) / np.hypot(*grid))


def _top_iou(first: NDArray[np.float64], second: NDArray[np.float64], share: float) -> float:
    tops = _top(first, share), _top(second, share)
    union = np.logical_or(*tops).sum()
    if not union:
        return 1.0
    return float(np.logical_and(*tops).sum() / union)


def _top(values: NDArray[np.float64], share: float) -> NDArray[np.bool_]:
    levels, counts = np.unique(values, return_counts=True)
    if len(levels) == 1:
        return np.zeros(values.shape, np.bool_)
    areas = np.cumsum(counts[::-1])[:-1]
    nearest = int(np.abs(areas - share * values.size).argmin())
    return values >= levels[::-1][nearest]
