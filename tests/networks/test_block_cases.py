"""Blocks of our own networks against the same arithmetic in numpy, written from the papers."""

import itertools

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from medkd_core.networks.autoformer_v2_t import AutoFormerV2T
from medkd_core.networks.ofa_595 import Ofa595

Array = NDArray[np.float64]
TOLERANCE = 1e-10


@pytest.fixture(autouse=True)
def double_precision() -> None:
    torch.manual_seed(0)


def lively(module: nn.Module) -> nn.Module:
    """Every number random, statistics too, in double precision."""
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.5)
    for name, buffer in module.named_buffers():
        if "running" in name:
            nn.init.uniform_(buffer, 0.5, 1.5)
    return module.double().eval()


def numbers(module: nn.Module) -> dict[str, Array]:
    return {key: value.numpy() for key, value in module.state_dict().items()}


def relu6(x: Array) -> Array:
    return np.clip(x, 0, 6)


ACTIVATIONS = {
    "hard swish": lambda x: x * relu6(x + 3) / 6,
    "hard sigmoid": lambda x: relu6(x + 3) / 6,
    "swish": lambda x: x / (1 + np.exp(-x)),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
}


def normalised(x: Array, own: dict[str, Array], layer: str) -> Array:
    """Batch normalisation with stored statistics, eps 1e-5."""
    mean, var = own[f"{layer}.running_mean"], own[f"{layer}.running_var"]
    scaled = (x - mean[:, None, None]) / np.sqrt(var[:, None, None] + 1e-5)
    return scaled * own[f"{layer}.weight"][:, None, None] + own[f"{layer}.bias"][:, None, None]


def depthwise(x: Array, kernel: Array) -> Array:
    """Each channel with its own kernel (channels, 1, k, k), padded by half of it."""
    half = kernel.shape[-1] // 2
    padded = np.pad(x, ((0, 0), (half, half), (half, half)))
    result = np.zeros_like(x)
    for channel, row, column in np.ndindex(x.shape):
        seen = padded[channel, row : row + 2 * half + 1, column : column + 2 * half + 1]
        result[channel, row, column] = (seen * kernel[channel, 0]).sum()
    return result


def pointwise(x: Array, kernel: Array) -> Array:
    return np.einsum("oi,ihw->ohw", kernel[:, :, 0, 0], x)


@pytest.mark.parametrize(
    ("smooth", "swish", "gate"),
    [(False, "hard swish", "hard sigmoid"), (True, "swish", "sigmoid")],
)
def test_inverted_bottleneck_expands_filters_squeezes_projects_and_adds(
    smooth: bool, swish: str, gate: str
) -> None:
    block = lively(Ofa595(3, width=0.1, smooth=smooth).blocks[13])
    own, act = numbers(block), ACTIVATIONS[swish]
    channels = own["mobile_inverted_conv.inverted_bottleneck.conv.weight"].shape[1]
    x = np.random.default_rng(0).normal(size=(channels, 6, 5))
    body = "mobile_inverted_conv"
    y = pointwise(x, own[f"{body}.inverted_bottleneck.conv.weight"])
    y = act(normalised(y, own, f"{body}.inverted_bottleneck.bn"))
    y = depthwise(y, own[f"{body}.depth_conv.conv.weight"])
    y = act(normalised(y, own, f"{body}.depth_conv.bn"))
    squeeze = f"{body}.depth_conv.se.fc"
    hidden = own[f"{squeeze}.reduce.weight"][:, :, 0, 0] @ y.mean((1, 2))
    hidden = np.maximum(hidden + own[f"{squeeze}.reduce.bias"], 0)
    opened = own[f"{squeeze}.expand.weight"][:, :, 0, 0] @ hidden + own[f"{squeeze}.expand.bias"]
    y = y * ACTIVATIONS[gate](opened)[:, None, None]
    y = pointwise(y, own[f"{body}.point_linear.conv.weight"])
    expected = x + normalised(y, own, f"{body}.point_linear.bn")
    with torch.inference_mode():
        found = block(torch.from_numpy(x)[None])[0].numpy()
    assert np.abs(found - expected).max() <= TOLERANCE * np.ptp(expected)


def test_features_are_mixed_after_pooling_without_normalisation() -> None:
    network = lively(Ofa595(3, width=0.1))
    own = numbers(network)
    pooled: list[torch.Tensor] = []
    network.pool.register_forward_hook(lambda _module, _inputs, output: pooled.append(output))
    with torch.inference_mode():
        found = network(torch.randn(1, 3, 64, 64).double())[0].numpy()
    mixed = own["feature_mix_layer.conv.weight"][:, :, 0, 0] @ pooled[0].numpy()[0, :, 0, 0]
    expected = own["classifier.linear.weight"] @ ACTIVATIONS["hard swish"](mixed)
    expected += own["classifier.linear.bias"]
    assert np.abs(found - expected).max() <= TOLERANCE * np.ptp(expected)


def test_shifted_windows_attend_to_near_tokens_and_never_across_the_border() -> None:
    # 16 x 16 tokens in windows of 4 that are shifted by 2: for each pair of tokens in a window,
    # strangers that the roll made neighbours are those further apart than a window.
    block = lively(AutoFormerV2T(3, 0.125, 64).layers[0].blocks[1])
    attention, window, shift, grid = block.attn, block.window, block.shift, 16
    assert (window, shift) == (4, 2)
    own, heads, dim = numbers(attention), attention.heads, attention.qkv.in_features
    head_dim = dim // heads
    x = np.random.default_rng(0).normal(size=(grid, grid, dim))
    qkv = (x @ own["qkv.weight"].T + own["qkv.bias"]).reshape(grid, grid, 3, heads, head_dim)
    mixed = np.zeros((grid, grid, heads, head_dim))
    for row, column, head in itertools.product(range(grid), range(grid), range(heads)):
        query, scores, values = qkv[row, column, 0, head], [], []
        for key_row, key_column in itertools.product(range(grid), range(grid)):
            if not same_window(row, key_row, window, shift, grid):
                continue
            if not same_window(column, key_column, window, shift, grid):
                continue
            offset = (row - key_row + window - 1) * (2 * window - 1)
            bias = own["relative_position_bias_table"][offset + column - key_column + window - 1]
            scores.append(
                query @ qkv[key_row, key_column, 1, head] / np.sqrt(head_dim) + bias[head]
            )
            values.append(qkv[key_row, key_column, 2, head])
        weights = np.exp(scores) / np.exp(scores).sum()
        mixed[row, column, head] = weights @ np.array(values)
    expected = mixed.reshape(grid, grid, dim) @ own["proj.weight"].T + own["proj.bias"]
    with torch.inference_mode():
        found = block._attend(torch.from_numpy(x)[None])[0].numpy()
    assert np.abs(found - expected).max() <= TOLERANCE * np.ptp(expected)


def same_window(one: int, other: int, window: int, shift: int, grid: int) -> bool:
    together = (one - shift) % grid // window == (other - shift) % grid // window
    return together and abs(one - other) < window


def test_patches_are_merged_column_by_column() -> None:
    merging = lively(AutoFormerV2T(3, 0.125, 64).layers[0].downsample)
    own = numbers(merging)
    x = np.random.default_rng(0).normal(size=(4, 6, own["norm.weight"].size // 4))
    expected = np.zeros((2, 3, len(own["reduction.weight"])))
    for row, column in np.ndindex(2, 3):
        corners = [x[2 * row + down, 2 * column + right] for right in (0, 1) for down in (0, 1)]
        token = np.concatenate(corners)
        token = (token - token.mean()) / np.sqrt(token.var() + 1e-5)
        token = token * own["norm.weight"] + own["norm.bias"]
        expected[row, column] = own["reduction.weight"] @ token
    with torch.inference_mode():
        found = merging(torch.from_numpy(x)[None])[0].numpy()
    assert np.abs(found - expected).max() <= TOLERANCE * np.ptp(expected)
