"""Where an agreement lies between maps of different images and random maps.

Two networks' maps of one image may be alike only because both look at the middle of every image,
or because any two smooth maps are. Either is a *null*: values of the same measure where there is
nothing to agree on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from medkd_core.explanation.agreement.measures import Agreement, agreement
from medkd_core.explanation.null_maps import random_maps_like

FloatArray = NDArray[np.float32]

FEWEST_SAMPLES = 20
"""Of fewer, even a value beyond them all is no rarer than 1 in 20."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an observed value lies among the values of a null.

    Attributes
    ----------
    observed : float
    samples : int
        Values of the null.
    median : float
        Of the null.
    percentile : float, [0, 100]
        Share of the null that lies below the observed value; equal ones count half.
    z : float or None
        Observed value minus mean of the null, in standard deviations (of the sample); None where
        the null has fewer than two values, or only one value again and again.
    """

    observed: float
    samples: int
    median: float
    percentile: float
    z: float | None

    @property
    def few(self) -> bool:
        """Too few samples for a percentile to tell the rare from the usual."""
        return self.samples < FEWEST_SAMPLES


def standing(observed: float, null: Sequence[float]) -> Standing:
    """Place an observed value among those of a null.

    Raises
    ------
    ValueError
        The null is empty, or a value is not finite.
    """
    values = np.asarray(null, np.float64)
    if not values.size or not np.isfinite([observed, *values]).all():
        raise ValueError("a null is one or more finite numbers, and so is what is held against it")
    below = (values < observed).mean() + 0.5 * (values == observed).mean()
    varies = bool(np.ptp(values))
    return Standing(
        observed=float(observed),
        samples=len(values),
        median=float(np.median(values)),
        percentile=float(100 * below),
        z=float((observed - values.mean()) / values.std(ddof=1)) if varies else None,
    )


def standings(observed: Agreement, null: Sequence[Agreement]) -> dict[str, Standing]:
    """Place every measure of an agreement among those of a null, by the measure's name.

    Of the two distances a *low* percentile tells of agreement.
    """
    values = [asdict(one) for one in null]
    return {
        name: standing(value, [one[name] for one in values])
        for name, value in asdict(observed).items()
    }


def different_images(
    first: Sequence[FloatArray], second: Sequence[FloatArray], *, most: int = 200, seed: int = 0
) -> list[Agreement]:
    """The null of the same pair of networks on different images.

    Parameters
    ----------
    first, second : sequence of float32, (h, w)
        Maps of both networks of the same images in the same order.
    most : int
        Pairs to compare; of more, as many are drawn without repetition.
    seed : int
        Draws the pairs.

    Raises
    ------
    ValueError
        Not one map of each network for two or more images.
    """
    images = len(first)
    if images < 2 or len(second) != images:
        raise ValueError("maps of different images need one map a network of two or more images")
    pairs = images * (images - 1)
    drawn = np.random.default_rng(seed).permutation(pairs)[:most]
    return [
        agreement(first[one], second[(one + 1 + shift) % images])
        for one, shift in (divmod(int(pair), images - 1) for pair in drawn)
    ]


def random_maps(
    first: FloatArray, second: FloatArray, *, count: int = 100, seed: int = 0
) -> list[Agreement]:
    """The null of a map and random maps that are as smooth as the other: see `random_maps_like`.

    Parameters
    ----------
    first, second : float32, (h, w)
        The two maps whose agreement was observed. In turns the second and the first is replaced.
    count : int
        Random maps, half of them like each of the two.
    seed : int
    """
    like_second = random_maps_like(second, (count + 1) // 2, seed=seed)
    like_first = random_maps_like(first, count // 2, seed=seed + 1)
    return [agreement(first, drawn) for drawn in like_second] + [
        agreement(drawn, second) for drawn in like_first
    ]
