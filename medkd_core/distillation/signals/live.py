"""Teachers that are asked about every batch, and what any source of their answers offers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from lightning_fabric import Fabric

from medkd_core.distillation.data import Batch
from medkd_core.distillation.losses.objective import TeacherFacts
from medkd_core.distillation.signals.maps import TeacherMaps
from medkd_core.distillation.signals.signal import Signal
from medkd_core.distillation.signals.teacher import Teacher
from medkd_core.imaging.recipe import InputRecipe


class TeacherSignals(Protocol):
    """Where a step gets its teachers' signals from."""

    @property
    def facts(self) -> list[TeacherFacts]:
        """Of each teacher, in the order of the specification."""
        ...

    @property
    def recipes(self) -> list[InputRecipe]:
        """What each teacher wants to see."""
        ...

    def of(self, batch: Batch) -> list[Signal]:
        """What each teacher says of a batch, on the device, without gradients."""
        ...


class LiveTeachers:
    """Teachers who look at every batch.

    Parameters
    ----------
    teachers : sequence of Teacher
    fabric : Fabric
    features : bool
        Whether signals have pooled features.
    maps : TeacherMaps, optional
        Signals have no maps when left out.
    """

    def __init__(
        self,
        teachers: Sequence[Teacher],
        fabric: Fabric,
        *,
        features: bool = False,
        maps: TeacherMaps | None = None,
    ) -> None:
        self._teachers = teachers
        self._fabric = fabric
        self._features = features
        self._maps = maps

    @property
    def facts(self) -> list[TeacherFacts]:
        """Of each teacher, in the order of the specification."""
        return [teacher.facts for teacher in self._teachers]

    @property
    def recipes(self) -> list[InputRecipe]:
        """What each teacher wants to see."""
        return [teacher.recipe for teacher in self._teachers]

    def of(self, batch: Batch) -> list[Signal]:
        """What each teacher says of a batch, on the device, without gradients."""
        squares = self._fabric.to_device(batch.squares)
        answers = [teacher.answer(squares, self._fabric) for teacher in self._teachers]
        maps = self._maps.of(batch) if self._maps else [None] * len(answers)
        return [
            Signal(logits, features if self._features else None, own_maps)
            for (logits, features), own_maps in zip(answers, maps, strict=True)
        ]
