"""Correlations and structural similarity of two arrays, defined for constant ones, too."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating]

SSIM_WINDOW = 7


def spearman(first: FloatArray, second: FloatArray) -> float:
    """Spearman's rank correlation of two arrays of one shape, ties sharing their mean rank.

    Returns
    -------
    float, [-1, 1]
        1 when both are constant, 0 when one is.
    """
    return pearson(_ranks(first), _ranks(second))


def spearman_of_each(first: FloatArray, others: FloatArray) -> NDArray[np.float64]:
    """Spearman's correlation of one array with each of several, in one go.

    Parameters
    ----------
    first : float, (k,)
    others : float, (n, k)

    Returns
    -------
    float64, (n,)
        Each as `spearman` gives it.
    """
    one, each = _ranks_of_rows(first[np.newaxis])[0], _ranks_of_rows(others)
    return np.array([pearson(one, other) for other in each])


def pearson(first: FloatArray, second: FloatArray) -> float:
    """Pearson's linear correlation of two arrays of one shape.

    Returns
    -------
    float, [-1, 1]
        1 when both are constant, 0 when one is.
    """
    constant = [not np.ptp(values) for values in (first, second)]
    if any(constant):
        return float(all(constant))
    one, other = (_standardised(values) for values in (first, second))
    return float(np.clip(one @ other, -1, 1))


def structural_similarity(first: FloatArray, second: FloatArray) -> float:
    """Mean structural similarity of two maps of one shape.

    Windows of 7 x 7 cells (of all there are on a shorter side) that lie wholly inside, equal
    weights, sample variances, K1 = 0.01, K2 = 0.03 (Wang et al., 2004, doi:10.1109/TIP.2003.819861,
    equation 13; what scikit-image takes by default).

    Parameters
    ----------
    first, second : float, (h, w), [0, 1]

    Returns
    -------
    float, [-1, 1]
    """
    one, other = first.astype(np.float64), second.astype(np.float64)
    shape = tuple(min(SSIM_WINDOW, side) for side in one.shape)
    mean_one, mean_other = _window_means(one, shape), _window_means(other, shape)
    cells = shape[0] * shape[1]
    unbiased = cells / max(cells - 1, 1)
    variances = unbiased * (
        _window_means(one**2, shape) + _window_means(other**2, shape) - mean_one**2 - mean_other**2
    )
    covariance = unbiased * (_window_means(one * other, shape) - mean_one * mean_other)
    c1, c2 = 0.01**2, 0.03**2
    luminance = (2 * mean_one * mean_other + c1) / (mean_one**2 + mean_other**2 + c1)
    return float((luminance * (2 * covariance + c2) / (variances + c2)).mean())


def _standardised(values: FloatArray) -> NDArray[np.float64]:
    """Flat, of mean 0 and length 1; scaled first, so that no square overflows or vanishes."""
    flat = values.astype(np.float64).ravel()
    centred = (flat - flat.mean()) / np.ptp(flat)
    return np.asarray(centred / np.linalg.norm(centred))


def _ranks(values: FloatArray) -> NDArray[np.float64]:
    """Ranks from 1, flat; equal values share their mean rank."""
    return _ranks_of_rows(values.reshape(1, -1))[0]


def _ranks_of_rows(values: FloatArray) -> NDArray[np.float64]:
    """Ranks from 1 within each row of (n, k); equal values share their mean rank."""
    # scipy.stats.rankdata does this, too, but a window waits half a second for its import.
    order = values.argsort(axis=1)
    in_order = np.take_along_axis(values, order, axis=1)
    starts = np.ones(values.shape, np.bool_)
    starts[:, 1:] = np.diff(in_order, axis=1) != 0
    number = starts.reshape(-1).cumsum() - 1
    counts = np.bincount(number)
    shared = (counts.cumsum() - (counts - 1) / 2)[number].reshape(values.shape)
    ranks = np.empty(values.shape)
    np.put_along_axis(
        ranks, order, shared - values.shape[1] * np.arange(len(values))[:, np.newaxis], axis=1
    )
    return ranks


def _window_means(values: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Means over every window that lies wholly inside."""
    rows, columns = shape
    means = cv2.blur(values, (columns, rows), borderType=cv2.BORDER_REFLECT)
    top, left = rows // 2, columns // 2
    inside = means[
        top : top + values.shape[0] - rows + 1, left : left + values.shape[1] - columns + 1
    ]
    return np.asarray(inside)
