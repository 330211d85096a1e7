"""Whether two tiles show one piece of tissue: one is laid over the other and compared.

Points that look alike propose how (an affine change, since LC25000's copies are sheared too; RANSAC
of Fischler and Bolles, 1981); the pictures, laid over each other in that way, decide. Tissue is
full of points that look alike: their number alone would join tiles of different tissue.

Two kinds of tiles agree. Copies were made about the tile's middle and keep it. Tiles cut from a
slide side by side overlap at their borders: different tiles, but part of their tissue is the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from medkd_core.datasets.tissue_groups.landmarks import Landmarks, unit_descriptors
from medkd_core.imaging.frame import FloatArray

_CORRELATION = 0.5
"""On LC25000 tiles that share tissue reach 0.73 and more, others at most 0.2."""
_OVERLAP = 0.05
_OFF_MIDDLE = 0.05
"""Of LC25000's copies 99 of 100 keep their middle within 0.01 of the side; neighbours lie 0.09 and
more apart."""

_RATIO = 0.9
_FEWEST_POINTS = 5
_TOLERANCE = 2.0
"""Pixels of the small picture that a point may lie off."""
_ROUNDS = 1000
_LARGEST_SCALE = 3.0


@dataclass(frozen=True, slots=True)
class Overlay:
    """How well one tile, laid over another, agrees with it.

    Attributes
    ----------
    correlation : float, [-1, 1]
        Over what both show.
    overlap : float, [0, 1]
        Part of the lower tile that the upper one covers.
    off_middle : float
        Distance of the tiles' middles in sides of the lower one.
    """

    correlation: float
    overlap: float
    off_middle: float

    @property
    def shares_tissue(self) -> bool:
        """The tiles are copies or neighbours that overlap."""
        return self.correlation >= _CORRELATION and self.overlap >= _OVERLAP

    @property
    def is_copy(self) -> bool:
        """The tiles are copies of one."""
        return self.shares_tissue and self.off_middle <= _OFF_MIDDLE


_NONE = Overlay(0.0, 0.0, 0.0)


def lay_over(upper: Landmarks, lower: Landmarks) -> Overlay:
    """The better of two ways to lay one tile over another: as it is, and mirrored."""
    below = unit_descriptors(lower.descriptors)
    tried = [_laid(tile, lower, below) for tile in (upper, upper.mirrored())]
    return max(tried, key=lambda overlay: overlay.correlation)


def _laid(upper: Landmarks, lower: Landmarks, below: FloatArray) -> Overlay:
    above, under = _alike(unit_descriptors(upper.descriptors), below)
    if len(above) < _FEWEST_POINTS:
        return _NONE
    placing, fitting = cv2.estimateAffine2D(
        upper.points[above],
        lower.points[under],
        method=cv2.RANSAC,
        ransacReprojThreshold=_TOLERANCE,
        maxIters=_ROUNDS,
    )
    if placing is None or fitting.sum() < _FEWEST_POINTS or not _plausible(placing):
        return _NONE
    return _compared(upper.picture, lower.picture, placing)


def _alike(above: FloatArray, below: FloatArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Points that choose each other, each much nearer to the other than to the next best."""
    if min(len(above), len(below)) < 2:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    alike = above @ below.T
    chosen = alike.argmax(axis=1)
    mutual = alike.argmax(axis=0)[chosen] == np.arange(len(above))
    second, first = np.partition(alike, -2, axis=1)[:, -2:].T
    # Squared distances of unit vectors.
    distinct = 1 - first < _RATIO**2 * (1 - second)
    kept = np.flatnonzero(mutual & distinct)
    return kept, chosen[kept]


def _plausible(placing: NDArray[np.float64]) -> bool:
    largest, smallest = np.linalg.svd(placing[:, :2], compute_uv=False)
    return bool(largest <= _LARGEST_SCALE and smallest >= 1 / _LARGEST_SCALE)


def _compared(
    upper: NDArray[np.int8], lower: NDArray[np.int8], placing: NDArray[np.float64]
) -> Overlay:
    size = lower.shape[::-1]
    laid = cv2.warpAffine(upper.astype(np.float32), placing, size)
    covered = cv2.warpAffine(np.ones(upper.shape, np.float32), placing, size) > 0.99
    return Overlay(
        _correlation(laid[covered], lower[covered].astype(np.float32)),
        float(covered.mean()),
        _off_middle(upper.shape, lower.shape, placing),
    )


def _correlation(first: FloatArray, second: FloatArray) -> float:
    if not first.size:
        return 0.0
    first, second = first - first.mean(), second - second.mean()
    lengths = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(first @ second) / lengths if lengths else 0.0


def _off_middle(
    upper: tuple[int, ...], lower: tuple[int, ...], placing: NDArray[np.float64]
) -> float:
    middle, below = (np.subtract(shape[::-1], 1) / 2 for shape in (upper, lower))
    off = placing @ [*middle, 1] - below
    return float(np.hypot(*off)) / max(lower)
