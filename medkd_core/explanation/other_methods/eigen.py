"""The main pattern of a layer's channels, with a sign that does not depend on chance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def main_pattern(activations: Array) -> Array:
    """Eigen-CAM: the projection (h, w) of centred activations on their first principal component.

    The decomposition leaves its sign open. Here the highest value is further from 0 than the lowest
    (Chung and Ying, equation 13); pytorch-grad-cam takes what comes, and decomposes in full, which
    for an early layer takes gigabytes.

    Parameters
    ----------
    activations : float64, (channels, h, w)
    """
    cells = activations.reshape(len(activations), -1).T
    centred = cells - cells.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    pattern = (centred @ directions[0]).reshape(activations.shape[1:])
    return -pattern if -pattern.min() > pattern.max() else pattern
