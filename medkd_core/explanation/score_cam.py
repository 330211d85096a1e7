"""Score-CAM: where a network looked, found by showing it the image through its own activations.

For each channel A_k of the target layer the image is seen through the up-sampled, normalised
activation; the score S_k of the explained class weighs the channel in ``ReLU(sum_k S_k A_k)``
(Wang et al., 2020, arXiv:1910.01279). No gradients: any `Engine` will do.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from medkd_core.engines.protocol import Engine
from medkd_core.errors import ExplanationError, OperationCancelled
from medkd_core.explanation.dialects import DEFAULT_DIALECT, Dialect
from medkd_core.explanation.dialects import dialect as named_dialect
from medkd_core.explanation.interpolation import interpolation_matrices
from medkd_core.explanation.mask_clusters import cluster_masks

FloatArray = NDArray[np.float32]

PREVIEW_FORWARDS = 32
CHANNELS_AT_ONCE = 64
ROUNDING = 1e-7
"""Relative differences of evidence that float32 activations cannot tell from none."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A finished map.

    Attributes
    ----------
    native : float32, (h, w) of the target layer, [0, 1]
    class_index : int
    dialect : str
    exact : bool
        False: channels with like masks were given one common score.
    forwards : int
        Masked images that the network saw.
    seconds : float
        Wall time.
    logits : float32, (classes,)
        Of the whole image.
    empty : bool
        No place speaks for the class more than another: `native` is all 0, and there is no map.
    """

    native: FloatArray
    class_index: int
    dialect: str
    exact: bool
    forwards: int
    seconds: float
    logits: FloatArray
    empty: bool


def score_cam(
    engine: Engine,
    image: FloatArray,
    class_index: int,
    *,
    dialect: str = DEFAULT_DIALECT,
    preview: bool = False,
    baseline: FloatArray | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Explanation:
    """Compute the Score-CAM map of one image and one class.

    Parameters
    ----------
    engine : Engine
    image : float32, (3, H, W)
        In the network's normalised units.
    class_index : int
    dialect : str
        See `dialects`.
    preview : bool
        Show at most 32 masks: k-means centres of the channels' masks, whose scores their members
        share.
    baseline : float32, (3, 1, 1) or (3, H, W), optional
        What is seen where a mask is 0; the training mean (0) when left out.
    progress : callable, optional
        Called with the masked images finished and their total.
    cancelled : callable, optional
        Asked between chunks; True ends the work.

    Raises
    ------
    ExplanationError
        No such dialect or class, an image of the wrong shape, or values that are not finite.
    OperationCancelled
        `cancelled` said so.
    """
    began = time.perf_counter()
    rules = named_dialect(dialect)
    logits, activations = _look(engine, image, class_index)
    matrices = interpolation_matrices(
        engine.input_shape, activations.shape[1:], align_corners=rules.align_corners
    )
    kept = activations[_kept_channels(activations, rules)]
    masks, member, exact = _masks_to_show(_normalised(kept, *matrices), preview)
    ground = np.zeros((3, 1, 1), np.float32) if baseline is None else baseline
    report = _reporter(len(masks), progress, cancelled)
    scores = np.empty((0, len(logits)), np.float32)
    if len(masks):
        scores = engine.masked_logits(image, masks, *matrices, ground, report)
    native, empty = _map(kept, _weights(scores, member, class_index, rules))
    return Explanation(
        native=native,
        class_index=class_index,
        dialect=rules.name,
        exact=exact,
        forwards=len(masks),
        seconds=time.perf_counter() - began,
        logits=logits,
        empty=empty,
    )


def _look(engine: Engine, image: FloatArray, class_index: int) -> tuple[FloatArray, FloatArray]:
    """Logits (classes,) and activations (channels, h, w) of the whole image, checked."""
    if image.shape != (3, *engine.input_shape):
        raise _no_map(f"the image is {image.shape}, the network takes {(3, *engine.input_shape)}")
    if not np.isfinite(image).all():
        raise _no_map("the image has values that are not finite numbers")
    logits, features = engine.logits_and_features(image[None])
    if not 0 <= class_index < logits.shape[1]:
        raise _no_map(f"there is no class {class_index}, only 0 to {logits.shape[1] - 1}")
    if features.ndim != 4 or 0 in features.shape:
        raise _no_map(f"the target layer's output {features.shape} has no channels of maps")
    if not (np.isfinite(logits).all() and np.isfinite(features).all()):
        raise _no_map("the network answers with values that are not finite numbers")
    return logits[0], features[0]


def _no_map(because: str) -> ExplanationError:
    return ExplanationError("Cannot compute a Score-CAM map", because=because)


def _kept_channels(activations: FloatArray, rules: Dialect) -> NDArray[np.intp]:
    if not rules.skip_constant:
        return np.arange(len(activations))
    return np.flatnonzero(np.ptp(activations, axis=(1, 2)) > 0)


def _normalised(activations: FloatArray, rows: FloatArray, columns: FloatArray) -> FloatArray:
    """Low-resolution masks (m, h, w) whose up-sampled values run from 0 to 1.

    Interpolation weights sum to 1, so that normalising after up-sampling is the same as rescaling
    before it. A constant channel gives a mask of 0.
    """
    low = np.empty(len(activations), np.float64)
    high = np.empty(len(activations), np.float64)
    for start in range(0, len(activations), CHANNELS_AT_ONCE):
        part = slice(start, start + CHANNELS_AT_ONCE)
        full = rows @ activations[part] @ columns.T
        low[part], high[part] = full.min(axis=(1, 2)), full.max(axis=(1, 2))
    constant = np.ptp(activations, axis=(1, 2)) == 0
    span = np.where(constant, 1.0, np.maximum(high - low, np.finfo(np.float32).tiny))
    masks = (activations - low[:, None, None]) / span[:, None, None]
    masks[constant] = 0
    return masks.astype(np.float32)


def _masks_to_show(masks: FloatArray, preview: bool) -> tuple[FloatArray, NDArray[np.intp], bool]:
    """Masks without repetitions, which of them stands for each channel, and whether exactly."""
    channels, height, width = masks.shape
    flat, member = np.unique(masks.reshape(channels, height * width), axis=0, return_inverse=True)
    distinct = flat.reshape(-1, height, width)
    if not preview or len(distinct) <= PREVIEW_FORWARDS:
        return distinct, member.reshape(-1), True
    centres, cluster = cluster_masks(distinct, PREVIEW_FORWARDS)
    return centres, cluster[member.reshape(-1)], False


def _reporter(
    total: int, progress: Callable[[int, int], None] | None, cancelled: Callable[[], bool] | None
) -> Callable[[int], None]:
    def report(done: int) -> None:
        if cancelled is not None and cancelled():
            raise OperationCancelled
        if progress is not None:
            progress(done, total)

    report(0)
    return report


def _weights(
    masked: FloatArray, member: NDArray[np.intp], class_index: int, rules: Dialect
) -> NDArray[np.float64]:
    """Weight (channels,) of each channel, from the logits (m, classes) of the masked images."""
    if not np.isfinite(masked).all():
        raise _no_map("the network answers masked images with values that are not finite numbers")
    scores = masked.astype(np.float64)
    if rules.score == "probability":
        scores = softmax(scores, axis=1)
    weights = scores[member, class_index]
    return softmax(weights) if rules.channel_softmax else weights


def _map(activations: FloatArray, weights: NDArray[np.float64]) -> tuple[FloatArray, bool]:
    """The map (h, w) in [0, 1], and whether there is nothing to show."""
    evidence = np.maximum(np.tensordot(weights, activations.astype(np.float64), axes=1), 0)
    lowest, span = evidence.min(), np.ptp(evidence)
    if span <= ROUNDING * evidence.max():
        return np.zeros(evidence.shape, np.float32), True
    return ((evidence - lowest) / span).astype(np.float32), False
