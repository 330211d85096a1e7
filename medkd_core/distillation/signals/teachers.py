"""Finished teacher jobs, asked live what they think of each batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from medkd_core.distillation.inputs import network_inputs
from medkd_core.distillation.losses.hybrid import soft_labels
from medkd_core.distillation.signals.finding import find_teachers as find_teachers
from medkd_core.distillation.signals.finding import load_network
from medkd_core.imaging.recipe import InputRecipe
from medkd_core.jobs.result import JobResult
from medkd_core.jobs.spec import TeacherSpec
from medkd_core.jobs.store import Job


@dataclass(frozen=True, slots=True)
class Teacher:
    """A frozen network on the device.

    Attributes
    ----------
    name : str
    network : torch.nn.Module
        In evaluation mode.
    recipe : InputRecipe
    weight : float
        Its share among the teachers, not yet scaled.
    temperature : float
        Its calibration.
    """

    name: str
    network: nn.Module
    recipe: InputRecipe
    weight: float
    temperature: float


class Teachers:
    """Several teachers as one voice.

    Parameters
    ----------
    teachers : sequence of Teacher
        At least one.
    temperature : float
        Of the distillation.
    """

    def __init__(self, teachers: Sequence[Teacher], temperature: float) -> None:
        self._teachers = teachers
        self._temperature = temperature

    @property
    def recipes(self) -> list[InputRecipe]:
        """What each teacher wants to see."""
        return [teacher.recipe for teacher in self._teachers]

    @torch.no_grad()
    def soft_labels(self, squares: Tensor) -> Tensor:
        """Softened probabilities for a batch.

        Parameters
        ----------
        squares : uint8, (batch, side, side[, 3])

        Returns
        -------
        float32, (batch, classes)
        """
        logits = [
            teacher.network(network_inputs(squares, teacher.recipe)).float()
            for teacher in self._teachers
        ]
        return soft_labels(
            logits,
            [teacher.weight for teacher in self._teachers],
            [teacher.temperature for teacher in self._teachers],
            self._temperature,
        )


def load_teachers(
    specs: Sequence[TeacherSpec],
    found: Sequence[tuple[Job, JobResult]],
    temperature: float,
    fabric: Fabric,
) -> Teachers:
    """Put the teachers on the device."""
    teachers = [
        Teacher(
            name=job.spec.network.name,
            network=fabric.setup_module(
                load_network(job, result).to(memory_format=torch.channels_last)
            ).eval(),
            recipe=result.recipe,
            weight=spec.weight,
            temperature=result.temperature,
        )
        for spec, (job, result) in zip(specs, found, strict=True)
    ]
    return Teachers(teachers, temperature)
