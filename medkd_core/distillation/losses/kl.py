"""Hinton's divergence of softened answers."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def kl(student: Tensor, teachers: Tensor) -> Tensor:
    """Divergence of each answer of the student from the teachers': ``KL(p || q)``.

    Hinton et al., Distilling the Knowledge in a Neural Network, 2015, arXiv:1503.02531, section 2.

    Parameters
    ----------
    student, teachers : float, (batch, classes)
        Logarithms of softened probabilities, ``log q`` and ``log p``.

    Returns
    -------
    float, (batch,)
        0 or more.
    """
    return F.kl_div(student, teachers, reduction="none", log_target=True).sum(dim=1)
