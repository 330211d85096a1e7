"""How alike two maps of one image are, and whether random maps would be as much alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medkd_core.errors import ExplanationError
from medkd_core.explanation.agreement import spearman, structural_similarity
from medkd_core.explanation.null_maps import random_maps_like

FloatArray = NDArray[np.float32]
Array = NDArray[np.float64]

ONE_IN_TWENTY = 95
"""Percentile of the random maps' likeness to the original beyond which chance is not believed."""


@dataclass(frozen=True, slots=True)
class Similarity:
    """The measures of Adebayo et al., NeurIPS 2018, arXiv:1810.03292.

    Of maps without negative values the signed and the absolute ones are the same.

    Attributes
    ----------
    spearman, spearman_absolute : float, [-1, 1]
        Rank correlation of the values, and of their sizes without sign; 0 when one map is constant.
    ssim, ssim_absolute : float, [-1, 1]
        Structural similarity likewise, each map divided by its largest size; signed ones lie in
        [0, 1] with 0 in the middle.
    """

    spearman: float
    spearman_absolute: float
    ssim: float
    ssim_absolute: float


def similarity(first: FloatArray, second: FloatArray) -> Similarity:
    """Compare two maps (h, w) of one shape, signed or not."""
    one, other = _scaled(first), _scaled(second)
    return Similarity(
        spearman=spearman(one, other),
        spearman_absolute=spearman(np.abs(one), np.abs(other)),
        ssim=structural_similarity(*_lifted(one, other)),
        ssim_absolute=structural_similarity(np.abs(one), np.abs(other)),
    )


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether maps survive that weights are made random.

    Attributes
    ----------
    observed : float
        Median over the images of Spearman's correlation between the map and the map made with
        random weights.
    threshold : float
        95 % of random maps, as rough as the original ones, are less like them than this.
    chance : float
        Median of the same null.
    images : int
        Pairs of maps that were compared: those with a map to begin with.
    part : str
        Which weights were random, for the label.
    """

    observed: float
    threshold: float
    chance: float
    images: int
    part: str = "the weights"

    @property
    def depends(self) -> bool:
        """The median image's map is no more like the original than a random one may be."""
        return self.observed <= self.threshold

    @property
    def label(self) -> str:
        """``"does not depend on the weights"``, or that it does."""
        return f"{'depends' if self.depends else 'does not depend'} on {self.part}"


def verdict(
    originals: Sequence[FloatArray],
    randomised: Sequence[FloatArray],
    *,
    part: str = "the weights",
    null_maps: int = 200,
    seed: int = 0,
) -> Verdict:
    """Hold maps made with random weights against random maps.

    The threshold does not narrow with the number of images: it is that of one image's map, so that
    a likeness too small to see does not become a verdict by being measured often.

    Parameters
    ----------
    originals, randomised : sequence of float32, (h, w)
        Maps of the same images in the same order; those of several fresh networks may follow one
        another.
    part : str
        Which weights were random, where it was not all of them: ``"the classifier"``.
    null_maps : int
        Random maps in all, spread evenly over the images.
    seed : int
        Of the random maps.

    Raises
    ------
    ExplanationError
        There is no image with a map.
    """
    pairs = [pair for pair in zip(originals, randomised, strict=True) if np.ptp(pair[0])]
    if not pairs:
        raise ExplanationError(
            "Cannot tell whether maps depend on the weights",
            because="no image has a map to begin with",
            cure="Choose other images or another class.",
        )
    observed = [spearman(original, found) for original, found in pairs]
    each = -(-null_maps // len(pairs))
    null = [
        spearman(original, random)
        for number, (original, _) in enumerate(pairs)
        for random in random_maps_like(original, each, seed=seed + number)
    ]
    return Verdict(
        observed=float(np.median(observed)),
        threshold=float(np.percentile(null, ONE_IN_TWENTY)),
        chance=float(np.median(null)),
        images=len(pairs),
        part=part,
    )


def _lifted(one: Array, other: Array) -> tuple[Array, Array]:
    # Structural similarity multiplies the signs of means and of structures: of a map and its
    # inverse, both around 0, it would be 1.
    if min(one.min(), other.min()) >= 0:
        return one, other
    return (one + 1) / 2, (other + 1) / 2


def _scaled(values: FloatArray) -> Array:
    exact = values.astype(np.float64)
    return exact / (np.abs(exact).max() or 1.0)
