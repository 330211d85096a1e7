"""All that a network is corrected by, as one module: what the specification asks for, summed up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from medkd_core.distillation.losses.answers import calibrated, softened, without_prior
from medkd_core.distillation.losses.features import FeatureLoss
from medkd_core.distillation.losses.hard import HardLoss, log_prior
from medkd_core.distillation.losses.hybrid import HybridLoss
from medkd_core.distillation.losses.maps import map_loss
from medkd_core.distillation.losses.soft import soft_loss
from medkd_core.distillation.losses.weighting import teacher_shares
from medkd_core.distillation.signals.signal import Signal
from medkd_core.jobs.spec import DistillationSpec, TrainingSpec


@dataclass(frozen=True, slots=True)
class TeacherFacts:
    """What the loss must know of a teacher.

    Attributes
    ----------
    weight : float
        As given in the specification, positive.
    temperature : float
        Of its calibration.
    class_counts : sequence of float
        How common each class was in its training: from `hard.effective_counts`.
    features : int
        Length of its pooled features.
    """

    weight: float
    temperature: float
    class_counts: Sequence[float]
    features: int


class Objective(nn.Module):
    """The hybrid loss: labels, teachers' answers, teachers' features and teachers' maps.

    ``(1 - w) * hard + w * soft + w_f * features + w_m * maps``; without teachers the hard part
    alone. Every part is a mean over the images of the batch, so that the loss of a batch is the
    mean of its shares' losses, weighted by their images; only ``dist`` relates a share's images to
    each other. The maps count from epoch ``explanation_warmup_epochs`` on.

    Its parameters, the projections of the features, are learned with the network: they belong into
    the optimiser and the checkpoint. It computes in float32 whatever the network's precision.

    Parameters
    ----------
    training : TrainingSpec
    distillation : DistillationSpec
    class_counts : sequence of int
        Training images of each class.
    teachers : sequence of TeacherFacts
        In the order of their signals.
    student_features : int
        Length of the student's pooled features.
    """

    teacher_weights: Tensor
    teacher_priors: Tensor

    def __init__(
        self,
        training: TrainingSpec,
        distillation: DistillationSpec,
        class_counts: Sequence[int],
        teachers: Sequence[TeacherFacts],
        student_features: int,
    ) -> None:
        super().__init__()
        self._spec = distillation
        self._temperatures = [teacher.temperature for teacher in teachers]
        self.hard = HardLoss(training, class_counts)
        weights = torch.tensor([teacher.weight for teacher in teachers], dtype=torch.float32)
        self.register_buffer("teacher_weights", weights, False)
        priors = [log_prior(teacher.class_counts) for teacher in teachers]
        self.register_buffer("teacher_priors", torch.stack(priors) if priors else weights, False)
        self.features: FeatureLoss | None = None
        if self.needs_features:
            self.features = FeatureLoss(student_features, [one.features for one in teachers])

    @property
    def needs_features(self) -> bool:
        """Whether the signals must have pooled features."""
        return bool(self._temperatures) and self._spec.feature_weight > 0

    @property
    def needs_maps(self) -> bool:
        """Whether the signals must have maps, in the epochs in which they count."""
        return bool(self._temperatures) and self._spec.explanation_weight > 0

    def maps_count(self, epoch: int) -> bool:
        """Whether maps are compared in this epoch, counted from 0."""
        return self.needs_maps and epoch >= self._spec.explanation_warmup_epochs

    def forward(
        self, student: Signal, labels: Tensor, teachers: Sequence[Signal], epoch: int
    ) -> HybridLoss:
        """The loss of a batch.

        Parameters
        ----------
        student : Signal
        labels : int64, (batch,)
        teachers : sequence of Signal
            One for each teacher; empty without teachers.
        epoch : int
            Counted from 0.
        """
        with torch.autocast(labels.device.type, enabled=False):
            hard = self.hard(student.logits.float(), labels)
            if not self._temperatures:
                return HybridLoss(hard, hard)
            return self._taught(hard, student, labels, teachers, epoch)

    def _taught(
        self, hard: Tensor, student: Signal, labels: Tensor, teachers: Sequence[Signal], epoch: int
    ) -> HybridLoss:
        spec = self._spec
        answers = self._answers(teachers)
        voices = softened(answers, 1.0)
        shares = teacher_shares(spec.weighting, voices, labels, self.teacher_weights)
        soft = soft_loss(student.logits.float(), answers, shares, labels, spec)
        total = (1 - spec.soft_weight) * hard + spec.soft_weight * soft
        features = self._feature_loss(student, teachers, shares)
        if features is not None:
            total = total + spec.feature_weight * features
        maps = self._map_loss(student, teachers, shares) if self.maps_count(epoch) else None
        if maps is not None:
            total = total + spec.explanation_weight * maps
        return HybridLoss(total, hard, soft, features, maps)

    def _answers(self, teachers: Sequence[Signal]) -> Tensor:
        """float32, (batch, teachers, classes): logits."""
        logits = [
            calibrated(teacher.logits.float(), temperature)
            for teacher, temperature in zip(teachers, self._temperatures, strict=True)
        ]
        answers = torch.stack(logits, dim=1)
        return without_prior(answers, self.teacher_priors) if self._spec.correct_prior else answers

    def _feature_loss(
        self, student: Signal, teachers: Sequence[Signal], shares: Tensor
    ) -> Tensor | None:
        if self.features is None:
            return None
        theirs = [_given(teacher.features).float() for teacher in teachers]
        return self.features(_given(student.features).float(), theirs, shares)

    def _map_loss(self, student: Signal, teachers: Sequence[Signal], shares: Tensor) -> Tensor:
        return map_loss(_given(student.maps), [_given(one.maps) for one in teachers], shares)


def _given(part: Tensor | None) -> Tensor:
    if part is None:
        raise ValueError("the objective needs a part that a signal does not have")
    return part
