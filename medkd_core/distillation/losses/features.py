"""The student's pooled features, turned towards those of each teacher."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


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
            OrthogonalProjection(student_features, features) for features in teacher_features
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


class OrthogonalProjection(nn.Module):
    """A linear map whose rows or columns, whichever are fewer, are orthonormal.

    Steps of an optimiser lead away from such matrices; before it is used again the weight is taken
    back to them in its place, by the retraction ``qf(W)`` of Absil, Mahony and Sepulchre,
    *Optimization Algorithms on Matrix Manifolds*, 2008, example 4.1.3: the Q of its QR
    decomposition, with the signs that make R's diagonal positive. VkD parametrises the matrix
    instead, and derives through that: with 1,536 by 1,920 features a step then takes many times as
    long as the network itself.

    Parameters
    ----------
    inputs, outputs : int
        Features before and after.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(nn.init.orthogonal_(torch.empty(outputs, inputs)))
        self._taken_back: int | None = None

    def forward(self, features: Tensor) -> Tensor:
        """float (batch, inputs) -> (batch, outputs)."""
        # Only after it was changed: a graph that still waits to be derived holds this very weight.
        if self._taken_back != self.weight._version:
            self._take_back()
        return F.linear(features, self.weight)

    @torch.no_grad()
    def _take_back(self) -> None:
        wide = self.weight.shape[0] < self.weight.shape[1]
        tall = self.weight.T if wide else self.weight
        directions, upper = torch.linalg.qr(tall)
        directions = directions * torch.where(upper.diagonal() < 0, -1.0, 1.0)
        self.weight.copy_(directions.T if wide else directions)
        self._taken_back = self.weight._version


def standardised_distance(projected: Tensor, teacher: Tensor) -> Tensor:
    """float (batch, d) twice -> (batch,): mean smooth L1 distance to the standardised teacher."""
    wanted = F.layer_norm(teacher, teacher.shape[1:])
    return F.smooth_l1_loss(projected, wanted, reduction="none").mean(dim=1)
