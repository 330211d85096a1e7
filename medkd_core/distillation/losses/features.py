"""The student's pooled features, turned towards those of each teacher."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import orthogonal


class FeatureLoss(nn.Module):
    """Distance between projected features and the teachers' standardised ones.

    Of each image and teacher the mean over the features of the smooth L1 distance between ``P z``
    and ``layer_norm(t)``; the teachers weighted by their shares, mean over the images. ``P`` has
    orthonormal rows or columns: it keeps angles, and cannot learn what the student ought to learn.
    The teacher's features have mean 0 and variance 1 in each image (Miles et al., VkD: Improving
    Knowledge Distillation using Orthogonal Projections, CVPR 2024, arXiv:2403.06213, section 3,
    with the standardisation for tasks of recognition). VkD has one teacher; here each has a
    projection of its own.

    Parameters
    ----------
    student_features : int
        Length of the student's pooled features.
    teacher_features : sequence of int
        Of each teacher's.
    """

    def __init__(self, student_features: int, teacher_features: Sequence[int]) -> None:
        super().__init__()
        self.projections = nn.ModuleList(
            orthogonal(nn.Linear(student_features, features, bias=False))
            for features in teacher_features
        )

    def forward(self, student: Tensor, teachers: Sequence[Tensor], shares: Tensor) -> Tensor:
        """Compare a batch.

        Parameters
        ----------
        student : float, (batch, d)
        teachers : sequence of float, (batch, d of this teacher)
        shares : float, (batch, teachers), [0, 1]

        Returns
        -------
        float, scalar
        """
        distances = [
            standardised_distance(project(student), theirs)
            for project, theirs in zip(self.projections, teachers, strict=True)
        ]
        return (shares * torch.stack(distances, dim=1)).sum(dim=1).mean()


def standardised_distance(projected: Tensor, teacher: Tensor) -> Tensor:
    """float (batch, d) twice -> (batch,): mean smooth L1 distance to the standardised teacher."""
    wanted = F.layer_norm(teacher, teacher.shape[1:])
    return F.smooth_l1_loss(projected, wanted, reduction="none").mean(dim=1)
