"""How much two regions of one image overlap."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Region = NDArray[np.bool_]


def iou(first: Region, second: Region) -> float:
    """Intersection over union, [0, 1]; 1 when both regions are empty."""
    union = np.logical_or(first, second).sum()
    return float(np.logical_and(first, second).sum() / union) if union else 1.0


def dice(first: Region, second: Region) -> float:
    """Twice the intersection over the sum of areas, [0, 1]; 1 when both regions are empty."""
    areas = first.sum() + second.sum()
    return float(2 * np.logical_and(first, second).sum() / areas) if areas else 1.0
