"""The costly part of Score-CAM: what the network says of the image seen through each mask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medkd_core.engines.protocol import Engine
from medkd_core.errors import ExplanationError
from medkd_core.explanation.score_cam.masks import ChannelMasks

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Look:
    """What a network says of an image that nothing hides, and of one that is hidden altogether.

    Attributes
    ----------
    image : float32, (3, H, W)
    baseline : float32, (3, 1, 1) or (3, H, W)
        What is seen where a mask is 0.
    logits, baseline_logits : float32, (classes,)
        Of the image and of the baseline.
    activations : float32, (channels, h, w)
        The target layer's output for the image.
    """

    image: FloatArray
    baseline: FloatArray
    logits: FloatArray
    baseline_logits: FloatArray
    activations: FloatArray


@dataclass(frozen=True, slots=True)
class MaskedScores:
    """All that is needed for the map of any class.

    Attributes
    ----------
    look : Look
    masks : ChannelMasks
    logits : float32, (m, classes)
        Of the image seen through each distinct mask; 0 where it was not shown.
    shown : bool, (m,)
        Which masks the network really saw.
    """

    look: Look
    masks: ChannelMasks
    logits: FloatArray
    shown: NDArray[np.bool_]

    @property
    def of_channels(self) -> FloatArray:
        """Logits (channels, classes); a channel without a mask has those of the baseline."""
        table = np.concatenate([self.logits, self.look.baseline_logits[None]])
        return np.asarray(table[self.masks.member])


def look(engine: Engine, image: FloatArray, baseline: FloatArray | None = None) -> Look:
    """Show a network the whole image.

    Parameters
    ----------
    engine : Engine
    image : float32, (3, H, W)
        In the network's normalised units.
    baseline : float32, (3, 1, 1) or (3, H, W), optional
        What will be seen where a mask is 0; the training mean (0) when left out.

    Raises
    ------
    ExplanationError
        An image of the wrong shape, values that are not finite, or a layer without maps.
    """
    if image.shape != (3, *engine.input_shape):
        raise no_map(f"the image is {image.shape}, the network takes {(3, *engine.input_shape)}")
    ground = np.zeros((3, 1, 1), image.dtype) if baseline is None else baseline
    if not (np.isfinite(image).all() and np.isfinite(ground).all()):
        raise no_map("the image has values that are not finite numbers")
    pair = np.stack([image, np.broadcast_to(ground, image.shape)])
    logits, features = engine.logits_and_features(pair)
    if features.ndim != 4 or 0 in features.shape:
        raise no_map(f"the target layer's output {features.shape} has no channels of maps")
    if not (np.isfinite(logits).all() and np.isfinite(features[0]).all()):
        raise no_map("the network answers with values that are not finite numbers")
    return Look(image, ground, logits[0], logits[1], features[0])


def show_masks(
    engine: Engine,
    seen: Look,
    masks: ChannelMasks,
    which: NDArray[np.intp] | None = None,
    chunk_done: Callable[[int], None] | None = None,
) -> MaskedScores:
    """Show a network the image through masks.

    Parameters
    ----------
    engine : Engine
    seen : Look
    masks : ChannelMasks
    which : intp, (k,), optional
        Distinct masks to show; all when left out.
    chunk_done : callable, optional
        Called with the number of masked images finished; may raise to end the work.

    Raises
    ------
    ExplanationError
        The network answers with values that are not finite.
    """
    which = np.arange(len(masks.distinct)) if which is None else which
    logits = np.zeros((len(masks.distinct), len(seen.logits)), seen.logits.dtype)
    shown = np.zeros(len(logits), np.bool_)
    if len(which):
        logits[which] = engine.masked_logits(
            seen.image, masks.distinct[which], masks.rows, masks.columns, seen.baseline, chunk_done
        )
        shown[which] = True
    if not np.isfinite(logits).all():
        raise no_map("the network answers masked images with values that are not finite numbers")
    return MaskedScores(seen, masks, logits, shown)


def no_map(because: str) -> ExplanationError:
    """The error that no map can be made, with its reason."""
    return ExplanationError("Cannot compute a Score-CAM map", because=because)
