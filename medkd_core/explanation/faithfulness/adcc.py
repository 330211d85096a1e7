"""Average drop, increase, coherency, complexity and their mean, as formulas.

Sources: average drop and increase, Chattopadhay et al., Grad-CAM++, WACV 2018, arXiv:1710.11063;
coherency, complexity and ADCC, Poppi et al., CVPR workshops 2021, arXiv:2104.10252; sparseness,
Chalasani et al., ICML 2020, arXiv:1810.06583; entropy, Bhatt et al., IJCAI 2020, arXiv:2005.00631.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from medkd_core.explanation.agreement import pearson

FloatArray = NDArray[np.float32]


def average_drop(whole: float, seen: float) -> float:
    """Share of the probability that is lost when the film is seen through its map.

    ``max(0, whole - seen) / whole``, 0 where there was none to lose.

    Parameters
    ----------
    whole, seen : float, [0, 1]
        Probability of the class for the film, and for the film through the map.

    Returns
    -------
    float, [0, 1]
    """
    return max(0.0, whole - seen) / whole if whole > 0 else 0.0


def increase(whole: float, seen: float) -> float:
    """1 where the film through its map speaks more for the class than the film, else 0."""
    return float(seen > whole)


def complexity(values: FloatArray) -> float:
    """Mean of a map (H, W) in [0, 1]: its L1 norm as a share of the largest there can be."""
    return float(values.mean(dtype=np.float64))


def coherency(values: FloatArray, values_again: FloatArray) -> float | None:
    """Pearson correlation r of a map and the map of the film seen through it, as (1 + r) / 2.

    Parameters
    ----------
    values, values_again : float32, (H, W)

    Returns
    -------
    float, [0, 1] or None
        None where either map is constant and has no correlation.
    """
    if not (np.ptp(values) and np.ptp(values_again)):
        return None
    return (1 + pearson(values, values_again)) / 2


def adcc(drop: float, coherence: float, complex_share: float) -> float:
    """Harmonic mean of coherency, 1 - complexity and 1 - average drop; 0 where one of them is."""
    parts = (coherence, 1 - complex_share, 1 - drop)
    return 3 / sum(1 / part for part in parts) if min(parts) > 0 else 0.0


def sparseness(values: FloatArray) -> float:
    """Gini index of a map: 0 when it is the same everywhere, near 1 when it is one pixel.

    Parameters
    ----------
    values : float32, (H, W), at least 0, not all 0
    """
    rising = np.sort(values, axis=None).astype(np.float64)
    size = rising.size
    return float((2 * np.arange(1, size + 1) - size - 1) @ rising / (size * rising.sum()))


def entropy(values: FloatArray) -> float:
    """Entropy in nats of a map whose values are taken as shares of their sum.

    Parameters
    ----------
    values : float32, (H, W), at least 0, not all 0
    """
    shares = values[values > 0].astype(np.float64)
    shares /= shares.sum()
    return float(-(shares @ np.log(shares)))
