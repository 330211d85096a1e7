"""The cheap part of Score-CAM: the map of any class from the scores of the masked images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from medkd_core.explanation.interpolation import interpolation_matrices
from medkd_core.explanation.score_cam.dialects import Dialect
from medkd_core.explanation.score_cam.masks import NO_MASK
from medkd_core.explanation.score_cam.passes import MaskedScores

FloatArray = NDArray[np.float32]

ROUNDING = 1e-7
"""Relative differences of evidence that float32 activations cannot tell from none."""


@dataclass(frozen=True, slots=True)
class ClassMap:
    """The map of one class.

    Attributes
    ----------
    native : float32, (h, w), [0, 1]
    input_map : float32, (H, W), [0, 1]
    empty : bool
        There is nothing to show; both are all 0.
    """

    native: FloatArray
    input_map: FloatArray
    empty: bool


def class_map(scores: MaskedScores, class_index: int, rules: Dialect) -> ClassMap:
    """The map of a class.

    Parameters
    ----------
    scores : MaskedScores
        Every mask that stands for a channel was shown.
    class_index : int
        Of a class that the network has.
    rules : Dialect
        One that makes the same masks as the one they were shown for.
    """
    weights = channel_weights(scores, class_index, rules)
    return weighted_map(scores.look.activations, weights, scores.look.image.shape[1:])


def channel_weights(scores: MaskedScores, class_index: int, rules: Dialect) -> NDArray[np.float64]:
    """Weight (channels,) of each channel."""
    answers = scores.of_channels.astype(np.float64)
    if rules.score == "probability":
        answers = softmax(answers, axis=1)
    weights = answers[:, class_index]
    if rules.skip_constant:
        weights = np.where(scores.masks.member == NO_MASK, 0, weights)
    return softmax(weights) if rules.channel_softmax else weights


def weighted_map(
    activations: FloatArray, weights: NDArray[np.float64], input_shape: tuple[int, ...]
) -> ClassMap:
    """The positive part of a weighted sum of channels, from its lowest value to its highest.

    Parameters
    ----------
    activations : float, (channels, h, w)
    weights : float64, (channels,)
    input_shape : (int, int)
        Height and width (H, W) of the network's input.
    """
    evidence = np.maximum(np.tensordot(weights, activations.astype(np.float64), axes=1), 0)
    lowest, span = evidence.min(), np.ptp(evidence)
    height, width = input_shape
    if span <= ROUNDING * evidence.max():
        return ClassMap(
            np.zeros(evidence.shape, np.float32), np.zeros((height, width), np.float32), True
        )
    native = (evidence - lowest) / span
    rows, columns = interpolation_matrices((height, width), native.shape, align_corners=False)
    full = rows @ native @ columns.T
    full = (full - full.min()) / np.ptp(full)
    return ClassMap(native.astype(np.float32), full.astype(np.float32), False)
