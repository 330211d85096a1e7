"""How the places of a mask rank among all places of a map, and the areas that follow from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Ranking:
    """From the highest value of a map down, with equal values taken together.

    Attributes
    ----------
    places : int64, (levels + 1,)
        Places that have at least each value, from 0.
    found : int64, (levels + 1,)
        How many of them lie in the mask.
    """

    places: NDArray[np.int64]
    found: NDArray[np.int64]

    def found_among(self, count: int) -> float:
        """Places of the mask to be expected among as many places with the highest values."""
        return float(np.interp(count, self.places, self.found))

    def average_precision(self) -> float:
        """Mean of the precision over the steps of recall; the mask must not be empty."""
        precision = self.found[1:] / self.places[1:]
        return float(np.diff(self.found) @ precision / self.found[-1])

    def roc_area(self) -> float:
        """Chance that a place inside has a higher value than one outside, equal ones half.

        0.5 where there is no place outside or none inside.
        """
        outside = self.places - self.found
        if not outside[-1] or not self.found[-1]:
            return 0.5
        return float(np.trapezoid(self.found, outside) / self.found[-1] / outside[-1])


def ranked(values: NDArray[np.floating], mask: NDArray[np.bool_]) -> Ranking:
    """Rank the places of a mask among those of a map of the same shape."""
    order = np.argsort(-values, axis=None)
    ends = np.append(np.flatnonzero(np.diff(values.ravel()[order])), values.size - 1)
    found = np.cumsum(mask.ravel()[order])[ends]
    return Ranking(np.append(0, ends + 1), np.append(0, found))
