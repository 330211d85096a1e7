"""From stored squares to a network's input, on the device where the network runs."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from medkd_core.imaging.recipe import InputRecipe


def network_inputs(squares: Tensor, recipe: InputRecipe) -> Tensor:
    """The batch form of `imaging.preprocessing.normalise`, resized only when the sizes differ.

    Parameters
    ----------
    squares : uint8, (batch, side, side) or (batch, side, side, 3)
    recipe : InputRecipe

    Returns
    -------
    float32, (batch, 3, recipe.size, recipe.size), channels last in memory
    """
    channels = squares.unsqueeze(1) if squares.ndim == 3 else squares.permute(0, 3, 1, 2)
    pixels = channels.float() / 255
    if pixels.shape[-1] != recipe.size:
        size = (recipe.size, recipe.size)
        pixels = F.interpolate(pixels, size, mode=recipe.interpolation, antialias=True)
        # Bicubic weights are partly negative and overshoot at edges.
        pixels = pixels.clamp(0, 1)
    mean = torch.tensor(recipe.mean, device=squares.device).view(1, 3, 1, 1)
    std = torch.tensor(recipe.std, device=squares.device).view(1, 3, 1, 1)
    return ((pixels - mean) / std).contiguous(memory_format=torch.channels_last)
