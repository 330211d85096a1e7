"""What a probability may claim: temperature, reliability, intervals and operating points."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from medkd_core.bundles.schema import OperatingPoint, ReliabilityBin

DoubleArray = NDArray[np.float64]
IndexArray = NDArray[np.integer]

TEMPERATURES = (0.05, 20.0)
"""Lowest and highest temperature that is fitted."""


def probabilities(logits: NDArray[np.floating], temperature: float = 1.0) -> DoubleArray:
    """Softmax of ``logits / temperature`` over the last axis.

    Returns
    -------
    float64, as `logits`, [0, 1]
    """
    scaled = np.asarray(logits, np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def negative_log_likelihood(
    logits: NDArray[np.floating], labels: IndexArray, temperature: float = 1.0
) -> float:
    """Mean over the images of ``-log p`` of the true class, in nats."""
    scaled = np.asarray(logits, np.float64) / temperature
    highest = scaled.max(axis=1)
    total = highest + np.log(np.exp(scaled - highest[:, None]).sum(axis=1))
    return float((total - scaled[np.arange(len(labels)), labels]).mean())


def fit_temperature(logits: NDArray[np.floating], labels: IndexArray) -> float:
    """Temperature of the highest likelihood (Guo et al., 2017, arXiv:1706.04599, section 4.2).

    Labels are softened as if each class had been seen once more (Platt, 1999, section 2.2), so
    that few and well separated validation images do not make the network certain.

    Parameters
    ----------
    logits : float, (n, classes)
    labels : int, (n,)

    Returns
    -------
    float
        1 without images.
    """
    from scipy.optimize import minimize_scalar

    if not len(labels):
        return 1.0
    found = minimize_scalar(
        lambda log_t: _softened_likelihood(logits, labels, float(np.exp(log_t))),
        bounds=np.log(TEMPERATURES),
        method="bounded",
    )
    return float(np.exp(found.x))


def _softened_likelihood(
    logits: NDArray[np.floating], labels: IndexArray, temperature: float
) -> float:
    """Mean over the images of ``-sum q log p``; q of the true class is (n + 1) / (n + classes)."""
    count, classes = logits.shape
    every_class = np.mean(
        [negative_log_likelihood(logits, np.full(count, c), temperature) for c in range(classes)]
    )
    true_class = negative_log_likelihood(logits, labels, temperature)
    return float((count * true_class + classes * every_class) / (count + classes))


def expected_calibration_error(predicted: DoubleArray, labels: IndexArray, bins: int = 15) -> float:
    """Mean distance of confidence and accuracy over bins of equal width (Guo et al., eq. 3).

    Parameters
    ----------
    predicted : float64, (n, classes), [0, 1]
    labels : int, (n,)
    """
    confidence, right = _top(predicted, labels)
    inside = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    gap = np.bincount(inside, weights=right - confidence, minlength=bins)
    return float(np.abs(gap).sum() / max(len(labels), 1))


def reliability_bins(
    predicted: DoubleArray, labels: IndexArray, bins: int = 10
) -> list[ReliabilityBin]:
    """How often the decision was right, by its probability.

    Bins hold about equally many images, so that each supports an interval; together they cover
    [0, 1]. Equal probabilities are never parted.
    """
    if not len(labels):
        return []
    confidence, right = _top(predicted, labels)
    inner = np.quantile(confidence, np.arange(1, bins) / bins)
    edges = np.unique(np.concatenate([[0.0], inner[(inner > 0) & (inner < 1)], [1.0]]))
    inside = np.digitize(confidence, edges[1:-1])
    counts = np.bincount(inside, minlength=len(edges) - 1)
    correct = np.bincount(inside, weights=right, minlength=len(edges) - 1)
    return [
        ReliabilityBin(low=low, high=high, count=int(n), correct=int(c))
        for low, high, n, c in zip(edges[:-1], edges[1:], counts, correct, strict=True)
    ]


def wilson_interval(right: int, count: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson's score interval of a share (Wilson, 1927), 95 % unless told otherwise."""
    if count == 0:
        return 0.0, 1.0
    share, spread = right / count, z**2 / count
    middle = share + spread / 2
    half = z * np.sqrt(share * (1 - share) / count + spread / (4 * count))
    low, high = (middle - half) / (1 + spread), (middle + half) / (1 + spread)
    return max(0.0, float(low)), min(1.0, float(high))


def reliability_interval(
    bins: Sequence[ReliabilityBin], probability: float
) -> tuple[float, float] | None:
    """95 % interval of the accuracy among validation images of like top probability.

    Returns
    -------
    (float, float) or None
        None when no validation image was like it.
    """
    for one in bins:
        if one.low <= probability < one.high or probability == one.high == 1:
            return wilson_interval(one.correct, one.count) if one.count else None
    return None


def operating_points(
    predicted: DoubleArray, labels: IndexArray, classes: Sequence[str]
) -> dict[str, OperatingPoint]:
    """Threshold of each class with the highest sensitivity + specificity (Youden, 1950).

    Parameters
    ----------
    predicted : float64, (n, classes), [0, 1]
    labels : int, (n,)

    Returns
    -------
    dict
        Without classes that all images or none belong to.
    """
    points = {}
    for index, name in enumerate(classes):
        positive = np.asarray(labels) == index
        if positive.any() and not positive.all():
            points[name] = _youden(predicted[:, index], positive)
    return points


def _youden(predicted: DoubleArray, positive: NDArray[np.bool_]) -> OperatingPoint:
    thresholds = np.unique(predicted)
    # Called at or above a threshold: everything but what is sorted before it.
    hits = positive.sum() - np.searchsorted(np.sort(predicted[positive]), thresholds)
    false_alarms = (~positive).sum() - np.searchsorted(np.sort(predicted[~positive]), thresholds)
    sensitivity = hits / positive.sum()
    specificity = 1 - false_alarms / (~positive).sum()
    best = int((sensitivity + specificity).argmax())
    below = thresholds[best - 1] if best else 0.0
    return OperatingPoint(
        # Between the neighbours: on the value itself, rounding would decide.
        threshold=float((thresholds[best] + below) / 2),
        sensitivity=float(sensitivity[best]),
        specificity=float(specificity[best]),
        positive_predictive_value=float(hits[best] / (hits[best] + false_alarms[best])),
        calls=int(hits[best] + false_alarms[best]),
    )


def _top(predicted: DoubleArray, labels: IndexArray) -> tuple[DoubleArray, DoubleArray]:
    """Probability of each decision, and 1 where it is right."""
    right = predicted.argmax(axis=1) == np.asarray(labels)
    return predicted.max(axis=1), right.astype(np.float64)
