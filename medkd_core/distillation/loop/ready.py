"""A job, ready for its first step."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.optim import Optimizer

from medkd_core.datasets.record import Dataset
from medkd_core.distillation.data import Films
from medkd_core.distillation.devices import device_label
from medkd_core.distillation.loop.averaging import MovingAverage
from medkd_core.distillation.loop.draws import Draws
from medkd_core.distillation.loop.learner import Learner
from medkd_core.distillation.loop.shares import Shares
from medkd_core.distillation.signals.live import TeacherSignals
from medkd_core.imaging.recipe import InputRecipe
from medkd_core.jobs.store import Job


@dataclass(frozen=True, slots=True)
class Run:
    """A job, ready for its first step.

    Attributes
    ----------
    job : Job
    fabric : Fabric
    shares : Shares
        This process among the others.
    dataset : Dataset
    recipe : InputRecipe
        Of the network that learns.
    learner : Learner
        The network and its objective, on the device.
    model : torch.nn.Module
        The learner as it is run: by itself, or wrapped for several processes.
    optimizer : Optimizer
    draws : Draws
        Of the learner's dropout.
    average : MovingAverage or None
        Of the network's weights.
    teachers : TeacherSignals or None
    batch_size : int
        Images of a step on all processes together.
    class_weights : float32, (classes,)
        For validation.
    train, validation, test : Films
        Training films at the largest side that any network wants.
    """

    job: Job
    fabric: Fabric
    shares: Shares
    dataset: Dataset
    recipe: InputRecipe
    learner: Learner
    model: nn.Module
    optimizer: Optimizer
    draws: Draws
    average: MovingAverage | None
    teachers: TeacherSignals | None
    batch_size: int
    class_weights: Tensor
    train: Films
    validation: Films
    test: Films

    @property
    def network(self) -> nn.Module:
        """The network that learns."""
        return self.learner.network

    @property
    def judged(self) -> nn.Module:
        """The network that is validated and kept: the average, if there is one."""
        return self.average.network if self.average else self.network

    def modules(self) -> dict[str, nn.Module]:
        """All that a checkpoint must hold the tensors of."""
        kept: dict[str, nn.Module] = {
            "network": self.network,
            "objective": self.learner.objective,
        }
        return kept | ({"average": self.average.network} if self.average else {})

    def settings(self) -> dict[str, str]:
        """What was settled, in words, for the record."""
        learning = [weight for weight in self.learner.parameters() if weight.requires_grad]
        return {
            "device": device_label(self.fabric),
            "precision": str(self.fabric.strategy.precision.precision),
            "classes": ", ".join(self.dataset.classes),
            "training images": str(len(self.train)),
            "validation images": str(len(self.validation)),
            "test images": str(len(self.test)),
            "batch size": str(self.batch_size),
            "weights that learn": str(sum(weight.numel() for weight in learning)),
            "input": f"{self.recipe.size} px, {self.recipe.interpolation}",
            "class weights": ", ".join(f"{w:.3f}" for w in self.class_weights.tolist()),
            "torch": torch.__version__,
        }
