"""Distillation of relations: between the classes of an image, and within a class over the batch."""

from __future__ import annotations

import torch
from torch import Tensor

_WEAKEST = 1e-4


def dist(student: Tensor, teachers: Tensor, beta: float, gamma: float) -> Tensor:
    """``beta * inter + gamma * intra`` by Pearson's distance ``1 - r``.

    Inter-class: of each image's probabilities, mean over the images. Intra-class: of each class'
    probabilities over the batch, mean over the classes (Huang et al., Knowledge Distillation from
    A Stronger Teacher, NeurIPS 2022, arXiv:2205.10536, equations 6 to 11). The second relates the
    images of a batch to each other: a batch that is computed in parts has only those within each
    part, and a single image none.

    Parameters
    ----------
    student, teachers : float, (batch, classes)
        Logarithms of softened probabilities.
    beta, gamma : float

    Returns
    -------
    float, scalar
        In [0, 2 * (beta + gamma)].
    """
    ours, theirs = student.exp(), teachers.exp()
    inter = pearson_distance(ours, theirs).mean()
    intra = pearson_distance(ours.T, theirs.T).mean()
    return beta * inter + gamma * intra


def pearson_distance(ours: Tensor, theirs: Tensor) -> Tensor:
    """``1 - r`` of each row; 0 where `theirs` does not vary, since there is nothing to relate to.

    Below a norm of 1e-4 variation fades out rather than being blown up to 1: the gradient of a row
    of equal values would be without bound.

    Parameters
    ----------
    ours, theirs : float, (rows, values)

    Returns
    -------
    float, (rows,)
        In [0, 2].
    """
    varies = _centred(theirs).norm(dim=1) > _WEAKEST
    distance = 1 - (_direction(ours) * _direction(theirs)).sum(dim=1)
    return torch.where(varies, distance, 0.0)


def _direction(rows: Tensor) -> Tensor:
    centred = _centred(rows)
    return centred / torch.sqrt(centred.square().sum(dim=1, keepdim=True) + _WEAKEST**2)


def _centred(rows: Tensor) -> Tensor:
    return rows - rows.mean(dim=1, keepdim=True)
