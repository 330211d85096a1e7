"""What everything that predicts or explains may ask of a network, however it is run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

ChunkDone = Callable[[int], None]
"""Called with the number of masked images finished so far, now and then also while that number
stays; may raise `OperationCancelled`."""


class Engine(Protocol):
    """A network on a device, seen as functions of float32 arrays.

    Inputs are ``(n, 3, H, W)`` in the network's own normalised units (see `InputRecipe`).
    """

    @property
    def device(self) -> str:
        """Where it computes, in words: ``"CPU, 2 threads"``, ``"NVIDIA H100 (cuda:0)"``."""
        ...

    @property
    def input_shape(self) -> tuple[int, int]:
        """Height and width (H, W) of an input."""
        ...

    def logits(self, inputs: FloatArray) -> FloatArray:
        """(n, 3, H, W) -> (n, classes)."""
        ...

    def logits_and_features(self, inputs: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(n, 3, H, W) -> (n, classes) and the target layer's output (n, channels, h, w)."""
        ...

    def embeddings(self, inputs: FloatArray) -> FloatArray:
        """(n, 3, H, W) -> (n, d), what the classifier sees."""
        ...

    def masked_logits(
        self,
        image: FloatArray,
        masks: FloatArray,
        rows: FloatArray,
        columns: FloatArray,
        baseline: FloatArray,
        chunk_done: ChunkDone | None = None,
        owners: NDArray[np.intp] | None = None,
    ) -> FloatArray:
        """Logits of the image, or of several, seen through each mask.

        Parameters
        ----------
        image : float32, (3, H, W); with `owners` (n, 3, H, W)
        masks : float32, (m, h, w)
            Low-resolution masks; not limited to [0, 1].
        rows, columns : float32, (H, h) and (W, w)
            Interpolation matrices: a full-size mask is ``rows @ mask @ columns.T``.
        baseline : float32, (3, 1, 1) or (3, H, W); with `owners` also one for each image
            What is seen where the mask is 0.
        chunk_done : callable, optional
            Called between chunks; an exception it raises ends the work.
        owners : intp, (m,), optional
            Which of several images each mask belongs to: they share batches.

        Returns
        -------
        float32, (m, classes)
            Logits of ``baseline + (image - baseline) * mask``.
        """
        ...
