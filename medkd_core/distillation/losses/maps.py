"""Where the student looks, drawn towards where the teachers look."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from medkd_core.networks.access import as_map
from medkd_core.networks.registry import Layout

_NO_MAP = 1e-12


def class_map(
    logits: Tensor,
    output: Tensor,
    labels: Tensor,
    layout: Layout = "nchw",
    prefix_tokens: int = 0,
) -> Tensor:
    """Evidence for each image's class at each place, with gradient.

    ``sum_k mean_ij(dz[y] / dA_kij) * A_k``: Grad-CAM (Selvaraju et al., ICCV 2017,
    arXiv:1610.02391, equations 1 and 2) without its ReLU, since a place with evidence against the
    class could never be won back through it. It is derived through what lies behind the target
    layer only, and can be derived once more.

    Parameters
    ----------
    logits : float, (batch, classes)
        Computed from `output`, in one graph.
    output : float
        Of the target layer, as it gives it.
    labels : int64, (batch,)
    layout : Layout
        How `output` becomes (batch, channels, h, w).
    prefix_tokens : int
        Tokens before those of the grid.

    Returns
    -------
    float32, (batch, h, w)
        Signed, of any size.
    """
    chosen = logits.gather(1, labels.unsqueeze(1)).sum()
    (slopes,) = torch.autograd.grad(chosen, output, create_graph=True)
    weights = as_map(slopes, layout, prefix_tokens).float().mean(dim=(2, 3), keepdim=True)
    return (weights * as_map(output, layout, prefix_tokens).float()).sum(dim=1)


def map_loss(student: Tensor, teachers: Sequence[Tensor], shares: Tensor) -> Tensor:
    """``1 - cos`` between the student's map and each teacher's, mean over the images.

    The teachers' maps are brought to the student's resolution. They are weighted by their shares
    among those that have a map of the image; an image of which no teacher has one adds nothing.

    Parameters
    ----------
    student : float, (batch, h, w)
        From `class_map`.
    teachers : sequence of float, (batch, rows, columns), [0, 1]
        All 0 where there is no map.
    shares : float, (batch, teachers), [0, 1]

    Returns
    -------
    float, scalar
        In [0, 2].
    """
    compared = [_compare(student, maps.to(student.dtype)) for maps in teachers]
    distances, present = (torch.stack(parts, dim=1) for parts in zip(*compared, strict=True))
    counted = shares * present
    total = counted.sum(dim=1)
    weighted = (counted * distances).sum(dim=1)
    return (weighted / torch.where(total > 0, total, 1.0)).mean()


def _compare(student: Tensor, maps: Tensor) -> tuple[Tensor, Tensor]:
    """(batch,) distances, and whether the teacher has a map."""
    sized = F.interpolate(maps.unsqueeze(1), student.shape[1:], mode="bilinear", antialias=True)
    theirs = sized.flatten(1)
    cosine = (_direction(student.flatten(1)) * _direction(theirs)).sum(dim=1)
    return 1 - cosine, theirs.norm(dim=1) > _NO_MAP


def _direction(rows: Tensor) -> Tensor:
    """Rows of length 1; a row of zeros stays one."""
    length = rows.norm(dim=1, keepdim=True)
    return rows / torch.where(length > _NO_MAP, length, 1.0)
