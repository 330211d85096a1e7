"""Where teachers look: their preview maps of the plain images, changed as the images are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from medkd_core.datasets.augmentation import AugmentationKind, warp_maps
from medkd_core.distillation.data import Batch
from medkd_core.distillation.signals.looking import MAP
from medkd_core.distillation.signals.rows import StoredRows


class TeacherMaps:
    """Maps of all training images, one set for each teacher.

    Parameters
    ----------
    stored : sequence of StoredRows
        Whole, each with a field ``map``, float16, (h, w), [0, 1]: of the plain image, for the class
        of its label; all 0 where there is no map.
    seed : int
        That augments the images, see `view_seed`.
    kind : {"film", "tissue"} or None
        How they are augmented.
    device : torch.device
    """

    def __init__(
        self,
        stored: Sequence[StoredRows],
        seed: int,
        kind: AugmentationKind | None,
        device: torch.device,
    ) -> None:
        self._stored = stored  # kept, for what is mapped must not be removed
        self._maps = [rows.mapped()[MAP] for rows in stored]
        self._seed = seed
        self._kind = kind
        self._device = device

    def of(self, batch: Batch) -> list[Tensor]:
        """Each teacher's maps in the geometry of a batch, float32, (batch, h, w), [0, 1]."""
        indices = np.asarray(batch.indices)
        return [
            self._warped(maps[indices].astype(np.float32), indices, batch) for maps in self._maps
        ]

    def _warped(
        self, maps: NDArray[np.float32], indices: NDArray[np.int64], batch: Batch
    ) -> Tensor:
        if self._kind is not None:
            maps = warp_maps(maps, indices.tolist(), batch.view, self._seed, self._kind)
        return torch.from_numpy(maps).to(self._device)
