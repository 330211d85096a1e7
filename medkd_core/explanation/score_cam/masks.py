"""What the image is seen through: every channel of the target layer, normalised; like ones once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medkd_core.explanation.interpolation import interpolation_matrices
from medkd_core.explanation.score_cam.dialects import Dialect, MaskRules

FloatArray = NDArray[np.float32]

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
        input_shape,
        activations.shape[1:],
        align_corners=rules.masks.align_corners,
        dtype=activations.dtype,
    )
    varying = np.flatnonzero(np.ptp(activations, axis=(1, 2)) > 0)
    masks = _normalised(activations[varying], rows, columns, rules.masks)
    flat, place = np.unique(_flat(masks), axis=0, return_inverse=True)
    member = np.full(len(activations), NO_MASK, np.intp)
    member[varying] = place.reshape(-1)
    return ChannelMasks(flat.reshape(-1, *activations.shape[1:]), member, rows, columns)


def _normalised(
    activations: FloatArray, rows: FloatArray, columns: FloatArray, rules: MaskRules
) -> FloatArray:
    """Low-resolution masks (m, h, w) whose up-sampled values run from 0 to 1.

    Interpolation weights sum to 1, so that normalising after up-sampling is the same as rescaling
    before it.
    """
    seen = activations
    if rules.extremes == "input":
        at_turns = rows[_turns(rows)] @ activations @ columns[_turns(columns)].T
        seen = np.asarray(at_turns, activations.dtype)
    low, high = (
        ends(axis=(1, 2), keepdims=True).astype(np.float64) for ends in (seen.min, seen.max)
    )
    masks = (activations - low) / (high - low + rules.epsilon)
    return np.asarray(masks, activations.dtype)


def _turns(matrix: FloatArray) -> NDArray[np.bool_]:
    """Which of the up-sampled positions (n,) can hold an extreme: next to a cell's value.

    Between two neighbouring values the interpolation is linear, so that its extremes are at the
    first and the last position there.
    """
    interval = (matrix > 0).argmax(axis=1)
    steps = np.diff(interval) != 0
    return np.concatenate([[True], steps]) | np.concatenate([steps, [True]])


def _flat(masks: FloatArray) -> FloatArray:
    channels, height, width = masks.shape
    return masks.reshape(channels, height * width)
