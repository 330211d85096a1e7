"""The layer whose places decide: a map derived at any later one would be empty."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy

import torch
from torch import Tensor, nn

from medkd_core.errors import NetworkError
from medkd_core.networks.access import as_map, last_layer
from medkd_core.networks.target_layers import TargetLayer, look_up_target_layer, map_layers

# No module is called so.
_CLASSIFIER = ""


def deciding_layer(network: nn.Module, layer: str, image_size: int) -> TargetLayer:
    """The target layer, or the last one before it whose places the classifier depends on.

    A transformer that is read at its class token leaves the other tokens of its last layers behind:
    no logit changes with them, and their gradient is 0 (pytorch-grad-cam advises the last block's
    first normalisation for that reason). The layer found has as many channels and cells.

    Parameters
    ----------
    network : torch.nn.Module
        Made by `create_network`; a copy of it is run on one image.
    layer : str
        The target layer's name.
    image_size : int
        Side of the square input in pixels.

    Raises
    ------
    NetworkError
        There is no such layer, its output is no map, or nothing decides by places.
    """
    target = look_up_target_layer(network, layer, image_size)
    layers = map_layers(network, image_size)
    before = [one for one in layers[: layers.index(target) + 1] if _is_alike(one, target)]
    slopes = _slopes(network, before, image_size)
    for found, slope in zip(reversed(before), reversed(slopes), strict=True):
        if slope is not None and as_map(slope, found.layout, found.prefix_tokens).any():
            return found
    raise NetworkError(
        f"Cannot compare where {type(network).__name__} looks",
        because=f"no logit depends on the places of the layer {layer!r} or of those before it",
        cure="Choose another target layer, or distillation.explanation_weight = 0.",
    )


def _is_alike(one: TargetLayer, other: TargetLayer) -> bool:
    return (one.layout, one.channels, one.side) == (other.layout, other.channels, other.side)


def _slopes(
    network: nn.Module, layers: Sequence[TargetLayer], image_size: int
) -> list[Tensor | None]:
    """Slopes of what the classifier sees by the output of each layer."""
    # The classifier itself is left out, since that of a fresh network may be all 0.
    copy = deepcopy(network).eval().requires_grad_()
    weight = next(copy.parameters())
    draw = torch.Generator().manual_seed(0)
    image = torch.randn(1, 3, image_size, image_size, generator=draw).to(weight)
    seen = _watch(copy, layers)
    copy(image)
    told = seen[_CLASSIFIER]
    mixed = (told * torch.randn(told.shape, generator=draw).to(told)).sum()
    outputs = [seen[one.name] for one in layers]
    return list(torch.autograd.grad(mixed, outputs, allow_unused=True))


def _watch(network: nn.Module, layers: Sequence[TargetLayer]) -> dict[str, Tensor]:
    """A table that a pass of the network fills; its hooks are never removed."""
    seen: dict[str, Tensor] = {}

    def watch(name: str) -> None:
        def keep(_module: nn.Module, _inputs: object, output: Tensor) -> None:
            seen[name] = output

        network.get_submodule(name).register_forward_hook(keep)

    def keep_inputs(_module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        seen[_CLASSIFIER] = inputs[0]

    for layer in layers:
        watch(layer.name)
    last_layer(network).register_forward_pre_hook(keep_inputs)
    return seen
