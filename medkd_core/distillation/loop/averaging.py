"""A moving average of the weights, which often generalises better than where the steps end."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn


class MovingAverage:
    """The exponential moving average of a network's weights and statistics.

    After update ``t``, counted from 0, ``a = d a + (1 - d) w`` with ``d = min(decay, (1 + t) / (10
    + t))`` (Polyak and Juditsky, SIAM J. Control Optim. 30, 1992, in the exponential form of
    Tarvainen and Valpola, Mean teachers, NeurIPS 2017, arXiv:1703.01780, equation in section 2; the
    ramp is that of TensorFlow's ``ExponentialMovingAverage``): without the ramp a short run would
    mostly average its random start. Whole numbers, such as counters of batches, are copied.

    Parameters
    ----------
    network : torch.nn.Module
        On its device; the average starts as a copy of it.
    decay : float
        In (0, 1).
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        """The average, in evaluation mode."""
        self._decay = decay

    @torch.no_grad()
    def update(self, network: nn.Module, updates: int) -> None:
        """Take in the weights after a step.

        Parameters
        ----------
        network : torch.nn.Module
            That one which is averaged.
        updates : int
            Updates so far.
        """
        kept, new = self._split(self.network), self._split(network)
        share = 1 - min(self._decay, (1 + updates) / (10 + updates))
        torch._foreach_lerp_(kept[0], new[0], share)
        if kept[1]:
            torch._foreach_copy_(kept[1], new[1])

    @staticmethod
    def _split(network: nn.Module) -> tuple[list[Tensor], list[Tensor]]:
        """Tensors to be averaged, and tensors to be copied."""
        tensors = list(network.state_dict().values())
        averaged = [tensor for tensor in tensors if tensor.is_floating_point()]
        return averaged, [tensor for tensor in tensors if not tensor.is_floating_point()]
