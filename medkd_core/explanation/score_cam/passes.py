"""The costly part of Score-CAM: what the network says of the image seen through each mask."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
        Of the image seen through each distinct mask; foretold or 0 where it was not shown.
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
    """Show a network the whole image (3, H, W); see `looks`."""
    return looks(engine, image[np.newaxis], baseline)[0]


def looks(engine: Engine, images: FloatArray, baselines: FloatArray | None = None) -> list[Look]:
    """Show a network whole images.

    Parameters
    ----------
    engine : Engine
    images : float32, (n, 3, H, W)
        In the network's normalised units.
    baselines : float32, (3, 1, 1) or (3, H, W), or one of these for each image, optional
        What will be seen where a mask is 0; the training mean (0) when left out.

    Raises
    ------
    ExplanationError
        Images of the wrong shape, values that are not finite, or a layer without maps.
    """
    wanted = (3, *engine.input_shape)
    if images.ndim != 4 or images.shape[1:] != wanted or not len(images):
        raise no_map(f"the image is {images.shape[1:]}, the network takes {wanted}")
    if baselines is None:
        baselines = np.zeros((3, 1, 1), images.dtype)
    grounds = baselines[np.newaxis] if baselines.ndim == 3 else baselines
    if not (np.isfinite(images).all() and np.isfinite(grounds).all()):
        raise no_map("the image has values that are not finite numbers")
    hidden = np.broadcast_to(grounds, (len(grounds), *wanted))
    logits, features = engine.logits_and_features(np.concatenate([images, hidden]))
    if features.ndim != 4 or 0 in features.shape:
        raise no_map(f"the target layer's output {features.shape} has no channels of maps")
    if not (np.isfinite(logits).all() and np.isfinite(features).all()):
        raise no_map("the network answers with values that are not finite numbers")
    count = len(images)
    of_grounds = np.broadcast_to(logits[count:], (count, logits.shape[1]))
    grounds = np.broadcast_to(grounds, (count, *grounds.shape[1:]))
    return [
        Look(*parts)
        for parts in zip(images, grounds, logits[:count], of_grounds, features[:count], strict=True)
    ]


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


def show_all(
    engine: Engine,
    seen: Sequence[Look],
    masks: Sequence[ChannelMasks],
    chunk_done: Callable[[int], None] | None = None,
) -> list[MaskedScores]:
    """Show a network several images, each through all of its masks; they share batches.

    Parameters
    ----------
    engine : Engine
    seen : sequence of Look
    masks : sequence of ChannelMasks
        Of the same images in the same order.
    chunk_done : callable, optional
        See `show_masks`; counts the masked images of all.

    Raises
    ------
    ExplanationError
        The network answers with values that are not finite.
    """
    counts = [len(of_image.distinct) for of_image in masks]
    logits = np.zeros((0, len(seen[0].logits)), seen[0].logits.dtype)
    if sum(counts):
        logits = engine.masked_logits(
            np.stack([one.image for one in seen]),
            np.concatenate([of_image.distinct for of_image in masks]),
            masks[0].rows,
            masks[0].columns,
            np.stack([one.baseline for one in seen]),
            chunk_done,
            np.repeat(np.arange(len(seen)), counts),
        )
    if not np.isfinite(logits).all():
        raise no_map("the network answers masked images with values that are not finite numbers")
    parts = np.split(logits, np.cumsum(counts)[:-1])
    return [
        MaskedScores(one, of_image, part, np.ones(len(part), np.bool_))
        for one, of_image, part in zip(seen, masks, parts, strict=True)
    ]


def no_map(because: str) -> ExplanationError:
    """The error that no map can be made, with its reason."""
    return ExplanationError("Cannot compute a Score-CAM map", because=because)
