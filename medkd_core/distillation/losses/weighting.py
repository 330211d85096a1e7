"""How much each of several teachers counts, image by image."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from medkd_core.jobs.spec import TeacherWeighting


def teacher_shares(
    weighting: TeacherWeighting, answers: Tensor, labels: Tensor, weights: Tensor
) -> Tensor:
    """Shares of the teachers in what the student learns of each image.

    Parameters
    ----------
    weighting : {"fixed", "uniform", "entropy", "confidence"}
        The given weights; all alike; `entropy_shares`; `confidence_shares`.
    answers : float, (batch, teachers, classes)
        Logarithms of the teachers' calibrated probabilities, not softened.
    labels : int64, (batch,)
    weights : float, (teachers,)
        As given in the specification, positive.

    Returns
    -------
    float, (batch, teachers), [0, 1]
        Rows sum to 1.
    """
    if weighting == "entropy":
        return entropy_shares(answers)
    if weighting == "confidence":
        return confidence_shares(answers, labels)
    given = torch.ones_like(weights) if weighting == "uniform" else weights
    return (given / given.sum()).to(answers.dtype).expand(answers.shape[:2])


def entropy_shares(answers: Tensor) -> Tensor:
    """Teachers that are sure count more: ``softmax_k(-H(p_k))``, entropies in nats.

    Weighting by entropy is that of Kwon et al., Adaptive Knowledge Distillation Based on Entropy,
    ICASSP 2020; the softmax, which bears entropies of 0, is ours.

    Parameters
    ----------
    answers : float, (batch, teachers, classes)
        Logarithms of probabilities.

    Returns
    -------
    float, (batch, teachers)
    """
    return F.softmax((answers.exp() * answers).sum(dim=2), dim=1)


def confidence_shares(answers: Tensor, labels: Tensor) -> Tensor:
    """Teachers that know the label count more.

    ``L_k = -log p_k[y]`` and ``a_k = (1 - softmax_k(L)) / (teachers - 1)`` (Zhang et al.,
    Confidence-Aware Multi-Teacher Knowledge Distillation, ICASSP 2022, arXiv:2201.00007, equations
    3 and 4). A single teacher has the whole share.

    Parameters
    ----------
    answers : float, (batch, teachers, classes)
        Logarithms of probabilities.
    labels : int64, (batch,)

    Returns
    -------
    float, (batch, teachers)
    """
    teachers = answers.shape[1]
    if teachers == 1:
        return torch.ones_like(answers[:, :, 0])
    wrong = -answers.gather(2, labels.view(-1, 1, 1).expand(-1, teachers, 1)).squeeze(2)
    return (1 - F.softmax(wrong, dim=1)) / (teachers - 1)
