"""Weights and pictures that anybody can make again: numbers from the names, on any machine.

`RandomState` is used because numpy promises never to change its numbers.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

FloatArray = NDArray[np.float32]

SAMPLED_FEATURES = 2000
_NORMS = (0.5, 1.5)
# Sums of branches must not grow, nor attention harden into a choice that rounding decides.
_GAINS = {
    "point_linear": 0.5,
    "attn.qkv": 0.03,
    "attn.proj": 0.3,
    "mlp.fc2": 1.0,
    "mlp.conv3": 0.05,
}


def fixed_weights(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """A state of the given keys and shapes that keeps signals alive through 200 layers.

    Matrices and kernels are uniform with the variance 2 / fan-in of He et al. (2015), so that a
    rectified signal keeps its size; a few kinds of layers have a gain of their own.

    Parameters
    ----------
    shapes : mapping
        Floating-point entries of a state dict; tables of integers and masks are left out.

    Returns
    -------
    dict of float32 tensors
    """
    return {key: torch.from_numpy(_values(key, shape)) for key, shape in shapes.items()}


def _values(key: str, shape: tuple[int, ...]) -> FloatArray:
    uniform = np.random.RandomState(zlib.crc32(key.encode())).uniform
    if key.endswith("running_var") or (len(shape) == 1 and key.endswith("weight")):
        values = uniform(*_NORMS, shape)
    elif len(shape) < 2:
        values = uniform(-0.05, 0.05, shape)
    elif "relative_position_bias_table" in key or "pos_embed" in key:
        values = uniform(-1.0, 1.0, shape)
    else:
        gain = next((gain for part, gain in _GAINS.items() if part in key), 2.0)
        bound = np.sqrt(3 * gain / np.prod(shape[1:]))
        values = uniform(-bound, bound, shape)
    return values.astype(np.float32)


def fixed_pictures(size: int) -> FloatArray:
    """Two pictures (2, 3, size, size) in normalised units: waves, an edge, and noise."""
    row, column = np.meshgrid(*[np.linspace(-1, 1, size)] * 2, indexing="ij")
    noise = np.random.RandomState(0).uniform(-1, 1, (2, 3, size, size))
    waves = [
        [np.sin(5 * (i + 1) * row + k) + np.cos((3 + k) * column * row) for k in range(3)]
        for i in range(2)
    ]
    edge = np.where(row + 0.5 * column > 0.3, 0.8, -0.4)
    return (np.array(waves) + edge + 0.3 * noise).astype(np.float32)


def sampled(features: FloatArray) -> FloatArray:
    """About `SAMPLED_FEATURES` values of an array, evenly over it, the same ones every time."""
    flat = features.reshape(-1)
    return flat[:: max(1, flat.size // SAMPLED_FEATURES)]
