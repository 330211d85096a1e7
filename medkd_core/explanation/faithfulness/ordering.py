"""In which order a map takes pixels away, and which are left after a share of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
IndexArray = NDArray[np.intp]


def pixel_order(values: FloatArray, generator: np.random.Generator) -> IndexArray:
    """Flat indices of a map's pixels, highest value first, equal values in random order.

    Large parts of a map may be 0. Taken in the order in which they lie, they would be removed
    from the top downwards, and the measure would speak of the top of the film.

    Parameters
    ----------
    values : float32, (H, W)

    Returns
    -------
    int, (H * W,)
    """
    shuffled = generator.permutation(values.size)
    return shuffled[np.argsort(-values.reshape(-1)[shuffled], kind="stable")]


def first_removed(
    order: IndexArray, counts: Sequence[int], shape: tuple[int, int]
) -> Iterator[NDArray[np.bool_]]:
    """For each count, which pixels (H, W) are among the first so many of the order."""
    rank = np.empty(order.size, np.intp)
    rank[order] = np.arange(order.size)
    for count in counts:
        yield (rank < count).reshape(shape)


def with_values_of(order: IndexArray, values: FloatArray) -> FloatArray:
    """The values of one map laid out in the order of another.

    So a null differs from the map in where it points and in nothing else: it is as large, as
    bright and as concentrated.

    Parameters
    ----------
    order : int, (H * W,)
        Pixels of the null, highest first; see `pixel_order`.
    values : float32, (H, W)
        The map.

    Returns
    -------
    float32, (H, W)
    """
    laid = np.empty(values.size, values.dtype)
    laid[order] = np.sort(values, axis=None)[::-1]
    return laid.reshape(values.shape)
