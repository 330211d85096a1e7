"""Maps that know nothing of an image: what every measure of a map is held against."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

BLOB_WIDTH = 0.25
"""Standard deviation of the centred blob as a share of each side."""


def random_maps_like(values: FloatArray, count: int, *, seed: int) -> FloatArray:
    """Smooth random fields that share a map's spectrum and its values, but not their places.

    *Random* means: the map's values become normal scores, the picture of these is mirrored at its
    edges (so that nothing wraps around), the phases of its Fourier transform are replaced by those
    of white noise, and the map's own values are laid over the field by rank. Hence a random map is
    about as rough as the map, and has exactly as many places of each value (amplitude-adjusted
    surrogates, Theiler et al., 1992, doi:10.1016/0167-2789(92)90102-S).

    Parameters
    ----------
    values : float32, (h, w)
        Best as the network made it, at the resolution of its layer or input: at that of a large
        film, each random map takes seconds and gigabytes.
    count : int
    seed : int
        Same seed, shape and count: same noise.

    Returns
    -------
    float32, (count, h, w)
        A constant map gives itself.
    """
    height, width = values.shape
    scores = _normal_scores(values)
    mirrored = np.block([[scores, scores[:, ::-1]], [scores[::-1], scores[::-1, ::-1]]])
    amplitudes = np.abs(np.fft.rfft2(mirrored))
    generator = np.random.default_rng(seed)
    in_order = np.sort(values, axis=None)
    maps = np.empty((count, values.size), np.float32)
    for drawn in maps:
        noise = np.fft.rfft2(generator.standard_normal(mirrored.shape))
        field = np.fft.irfft2(amplitudes * noise / np.abs(noise), mirrored.shape)[:height, :width]
        drawn[np.argsort(field, axis=None, kind="stable")] = in_order
    return maps.reshape(count, height, width)


def centre_blob(shape: tuple[int, int]) -> FloatArray:
    """A Gaussian in the middle, of `BLOB_WIDTH` of each side: a reader who never looks.

    Returns
    -------
    float32, (h, w), [0, 1]
        Its highest value is 1.
    """
    down, across = (
        np.exp(-0.5 * (((np.arange(side) + 0.5) / side - 0.5) / BLOB_WIDTH) ** 2) for side in shape
    )
    blob = down[:, np.newaxis] * across
    return np.asarray(blob / blob.max(), np.float32)


def _normal_scores(values: FloatArray) -> NDArray[np.float64]:
    """Each value as the normal deviate of its rank; equal values share their mean rank."""
    # A window compares maps, and waits for SciPy only where random ones are drawn.
    from scipy.special import ndtri

    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2
    return np.asarray(ndtri((ranks - 0.5) / values.size)[place].reshape(values.shape))
