"""How large a network is: parameters and multiply-accumulates, counted by torch."""

from __future__ import annotations

import torch
from torch import nn
from torch.func import functional_call
from torch.utils.flop_counter import FlopCounterMode


def count_parameters(network: nn.Module) -> int:
    """Trainable weights; statistics and other buffers are not counted."""
    return sum(parameter.numel() for parameter in network.parameters())


def count_macs(network: nn.Module, image_size: int) -> int:
    """Multiply-accumulates of one input: convolutions, linear layers, attention products.

    Nothing is computed and no weight is copied: only shapes travel through the network.

    Parameters
    ----------
    network : torch.nn.Module
    image_size : int
        Side of the square input in pixels.
    """
    weightless = {key: value.to("meta") for key, value in network.state_dict().items()}
    counter = FlopCounterMode(display=False)
    was_training = network.training
    network.eval()
    try:
        with torch.inference_mode(), counter:
            functional_call(
                network, weightless, torch.empty(1, 3, image_size, image_size, device="meta")
            )
    finally:
        network.train(was_training)
    return counter.get_total_flops() // 2
