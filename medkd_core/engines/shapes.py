"""The arrays that an engine takes, checked before a network library sees them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medkd_core.engines.protocol import FloatArray
from medkd_core.errors import EngineError


@dataclass(frozen=True, slots=True)
class Masking:
    """Arguments of ``Engine.masked_logits`` as float32, with the axes of a batch.

    Attributes
    ----------
    image : float32, (1, 3, H, W)
    masks : float32, (m, 1, h, w)
    rows, columns : float32, (H, h) and (W, w)
    baseline : float32, (1, 3, 1, 1) or (1, 3, H, W)
    """

    image: FloatArray
    masks: FloatArray
    rows: FloatArray
    columns: FloatArray
    baseline: FloatArray


def as_inputs(inputs: FloatArray, input_shape: tuple[int, int]) -> FloatArray:
    """Inputs (n, 3, H, W) as contiguous float32.

    Raises
    ------
    EngineError
        They have another shape, or there are none.
    """
    if inputs.ndim != 4 or inputs.shape[1:] != (3, *input_shape) or not len(inputs):
        raise _misfit("inputs", inputs, ("n", 3, *input_shape))
    # Writeable: torch warns of arrays in shared memory that are not.
    return np.require(inputs, np.float32, ["C", "W"])


def as_masking(
    image: FloatArray,
    masks: FloatArray,
    rows: FloatArray,
    columns: FloatArray,
    baseline: FloatArray,
    input_shape: tuple[int, int],
) -> Masking:
    """Arguments of ``Engine.masked_logits``, checked against each other and the input's shape.

    Raises
    ------
    EngineError
        One of them has a shape that does not fit, or there are no masks.
    """
    height, width = input_shape
    if image.shape != (3, height, width):
        raise _misfit("image", image, (3, height, width))
    if masks.ndim != 3 or not len(masks):
        raise _misfit("masks", masks, ("m", "h", "w"))
    for name, matrix, shape in (
        ("rows", rows, (height, masks.shape[1])),
        ("columns", columns, (width, masks.shape[2])),
    ):
        if matrix.shape != shape:
            raise _misfit(name, matrix, shape)
    if baseline.shape not in {(3, 1, 1), (3, height, width)}:
        raise _misfit("baseline", baseline, (3, height, width))
    image, masks, rows, columns, baseline = (
        np.require(array, np.float32, ["C", "W"])
        for array in (image, masks, rows, columns, baseline)
    )
    return Masking(image[None], masks[:, None], rows, columns, baseline[None])


def _misfit(name: str, array: FloatArray, wanted: tuple[int | str, ...]) -> EngineError:
    return EngineError(
        f"Cannot run the network on {name} of shape {array.shape}",
        because=f"it takes ({', '.join(map(str, wanted))})",
    )
