"""A preview with few passes: k-means centres of the masks stand for their members."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from medkd_core.explanation.score_cam.masks import NO_MASK, ChannelMasks

FloatArray = NDArray[np.float32]
IndexArray = NDArray[np.intp]

PREVIEW_FORWARDS = 32
ITERATIONS = 12


def preview_masks(masks: ChannelMasks) -> tuple[ChannelMasks, bool]:
    """At most 32 masks that stand for all, and whether they are all."""
    if len(masks.distinct) <= PREVIEW_FORWARDS:
        return masks, True
    centres, cluster = cluster_masks(masks.distinct, PREVIEW_FORWARDS)
    member = np.where(masks.member == NO_MASK, NO_MASK, cluster[masks.member])
    return replace(masks, distinct=centres, member=member), False


def cluster_masks(masks: FloatArray, count: int) -> tuple[FloatArray, IndexArray]:
    """Lloyd's k-means of masks, always with the same result for the same masks.

    Parameters
    ----------
    masks : float32, (m, h, w)
    count : int
        Number of clusters, at least 1 and at most m.

    Returns
    -------
    centres : float32, (count, h, w)
        Mean mask of each cluster.
    members : intp, (m,)
        Cluster of each mask.
    """
    points = masks.reshape(len(masks), -1).astype(np.float64)
    centres = _spread_out(points, count)
    for _ in range(ITERATIONS):
        members = _squared_distances(points, centres).argmin(axis=1)
        centres = _means(points, members, centres)
    members = _squared_distances(points, centres).argmin(axis=1)
    return centres.reshape(count, *masks.shape[1:]).astype(np.float32), members


def _spread_out(points: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """k-means++ starting points (Arthur and Vassilvitskii, 2007) from a fixed seed."""
    generator = np.random.default_rng(0)
    chosen = [int(generator.integers(len(points)))]
    nearest = _squared_distances(points, points[chosen])[:, 0]
    while len(chosen) < count:
        total = nearest.sum()
        chance = nearest / total if total > 0 else None
        chosen.append(int(generator.choice(len(points), p=chance)))
        nearest = np.minimum(nearest, _squared_distances(points, points[chosen[-1:]])[:, 0])
    return points[chosen]


def _squared_distances(
    points: NDArray[np.float64], centres: NDArray[np.float64]
) -> NDArray[np.float64]:
    distances = (points**2).sum(axis=1)[:, None] - 2 * points @ centres.T + (centres**2).sum(axis=1)
    return np.maximum(distances, 0)


def _means(
    points: NDArray[np.float64], members: IndexArray, centres: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Mean of each cluster; an empty one stays where it was."""
    means = centres.copy()
    for cluster in np.unique(members):
        means[cluster] = points[members == cluster].mean(axis=0)
    return means
