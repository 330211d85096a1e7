"""The cheap part of Score-CAM: the map of any class from the scores of the masked images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from medkd_core.explanation.interpolation import interpolation_matrices
from medkd_core.explanation.score_cam.dialects import DEFAULT_DIALECT, DIALECTS, Dialect
from medkd_core.explanation.score_cam.masks import NO_MASK
from medkd_core.explanation.score_cam.passes import MaskedScores

FloatArray = NDArray[np.float32]

ROUNDING = 1e-7
"""Relative differences of evidence or scores that float32 cannot tell from none."""

_TINY = float(np.finfo(np.float64).tiny)


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
        With an answer, given or foretold, for every mask that stands for a channel.
    class_index : int
        Of a class that the network has.
    rules : Dialect
        One whose mask rules are those of the scores.
    """
    input_shape = scores.look.image.shape[1:]
    if not _depends_on_masks(class_scores(scores, class_index, rules)):
        return _nothing(scores.look.activations, input_shape)
    weights = channel_weights(scores, class_index, rules)
    return weighted_map(scores.look.activations, weights, input_shape, rules)


def class_scores(scores: MaskedScores, class_index: int, rules: Dialect) -> NDArray[np.float64]:
    """What the network says of a class, in the dialect's terms.

    Returns
    -------
    float64, (channels + 1,)
        For the image seen through each channel's mask, and for the baseline.
    """
    seen = np.concatenate([scores.of_channels, scores.look.baseline_logits[None]])
    answers = seen.astype(np.float64)
    if rules.score == "probability":
        answers = softmax(answers, axis=1)
    return np.asarray(answers[:, class_index])


def channel_weights(scores: MaskedScores, class_index: int, rules: Dialect) -> NDArray[np.float64]:
    """Weight (channels,) of each channel in the map of a class."""
    weights = class_scores(scores, class_index, rules)[:-1]
    if rules.skip_constant:
        weights = np.where(scores.masks.member == NO_MASK, 0, weights)
    return softmax(weights) if rules.channel_softmax else weights


def weighted_map(
    activations: NDArray[np.floating],
    weights: NDArray[np.float64],
    input_shape: tuple[int, ...],
    rules: Dialect = DIALECTS[DEFAULT_DIALECT],
) -> ClassMap:
    """The positive part of a weighted sum of channels, from its lowest value to its highest.

    Parameters
    ----------
    activations : float, (channels, h, w)
    weights : float64, (channels,)
    input_shape : (int, int)
        Height and width (H, W) of the network's input.
    rules : Dialect
        In which order the steps are taken on the way to the input's resolution.

    Returns
    -------
    ClassMap
        In the precision of the activations.
    """
    evidence = np.tensordot(weights, activations.astype(np.float64), axes=1)
    positive = np.maximum(evidence, 0)
    full = _at_input(evidence, input_shape, rules)
    if min(np.ptp(positive) / max(positive.max(), _TINY), np.ptp(full)) <= ROUNDING:
        return _nothing(activations, input_shape)
    native = _unit(positive, rules.epsilon)
    return ClassMap(native.astype(activations.dtype), full.astype(activations.dtype), empty=False)


def _at_input(
    evidence: NDArray[np.float64], input_shape: tuple[int, ...], rules: Dialect
) -> NDArray[np.float64]:
    height, width = input_shape
    rows, columns = interpolation_matrices(
        (height, width), evidence.shape, align_corners=False, dtype=np.float64
    )
    values = np.asarray(np.maximum(evidence, 0) if rules.relu == "layer" else evidence)
    if "layer" in rules.normalised:
        values = _unit(values, rules.epsilon)
    values = np.asarray(rows @ values @ columns.T)
    if rules.relu == "input":
        values = np.asarray(np.maximum(values, 0))
    return _unit(values, rules.epsilon) if "input" in rules.normalised else values


def _unit(values: NDArray[np.float64], epsilon: float) -> NDArray[np.float64]:
    above = values - values.min()
    return np.asarray(above / max(above.max() + epsilon, _TINY))


def _depends_on_masks(scores: NDArray[np.float64]) -> bool:
    return bool(np.ptp(scores) > ROUNDING * np.abs(scores).max())


def _nothing(activations: NDArray[np.floating], input_shape: tuple[int, ...]) -> ClassMap:
    native, full = (
        np.zeros(shape, activations.dtype) for shape in (activations.shape[1:], input_shape)
    )
    return ClassMap(native, full, empty=True)
