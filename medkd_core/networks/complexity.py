"""How large a network is: parameters and multiply-accumulates, counted by torch."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
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
    counter = FlopCounterMode(display=False)
    with counter:
        run_weightless(network, image_size)
    return counter.get_total_flops() // 2


def run_weightless(network: nn.Module, image_size: int) -> Tensor:
    """Send the shape of one input through a network in evaluation mode; nothing is computed.

    Returns
    -------
    Tensor
        The logits' shape, on the device ``meta``.
    """
    tensors = {**dict(network.named_parameters()), **dict(network.named_buffers())}
    weightless = {key: value.detach().to("meta") for key, value in tensors.items()}
    images = torch.empty(1, 3, image_size, image_size, device="meta")
    modes = {module: module.training for module in network.modules()}
    network.eval()
    try:
        with torch.inference_mode():
            return cast(Tensor, functional_call(network, weightless, images))
    finally:
        for module, mode in modes.items():
            module.training = mode
