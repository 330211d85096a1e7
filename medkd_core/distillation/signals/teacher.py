"""One teacher: a frozen network on the device, and what is known of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import Tensor

from medkd_core.distillation.inputs import network_inputs
from medkd_core.distillation.losses.hard import effective_counts
from medkd_core.distillation.losses.objective import TeacherFacts
from medkd_core.distillation.signals.finding import load_network
from medkd_core.imaging.recipe import InputRecipe
from medkd_core.jobs.result import WEIGHTS_FILE, JobResult
from medkd_core.jobs.spec import NetworkSpec, TeacherSpec
from medkd_core.jobs.store import Job
from medkd_core.networks.access import Explained, last_layer
from medkd_core.networks.target_layers import with_target_layer


@dataclass(frozen=True, slots=True)
class Teacher:
    """A frozen network.

    Attributes
    ----------
    spec : NetworkSpec
    network : Explained
        In evaluation mode, on the device.
    recipe : InputRecipe
        What it wants to see.
    facts : TeacherFacts
        What the loss must know of it.
    weights : str
        SHA-256 of its weights' file.
    """

    spec: NetworkSpec
    network: Explained
    recipe: InputRecipe
    facts: TeacherFacts
    weights: str

    @torch.no_grad()
    def answer(self, squares: Tensor, fabric: Fabric) -> tuple[Tensor, Tensor]:
        """What it says of images, in the precision that Fabric computes in.

        Parameters
        ----------
        squares : uint8, (batch, side, side) or (batch, side, side, 3)
            On the device.
        fabric : Fabric

        Returns
        -------
        logits : float32, (batch, classes)
        features : float32, (batch, d)
            Pooled: what the classifier sees.
        """
        # Not set up by Fabric: a network without gradients has no place in a gang of processes.
        with fabric.autocast():
            logits, _, features = self.network(network_inputs(squares, self.recipe))
        return logits.float(), features.float()

    def identity(self) -> dict[str, object]:
        """What its answers depend on besides the images and the code."""
        return {
            "weights": self.weights,
            "network": [self.spec.name, self.spec.width],
            "recipe": self.recipe.model_dump(mode="json"),
        }

    @torch.no_grad()
    def map_shape(self) -> tuple[int, int]:
        """Height and width (h, w) of its target layer's map."""
        side = self.recipe.size
        weight = next(self.network.parameters())
        _, features, _ = self.network(weight.new_zeros((1, 3, side, side)))
        return features.shape[2], features.shape[3]


def load_teachers(
    specs: Sequence[TeacherSpec], found: Sequence[tuple[Job, JobResult]], fabric: Fabric
) -> list[Teacher]:
    """Put the teachers on the device.

    Parameters
    ----------
    specs : sequence of TeacherSpec
    found : sequence of (Job, JobResult)
        From `find_teachers`, in the same order.
    fabric : Fabric

    Raises
    ------
    NetworkError
        A teacher's weights are missing or damaged.
    """
    return [
        _load(spec, job, result, fabric) for spec, (job, result) in zip(specs, found, strict=True)
    ]


def _load(spec: TeacherSpec, job: Job, result: JobResult, fabric: Fabric) -> Teacher:
    own = job.spec.network
    network = load_network(job, result)
    network = network.to(fabric.device).to(memory_format=torch.channels_last)
    weight = last_layer(network).get_parameter("weight")
    counts = result.train_class_counts
    facts = TeacherFacts(
        weight=spec.weight,
        temperature=result.temperature,
        # A result of an earlier version has no counts; `find_teachers` refuses where they matter.
        class_counts=effective_counts(counts, job.spec.training)
        if counts
        else [1.0] * len(result.classes),
        features=weight.shape[1],
    )
    explained = with_target_layer(network, own.name, result.recipe.size, own.target_layer)
    weights = _file_digest(job.result_folder / WEIGHTS_FILE)
    return Teacher(own, explained.eval(), result.recipe, facts, weights)


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
