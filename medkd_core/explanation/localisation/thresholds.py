"""Where a map ends and its background begins: Otsu's threshold, and one tuned on other films."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from medkd_core.explanation.interpolation import on_grid
from medkd_core.explanation.localisation.overlap import iou

FloatArray = NDArray[np.float32]
Mask = NDArray[np.bool_]

CANDIDATES = np.arange(1, 20) / 20


def otsu_region(values: NDArray[np.floating]) -> Mask:
    """Places above the threshold that parts a map best in two (Otsu, 1979, in 256 steps).

    Returns
    -------
    bool, (h, w)
        Empty for a constant map.
    """
    span = np.ptp(values)
    if not span:
        return np.zeros(values.shape, np.bool_)
    steps = np.rint((values - values.min()) / span * 255).astype(np.uint8)
    _, region = cv2.threshold(steps, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return np.asarray(region, np.bool_)


def tuned_threshold(maps: Sequence[FloatArray], masks: Sequence[Mask]) -> float:
    """The threshold at which maps overlap best with masks, to be used on *other* films.

    Parameters
    ----------
    maps : sequence of float32, (h, w), [0, 1]
    masks : sequence of bool, (rows, columns)
        Of the same films; empty ones are left out.

    Returns
    -------
    float
        Of 0.05, 0.1, ..., 0.95 the one with the highest mean intersection over union, and of equal
        ones the lowest. A place belongs to the region when its value reaches it.

    Raises
    ------
    ValueError
        No mask has anything in it, or there is not one map a mask.
    """
    films = [(on_grid(m, mask.shape), mask) for m, mask in zip(maps, masks, strict=True)]
    films = [(values, mask) for values, mask in films if mask.any()]
    if not films:
        raise ValueError("a threshold is tuned on one or more films with a mask that is not empty")
    overlaps = [[iou(values >= level, mask) for level in CANDIDATES] for values, mask in films]
    return float(CANDIDATES[np.mean(overlaps, axis=0).argmax()])
