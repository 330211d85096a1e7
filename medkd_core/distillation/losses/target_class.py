"""The label's class and all the others, apart."""

from __future__ import annotations

import torch
from torch import Tensor


def of_target(values: Tensor, labels: Tensor) -> Tensor:
    """Of each row the value of the label's class.

    Parameters
    ----------
    values : float, (batch, classes)
    labels : int64, (batch,)

    Returns
    -------
    float, (batch,)
    """
    return values.gather(1, labels.unsqueeze(1)).squeeze(1)


def of_others(values: Tensor, labels: Tensor) -> Tensor:
    """Of each row the values of all classes but the label's, in their order.

    Parameters
    ----------
    values : float, (batch, classes)
    labels : int64, (batch,)

    Returns
    -------
    float, (batch, classes - 1)
    """
    places = torch.arange(values.shape[1] - 1, device=values.device)
    return values.gather(1, places + (places >= labels.unsqueeze(1)))
