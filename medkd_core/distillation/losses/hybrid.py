"""The hybrid loss: class-balanced cross-entropy and the softened labels of several teachers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
import torch.nn.functional as F
from torch import Tensor


def class_weights(counts: Sequence[int], beta: float) -> Tensor:
    """Weights of the classes by their effective number of samples.

    ``E_n = (1 - beta**n) / (1 - beta)``, weight ``1 / E_n``, scaled so that the weights sum to the
    number of classes (Cui et al., Class-Balanced Loss, CVPR 2019, arXiv:1901.05555, equations 2
    and 3 and section 4).

    Parameters
    ----------
    counts : sequence of int
        Training images of each class, all at least 1.
    beta : float
        In [0, 1); 0 weighs all classes alike.

    Returns
    -------
    float32, (classes,)
    """
    images = torch.tensor(counts, dtype=torch.float64)
    weights = (1 - beta) / (1 - beta**images)
    return (weights * len(counts) / weights.sum()).float()


def hard_loss(
    logits: Tensor, labels: Tensor, weights: Tensor, label_smoothing: float = 0.0
) -> Tensor:
    """Weighted cross-entropy with the labels.

    ``sum_i w[y_i] * -log p_i[y_i] / sum_i w[y_i]``; with smoothing ``s`` the target is
    ``1 - s + s / classes`` for the true class and ``s / classes`` for the others (Szegedy et al.,
    CVPR 2016, arXiv:1512.00567, section 7), each term weighted by its own class.

    Parameters
    ----------
    logits : float, (batch, classes)
    labels : int64, (batch,)
    weights : float32, (classes,)
    label_smoothing : float
        In [0, 1).
    """
    return F.cross_entropy(logits, labels, weight=weights, label_smoothing=label_smoothing)


def soft_labels(
    teacher_logits: Sequence[Tensor],
    teacher_weights: Sequence[float],
    calibration: Sequence[float],
    temperature: float,
) -> Tensor:
    """What several teachers think, softened: the weighted mean of their probabilities.

    ``sum_k a_k softmax(z_k / (c_k T))`` with the ``a_k`` scaled to sum to 1. Each teacher's logits
    are first divided by its own calibration temperature ``c_k`` (Guo et al., ICML 2017,
    arXiv:1706.04599), so that an overconfident teacher does not outshout the others.

    Parameters
    ----------
    teacher_logits : sequence of float, (batch, classes)
    teacher_weights, calibration : sequence of float
        One positive number for each teacher.
    temperature : float
        ``T`` of the distillation.

    Returns
    -------
    float, (batch, classes)
        Rows sum to 1.
    """
    total = sum(teacher_weights)
    shares = [
        weight / total * F.softmax(logits / (own * temperature), dim=1)
        for logits, weight, own in zip(teacher_logits, teacher_weights, calibration, strict=True)
    ]
    return torch.stack(shares).sum(dim=0)


def soft_loss(logits: Tensor, targets: Tensor, temperature: float) -> Tensor:
    """Divergence of the student's softened answer from the teachers'.

    ``T**2 * mean_i KL(targets_i || softmax(z_i / T))`` (Hinton et al., Distilling the Knowledge in
    a Neural Network, 2015, arXiv:1503.02531, section 2): the factor keeps the size of the gradients
    when ``T`` is changed.

    Parameters
    ----------
    logits : float, (batch, classes)
        Of the student.
    targets : float, (batch, classes)
        From `soft_labels` at the same temperature.
    temperature : float
    """
    student = F.log_softmax(logits / temperature, dim=1)
    return F.kl_div(student, targets, reduction="batchmean") * temperature**2


@dataclass(frozen=True, slots=True)
class HybridLoss:
    """A loss and the parts it was made of, all scalars, the parts before they were weighted."""

    total: Tensor
    hard: Tensor
    soft: Tensor | None = None
    features: Tensor | None = None
    maps: Tensor | None = None

    def parts(self) -> dict[str, Tensor]:
        """Those that there are, by name."""
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in named.items() if value is not None}


def hybrid_loss(hard: Tensor, soft: Tensor | None, soft_weight: float) -> HybridLoss:
    """``(1 - w) * hard + w * soft``; the hard part alone where there are no teachers."""
    if soft is None:
        return HybridLoss(hard, hard)
    return HybridLoss((1 - soft_weight) * hard + soft_weight * soft, hard, soft)
