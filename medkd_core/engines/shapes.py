"""The arrays that an engine takes, checked before a network library sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from medkd_core.engines.protocol import FloatArray
from medkd_core.errors import EngineError

if TYPE_CHECKING:
    from torch import Tensor

Batch = TypeVar("Batch", FloatArray, "Tensor")


@dataclass(frozen=True, slots=True)
class Masking:
    """Arguments of ``Engine.masked_logits`` as float32, with the axes of a batch.

    Attributes
    ----------
    images : float32, (n, 3, H, W)
    masks : float32, (m, 1, h, w)
    rows, columns : float32, (H, h) and (W, w)
    baselines : float32, (n, 3, 1, 1) or (n, 3, H, W), or one for all images
    owners : intp, (m,)
        Which image each mask belongs to.
    """

    images: FloatArray
    masks: FloatArray
    rows: FloatArray
    columns: FloatArray
    baselines: FloatArray
    owners: NDArray[np.intp]

    def owned(self, part: slice, of_images: Batch) -> Batch:
        """Those of one array (n or 1, ...) that belong to a part of the masks; 1 serves all."""
        return of_images if len(of_images) == 1 else of_images[self.owners[part]]


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
    owners: NDArray[np.intp] | None,
    input_shape: tuple[int, int],
) -> Masking:
    """Arguments of ``Engine.masked_logits``, checked against each other and the input's shape.

    Raises
    ------
    EngineError
        One of them has a shape that does not fit, or there are no masks.
    """
    height, width = input_shape
    images = image[np.newaxis] if owners is None else image
    if images.ndim != 4 or images.shape[1:] != (3, height, width) or not len(images):
        raise _misfit("image", image, (3, height, width))
    if masks.ndim != 3 or not len(masks):
        raise _misfit("masks", masks, ("m", "h", "w"))
    for name, matrix, shape in (
        ("rows", rows, (height, masks.shape[1])),
        ("columns", columns, (width, masks.shape[2])),
    ):
        if matrix.shape != shape:
            raise _misfit(name, matrix, shape)
    baselines = baseline[np.newaxis] if baseline.ndim == 3 else baseline
    fitting = baselines.shape[1:] in {(3, 1, 1), (3, height, width)}
    if not fitting or len(baselines) not in {1, len(images)}:
        raise _misfit("baseline", baseline, (3, height, width))
    owned = np.zeros(len(masks), np.intp) if owners is None else owners
    if owned.shape != (len(masks),) or not 0 <= owned.min() <= owned.max() < len(images):
        raise _misfit("owners", owned, ("m",))
    images, masks, rows, columns, baselines = (
        np.require(array, np.float32, ["C", "W"])
        for array in (images, masks, rows, columns, baselines)
    )
    return Masking(images, masks[:, np.newaxis], rows, columns, baselines, owned)


def _misfit(name: str, array: NDArray[np.generic], wanted: tuple[int | str, ...]) -> EngineError:
    return EngineError(
        f"Cannot run the network on {name} of shape {array.shape}",
        because=f"it takes ({', '.join(map(str, wanted))})",
    )
