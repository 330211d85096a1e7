"""Teachers that were asked before the first step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from medkd_core.distillation.data import Batch
from medkd_core.distillation.losses.objective import TeacherFacts
from medkd_core.distillation.signals.asking import FEATURES, LOGITS
from medkd_core.distillation.signals.maps import TeacherMaps
from medkd_core.distillation.signals.rows import Rows, StoredRows
from medkd_core.distillation.signals.signal import Signal
from medkd_core.imaging.recipe import InputRecipe


class RememberedTeachers:
    """Answers that are looked up: a step costs hardly more than one without teachers.

    Parameters
    ----------
    facts : sequence of TeacherFacts
    recipes : sequence of InputRecipe
    answers : sequence of sequence of StoredRows
        For each teacher those of each view, all of them whole.
    device : torch.device
        Where signals are wanted.
    maps : TeacherMaps, optional
        Signals have no maps when left out.
    """

    def __init__(
        self,
        facts: Sequence[TeacherFacts],
        recipes: Sequence[InputRecipe],
        answers: Sequence[Sequence[StoredRows]],
        device: torch.device,
        maps: TeacherMaps | None = None,
    ) -> None:
        self._facts = facts
        self._recipes = recipes
        self._answers = answers  # kept, for what is mapped must not be removed
        self._rows = [[view.mapped() for view in views] for views in answers]
        self._device = device
        self._maps = maps

    @property
    def facts(self) -> list[TeacherFacts]:
        """Of each teacher, in the order of the specification."""
        return list(self._facts)

    @property
    def recipes(self) -> list[InputRecipe]:
        """What each teacher wanted to see."""
        return list(self._recipes)

    def of(self, batch: Batch) -> list[Signal]:
        """What each teacher said of a batch, on the device; only the batch's rows are read."""
        indices = np.asarray(batch.indices)
        maps = self._maps.of(batch) if self._maps else [None] * len(self._rows)
        return [
            self._signal(views[batch.view][indices], own_maps)
            for views, own_maps in zip(self._rows, maps, strict=True)
        ]

    def _signal(self, rows: Rows, maps: torch.Tensor | None) -> Signal:
        has_features = FEATURES in (rows.dtype.names or ())
        features = self._on_device(rows[FEATURES]) if has_features else None
        return Signal(self._on_device(rows[LOGITS]), features, maps)

    def _on_device(self, values: NDArray[np.float32]) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(self._device)
