"""Finished teacher jobs, asked live what they think of each batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from medkd_core.distillation.inputs import network_inputs
from medkd_core.distillation.losses.hybrid import soft_labels
from medkd_core.errors import JobError
from medkd_core.imaging.recipe import InputRecipe
from medkd_core.jobs.result import WEIGHTS_FILE, JobResult, read_result
from medkd_core.jobs.spec import DataSpec, JobSpec, TeacherSpec
from medkd_core.jobs.state import JobStatus
from medkd_core.jobs.store import Job, JobStore
from medkd_core.networks import create_network
from medkd_core.networks.weights import load_weights


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


def find_teachers(
    student: JobSpec, store: JobStore, classes: Sequence[str]
) -> list[tuple[Job, JobResult]]:
    """The jobs that teach, each finished, of the same classes, view and split.

    Raises
    ------
    JobError
        One is unknown, unfinished, or learned something else.
    """
    found = []
    for spec in student.teachers:
        job = store.get(spec.job)
        status = job.state().status
        if status is not JobStatus.COMPLETED:
            raise _cannot_teach(job, f"it is {status.value}", "Run or resume the teacher first.")
        result = read_result(job.result_folder)
        if result.classes != list(classes):
            reason = f"it tells {', '.join(result.classes)} apart, not {', '.join(classes)}"
            raise _cannot_teach(job, reason, "Choose a teacher of the same data set.")
        if _is_split_otherwise(job.spec.data, student.data):
            reason = "it may have learned from images that this job is tested on: [data] names the "
            reason += "same folder, but other groups or other fractions of the splits"
            raise _cannot_teach(job, reason, "Give both jobs the same [data].")
        if job.spec.view != student.view:
            reason = "its films were prepared by another [view]"
            raise _cannot_teach(job, reason, "Give both jobs the same [view].")
        found.append((job, result))
    return found


def _is_split_otherwise(first: DataSpec, second: DataSpec) -> bool:
    settled_by = {"groups", "group_column", "validation_fraction", "test_fraction"}
    same_images = (first.kind, first.root) == (second.kind, second.root)
    return same_images and first.model_dump(include=settled_by) != second.model_dump(
        include=settled_by
    )


def load_network(job: Job, result: JobResult) -> nn.Module:
    """The network that a completed job made, on the CPU, in evaluation mode.

    Raises
    ------
    NetworkError
        Its weights are missing or damaged.
    """
    spec = job.spec.network
    network = create_network(spec.name, len(result.classes), spec.width, result.recipe.size)
    load_weights(network, job.result_folder / WEIGHTS_FILE)
    return network.eval().requires_grad_(False)


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


def _cannot_teach(job: Job, reason: str, cure: str) -> JobError:
    return JobError("Cannot learn from the teacher", path=job.folder, because=reason, cure=cure)
