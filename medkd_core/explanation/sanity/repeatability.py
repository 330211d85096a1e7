"""Whether two networks look at the same places: two training seeds, or teacher and student."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from medkd_core.errors import ExplanationError
from medkd_core.explanation.agreement import (
    Agreement,
    Standing,
    agreement,
    different_images,
    random_maps,
    standing,
)

FloatArray = NDArray[np.float32]

RANDOM_MAPS_EACH = 10


@dataclass(frozen=True, slots=True)
class Distribution:
    """One measure of agreement over images, and where its median lies between two nulls.

    Attributes
    ----------
    values : tuple of float
        One an image, in the order of the images.
    lowest, tenth, quarter, median, three_quarters, highest : float
        Lowest value, percentiles 10, 25, 50 and 75, and highest value.
    among_different_images : Standing or None
        The median among maps of different images by the same two networks; None for one image.
    among_random_maps : Standing
        The median among pairs of which one is a random map as rough as the other.
    """

    values: tuple[float, ...]
    lowest: float
    tenth: float
    quarter: float
    median: float
    three_quarters: float
    highest: float
    among_different_images: Standing | None
    among_random_maps: Standing


@dataclass(frozen=True, slots=True)
class Repeatability:
    """How alike the maps of two networks are.

    Attributes
    ----------
    measures : dict of str to Distribution
        By the name of each field of `Agreement`.
    images : int
        Of which at least one network had a map.
    left_out : int
        Images of which neither had one.
    """

    measures: dict[str, Distribution]
    images: int
    left_out: int


def repeatability(
    first: Sequence[FloatArray], second: Sequence[FloatArray], *, seed: int = 0
) -> Repeatability:
    """Compare the maps of two networks, image by image.

    Parameters
    ----------
    first, second : sequence of float32, (h, w)
        Maps of the same images in the same order, for the same classes; the two networks' grids may
        differ. A constant map is no map: beside one it agrees in nothing.
    seed : int
        Of the random maps and of the pairs of different images.

    Raises
    ------
    ExplanationError
        There is no image of which a network has a map.
    ValueError
        Not as many maps of one network as of the other, or values that are not finite.
    """
    pairs = [pair for pair in zip(first, second, strict=True) if any(map(np.ptp, pair))]
    if not pairs:
        raise ExplanationError(
            "Cannot compare two networks' maps", because="neither has a map of any of the images"
        )
    ones, others = ([pair[side] for pair in pairs] for side in (0, 1))
    observed = [agreement(*pair) for pair in pairs]
    mixed = different_images(ones, others, seed=seed) if len(pairs) > 1 else []
    random = [
        value
        for number, pair in enumerate(pairs)
        for value in random_maps(*pair, count=RANDOM_MAPS_EACH, seed=seed + 2 * number)
    ]
    measures = {
        name: _distribution(*(_values(each, name) for each in (observed, mixed, random)))
        for name in asdict(observed[0])
    }
    return Repeatability(measures, len(pairs), len(first) - len(pairs))


def _values(agreements: Sequence[Agreement], name: str) -> list[float]:
    return [getattr(one, name) for one in agreements]


def _distribution(observed: list[float], mixed: list[float], random: list[float]) -> Distribution:
    levels = np.percentile(observed, [0, 10, 25, 50, 75, 100])
    lowest, tenth, quarter, median, three_quarters, highest = map(float, levels)
    return Distribution(
        tuple(observed),
        lowest,
        tenth,
        quarter,
        median,
        three_quarters,
        highest,
        standing(median, mixed) if mixed else None,
        standing(median, random),
    )
