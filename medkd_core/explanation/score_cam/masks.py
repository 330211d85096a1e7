"""What the image is seen through: every channel of the target layer, normalised; like ones once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medkd_core.explanation.interpolation import interpolation_matrices
from medkd_core.explanation.score_cam.dialects import Dialect

FloatArray = NDArray[np.float32]

CHANNELS_AT_ONCE = 64
NO_MASK = -1


@dataclass(frozen=True, slots=True)
class ChannelMasks:
    """The masks of one image.

    Attributes
    ----------
    distinct : float32, (m, h, w)
        Low-resolution masks, no two alike; up-sampled they run from 0 to 1.
    member : intp, (channels,)
        Which mask stands for each channel; `NO_MASK` for a channel that is the same everywhere,
        whose mask would be 0 and show nothing but the baseline.
    rows, columns : float32, (H, h) and (W, w)
        A full-size mask is ``rows @ mask @ columns.T``.
    """

    distinct: FloatArray
    member: NDArray[np.intp]
    rows: FloatArray
    columns: FloatArray


def channel_masks(
    activations: FloatArray, input_shape: tuple[int, int], rules: Dialect
) -> ChannelMasks:
    """Make the masks of a target layer's output.

    Parameters
    ----------
    activations : float32 or float64, (channels, h, w)
    input_shape : (int, int)
        Height and width (H, W) of the network's input.
    rules : Dialect

    Returns
    -------
    ChannelMasks
        In the precision of the activations.
    """
    rows, columns = interpolation_matrices(
        input_shape, activations.shape[1:], align_corners=rules.align_corners
    )
    rows, columns = rows.astype(activations.dtype), columns.astype(activations.dtype)
    varying = np.flatnonzero(np.ptp(activations, axis=(1, 2)) > 0)
    masks = _normalised(activations[varying], rows, columns)
    flat, place = np.unique(_flat(masks), axis=0, return_inverse=True)
    member = np.full(len(activations), NO_MASK, np.intp)
    member[varying] = place.reshape(-1)
    return ChannelMasks(flat.reshape(-1, *activations.shape[1:]), member, rows, columns)


def _normalised(activations: FloatArray, rows: FloatArray, columns: FloatArray) -> FloatArray:
    """Low-resolution masks (m, h, w) whose up-sampled values run from 0 to 1.

    Interpolation weights sum to 1, so that normalising after up-sampling is the same as rescaling
    before it.
    """
    low = np.empty(len(activations), np.float64)
    high = np.empty(len(activations), np.float64)
    for start in range(0, len(activations), CHANNELS_AT_ONCE):
        part = slice(start, start + CHANNELS_AT_ONCE)
        full = rows @ activations[part] @ columns.T
        low[part], high[part] = full.min(axis=(1, 2)), full.max(axis=(1, 2))
    span = np.maximum(high - low, np.finfo(np.float32).tiny)
    masks = (activations - low[:, None, None]) / span[:, None, None]
    return np.asarray(masks, activations.dtype)


def _flat(masks: FloatArray) -> FloatArray:
    channels, height, width = masks.shape
    return masks.reshape(channels, height * width)
