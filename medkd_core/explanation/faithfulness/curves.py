"""Deletion and insertion: the answer while a map's pixels are taken away or uncovered.

Petsiuk et al., RISE, BMVC 2018, arXiv:1806.07421. In a deletion the pixels are replaced by the
baseline, highest value of the map first; a map that points at what matters makes the probability
fall soon, and leaves a small area under the curve. In an insertion they are uncovered on the
baseline in the same order, and a good map leaves a large area.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from medkd_core.explanation.faithfulness.ordering import IndexArray, first_removed
from medkd_core.explanation.faithfulness.views import Views

DoubleArray = NDArray[np.float64]


def step_shares(steps: int) -> DoubleArray:
    """Shares (steps + 1,) of the pixels after each step, from 0 to 1."""
    return np.linspace(0, 1, steps + 1)


def deletion_and_insertion(
    views: Views, orders: Sequence[IndexArray], steps: int, ends: DoubleArray
) -> DoubleArray:
    """Probabilities along the curves of several maps, all in one run.

    Parameters
    ----------
    views : Views
    orders : sequence of int, (H * W,)
        Pixels of each map, highest first.
    steps : int, at least 2
        Into how many equal parts the pixels are divided.
    ends : float64, (2, classes)
        Probabilities for the whole film and for the baseline alone: where all curves begin or end.

    Returns
    -------
    float64, (maps, 2, steps + 1, classes), [0, 1]
        Deletions, then insertions, at `step_shares`.
    """
    inner = views.through(_masks(orders, steps, views.shape))
    curves = np.empty((len(orders), 2, steps + 1, inner.shape[1]))
    curves[:, :, 1:-1] = inner.reshape(len(orders), 2, steps - 1, -1)
    curves[:, 0, [0, -1]] = ends
    curves[:, 1, [0, -1]] = ends[::-1]
    return curves


def area(shares: DoubleArray, values: DoubleArray) -> float:
    """Area under a curve (n,) by the trapezoidal rule, as its mean height over the shares."""
    return float(np.trapezoid(values, shares) / (shares[-1] - shares[0]))


def _masks(
    orders: Sequence[IndexArray], steps: int, shape: tuple[int, int]
) -> Iterator[NDArray[np.bool_]]:
    for order in orders:
        counts = np.rint(step_shares(steps)[1:-1] * order.size).astype(int).tolist()
        for removed in first_removed(order, counts, shape):
            yield ~removed
        yield from first_removed(order, counts, shape)
