"""ROAD, remove and debias: pixels are imputed, so that the hole itself tells the network little.

Rong et al., ICML 2022, arXiv:2202.00449. MoRF removes the most relevant pixels first, LeRF the
least relevant; a good map makes the probability fall under MoRF and stay under LeRF.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from medkd_core.explanation.faithfulness.imputation import NOISE, impute
from medkd_core.explanation.faithfulness.ordering import IndexArray, first_removed
from medkd_core.explanation.faithfulness.views import Views

FloatArray = NDArray[np.float32]
DoubleArray = NDArray[np.float64]


def road(
    views: Views,
    image: FloatArray,
    orders: Sequence[IndexArray],
    percentages: Sequence[float],
    seed: int | Sequence[int],
    noise: float = NOISE,
) -> DoubleArray:
    """Probabilities with shares of the pixels of several maps imputed, all in one run.

    Parameters
    ----------
    views : Views
    image : float32, (3, H, W)
    orders : sequence of int, (H * W,)
        Pixels of each map, highest first.
    percentages : sequence of float, between 0 and 100
        Of the pixels that are imputed, rounded down to whole pixels.
    seed : int or sequence of int
        Of the noise, which is the same for every map: so it does not blur their differences.
    noise : float
        See `impute`.

    Returns
    -------
    float64, (maps, 2, percentages, classes), [0, 1]
        MoRF, then LeRF.
    """

    def imputed() -> Iterator[FloatArray]:
        for order in orders:
            generator = np.random.default_rng(seed)
            counts = [int(order.size * percentage / 100) for percentage in percentages]
            for direction in (order, order[::-1]):
                for missing in first_removed(direction, counts, views.shape):
                    views.pause()
                    yield impute(image, missing, generator, noise)

    answers = views.of(imputed())
    return answers.reshape(len(orders), 2, len(percentages), -1)
