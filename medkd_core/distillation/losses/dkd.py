"""Decoupled distillation: the target class and the others apart."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from medkd_core.distillation.losses.kl import kl
from medkd_core.distillation.losses.target_class import of_others, of_target


def dkd(student: Tensor, teachers: Tensor, labels: Tensor, alpha: float, beta: float) -> Tensor:
    """Decoupled divergence of each answer: ``alpha * TCKD + beta * NCKD``.

    TCKD is the divergence of "the target class or not", NCKD that among the other classes, scaled
    to sum to 1 (Zhao et al., Decoupled Knowledge Distillation, CVPR 2022, arXiv:2203.08679,
    equations 4 to 7). With ``alpha = 1`` and ``beta = 1 - p[y]`` it would be `kl`. Of two classes
    NCKD has nothing to say.

    Parameters
    ----------
    student, teachers : float, (batch, classes)
        Logarithms of softened probabilities.
    labels : int64, (batch,)
        The target classes.
    alpha, beta : float

    Returns
    -------
    float, (batch,)
        0 or more.
    """
    target = kl(_target_or_not(student, labels), _target_or_not(teachers, labels))
    others = kl(_among_others(student, labels), _among_others(teachers, labels))
    return alpha * target + beta * others


def _target_or_not(answers: Tensor, labels: Tensor) -> Tensor:
    missed = torch.logsumexp(of_others(answers, labels), dim=1)
    return torch.stack([of_target(answers, labels), missed], dim=1)


def _among_others(answers: Tensor, labels: Tensor) -> Tensor:
    return F.log_softmax(of_others(answers, labels), dim=1)
