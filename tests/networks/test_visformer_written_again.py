"""Visformer-S against its own arithmetic, written again from the published facts.

Our Visformer is timm's, so outputs stored from timm only tell that timm has not changed.
"""

import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from medkd_core.networks import create_network

sys.path.insert(0, str(Path(__file__).parent / "references"))
from fixed_weights import fixed_pictures, fixed_weights

TOLERANCE = 1e-10
HEADS = 6
DEPTHS_AND_STRIDES = {1: (7, 4), 2: (4, 2), 3: (4, 2)}

State = dict[str, Tensor]


def normalised(x: Tensor, own: State, layer: str) -> Tensor:
    """Batch normalisation with stored statistics, eps 1e-5."""
    scale = own[f"{layer}.weight"] / (own[f"{layer}.running_var"] + 1e-5).sqrt()
    shift = own[f"{layer}.bias"] - own[f"{layer}.running_mean"] * scale
    return x * scale[:, None, None] + shift[:, None, None]


def gelu(x: Tensor) -> Tensor:
    return x * (1 + torch.erf(x / 2**0.5)) / 2


def attention(x: Tensor, own: State, layer: str) -> Tensor:
    batch, channels, rows, columns = x.shape
    head_dim = own[f"{layer}.proj.weight"].shape[1] // HEADS
    qkv = F.conv2d(x, own[f"{layer}.qkv.weight"])
    query, key, value = qkv.reshape(batch, 3, HEADS, head_dim, rows * columns).unbind(1)
    scores = torch.einsum("bhdi,bhdj->bhij", query, key) / head_dim**0.5
    mixed = torch.einsum("bhij,bhdj->bhdi", scores.softmax(-1), value)
    return F.conv2d(mixed.reshape(batch, channels, rows, columns), own[f"{layer}.proj.weight"])


def mlp(x: Tensor, own: State, layer: str) -> Tensor:
    x = gelu(F.conv2d(x, own[f"{layer}.conv1.weight"]))
    if f"{layer}.conv2.weight" in own:
        x = gelu(F.conv2d(x, own[f"{layer}.conv2.weight"], padding=1, groups=8))
    return F.conv2d(x, own[f"{layer}.conv3.weight"])


def visformer(x: Tensor, own: State) -> Tensor:
    """Stem, three stages of which the first has no attention, norm, mean, linear layer."""
    x = F.conv2d(x, own["stem.0.weight"], stride=2, padding=3)
    x = normalised(x, own, "stem.1").clamp(min=0)
    for stage, (depth, stride) in DEPTHS_AND_STRIDES.items():
        patches = f"patch_embed{stage}"
        weight, bias = own[f"{patches}.proj.weight"], own[f"{patches}.proj.bias"]
        x = normalised(F.conv2d(x, weight, bias, stride), own, f"{patches}.norm")
        x = x + own[f"pos_embed{stage}"]
        for block in (f"stage{stage}.{index}" for index in range(depth)):
            if stage > 1:
                x = x + attention(normalised(x, own, f"{block}.norm1"), own, f"{block}.attn")
            x = x + mlp(normalised(x, own, f"{block}.norm2"), own, f"{block}.mlp")
    pooled = normalised(x, own, "norm").mean((2, 3))
    return F.linear(pooled, own["head.weight"], own["head.bias"])


def test_visformer_computes_what_the_published_facts_say() -> None:
    network = create_network("visformer_s")
    shapes = {k: tuple(v.shape) for k, v in network.state_dict().items() if v.is_floating_point()}
    network.load_state_dict(fixed_weights(shapes), strict=False)
    network.double().eval()
    images = torch.from_numpy(fixed_pictures(224)[:1]).double()
    with torch.inference_mode():
        found, expected = network(images), visformer(images, network.state_dict())
    assert (found - expected).abs().max() <= TOLERANCE * (expected.max() - expected.min())
