"""Which layers of a network have a map to explain, found by sending a shape through it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from medkd_core.errors import NetworkError
from medkd_core.networks.access import Explained, last_layer
from medkd_core.networks.complexity import run_weightless
from medkd_core.networks.creation import create_network
from medkd_core.networks.registry import Layout, is_timm_name, network_facts

_MOST_PREFIX_TOKENS = 5
_LISTED = 5


@dataclass(frozen=True, slots=True)
class TargetLayer:
    """A layer whose output is a map.

    Attributes
    ----------
    name : str
        Of the module.
    layout : Layout
    prefix_tokens : int
        As in `NetworkFacts`.
    channels, side : int
        Of the map, (channels, side, side).
    """

    name: str
    layout: Layout
    prefix_tokens: int
    channels: int
    side: int


def map_layers(network: nn.Module, image_size: int) -> list[TargetLayer]:
    """Every layer whose output is a map larger than one cell, in the order in which they end.

    A square (n, channels, side, side) or (n, side, side, channels) is a map, and so are the tokens
    of a square grid, after class and register tokens if the network has any. Layers that pass on
    what they are given are left out.

    Parameters
    ----------
    network : torch.nn.Module
        On any device, also ``meta``; nothing is computed.
    image_size : int
        Side of the square input in pixels.

    Raises
    ------
    NetworkError
        The network cannot be run on such an image.
    """
    return _maps(output_shapes(network, image_size), network)


def find_target_layer(network: nn.Module, image_size: int) -> TargetLayer:
    """The last layer whose output is still a map: what a class activation map explains.

    Raises
    ------
    NetworkError
        No layer has a map, or the network cannot be run.
    """
    shapes = output_shapes(network, image_size)
    # What ends without a grid is a head or a pooling, with all that is in it; an auxiliary head may
    # answer cell by cell.
    heads = tuple(f"{name}." for name, shape in shapes.items() if len(shape) == 2)
    classes = len(cast(Tensor, last_layer(network).weight))
    layers = [
        layer
        for layer in _maps(shapes, network)
        if layer.channels != classes and not layer.name.startswith(heads)
    ]
    if not layers:
        raise NetworkError(
            f"Cannot explain a network of the kind {type(network).__name__}",
            because=f"no layer of it makes a map of an image of {image_size} pixels",
            cure="Choose another network, or larger images.",
        )
    return layers[-1]


def look_up_target_layer(network: nn.Module, layer: str, image_size: int) -> TargetLayer:
    """How a layer that was asked for becomes a map.

    Raises
    ------
    NetworkError
        There is no such layer, or its output is no map; the message lists layers that fit.
    """
    layers = map_layers(network, image_size)
    for found in layers:
        if found.name == layer:
            return found
    known = layer in dict(network.named_modules())
    reason = "its output is no map" if known else "there is no layer of that name"
    likely = ", ".join(_likely(layers))
    raise NetworkError(
        f"Cannot explain the layer {layer!r} of {type(network).__name__}",
        because=f"{reason} for an image of {image_size} pixels" if known else reason,
        cure=f"Choose one of its last maps: {likely}." if likely else "Choose larger images.",
    )


def target_layer_of(name: str, width: float, image_size: int, layer: str | None = None) -> str:
    """The layer to explain, checked on a network without weights.

    Parameters
    ----------
    name : str
        As in `create_network`.
    width : float
    image_size : int
        Side of the square input in pixels.
    layer : str, optional
        Another one than the network's own.

    Raises
    ------
    NetworkError
        The network cannot be made like this, or `layer` has no map to explain.
    """
    wanted = layer or network_facts(name).target_layer
    if layer is not None or is_timm_name(name):
        with torch.device("meta"):
            network = create_network(name, 2, width, image_size)
        look_up_target_layer(network, wanted, image_size)
    return wanted


def with_target_layer(
    network: nn.Module, name: str, image_size: int, target_layer: str | None = None
) -> Explained:
    """A network that also hands out its target layer's map and its embedding.

    Parameters
    ----------
    network : torch.nn.Module
        Made by `create_network`.
    name : str
        Its name there.
    image_size : int
        Side of its square input in pixels.
    target_layer : str, optional
        The registry's when left out.

    Raises
    ------
    NetworkError
        There is no such layer, or its output is no map.
    """
    facts = network_facts(name)
    if target_layer in {None, facts.target_layer}:
        return Explained(network, facts.target_layer, facts.layout, facts.prefix_tokens)
    found = look_up_target_layer(network, str(target_layer), image_size)
    return Explained(network, found.name, found.layout, found.prefix_tokens)


def output_shapes(network: nn.Module, image_size: int) -> dict[str, tuple[int, ...]]:
    """Shape of what each module gives by its name, the last one to end last.

    Raises
    ------
    NetworkError
        The network cannot be run on such an image.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    with _watched(network, shapes):
        run_shape(network, image_size)
    return shapes


def run_shape(network: nn.Module, image_size: int) -> Tensor:
    """`run_weightless`, with whatever a network says against its input told in a sentence."""
    try:
        return run_weightless(network, image_size)
    except Exception as error:  # every architecture fails in its own way
        raise NetworkError(
            f"Cannot run a network of the kind {type(network).__name__}",
            because=f"it does not take images of {image_size} pixels",
            cure="Choose its native size, or leave the size out.",
        ) from error


@contextmanager
def _watched(network: nn.Module, shapes: dict[str, tuple[int, ...]]) -> Iterator[None]:
    def watch(name: str, module: nn.Module) -> torch.utils.hooks.RemovableHandle:
        def note(_module: nn.Module, _inputs: object, output: object) -> None:
            shapes.pop(name, None)
            if isinstance(output, Tensor):
                shapes[name] = tuple(output.shape)

        return module.register_forward_hook(note)

    handles = [
        watch(name, module)
        for name, module in network.named_modules()
        if name and not isinstance(module, nn.Identity | nn.Dropout)
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _maps(shapes: dict[str, tuple[int, ...]], network: nn.Module) -> list[TargetLayer]:
    found = (_as_target(name, shape, network) for name, shape in shapes.items())
    return [layer for layer in found if layer is not None]


def _as_target(name: str, shape: tuple[int, ...], network: nn.Module) -> TargetLayer | None:
    if len(shape) == 3:
        for prefix in _prefixes(network):
            side = math.isqrt(max(shape[1] - prefix, 0))
            if side > 1 and side**2 == shape[1] - prefix:
                return TargetLayer(name, "tokens", prefix, shape[2], side)
    if len(shape) != 4:
        return None
    _, first, second, third = shape
    if second == third > 1:
        # A cube could be either; timm's networks say which one they mean.
        last = first == second and "HWC" in str(getattr(network, "output_fmt", ""))
        return TargetLayer(name, "nhwc" if last else "nchw", 0, first, second)
    if first == second > 1:
        return TargetLayer(name, "nhwc", 0, third, first)
    return None


def _prefixes(network: nn.Module) -> list[int]:
    """How many tokens may stand before the grid's: what the network says, else the fewest."""
    said = getattr(network, "num_prefix_tokens", None)
    return [said, 0] if isinstance(said, int) else list(range(_MOST_PREFIX_TOKENS + 1))


def _likely(layers: list[TargetLayer]) -> list[str]:
    """The last layers of the coarsest maps, outermost names first."""
    names = [layer.name for layer in layers[::-1]]
    return sorted(dict.fromkeys(names[: 4 * _LISTED]), key=lambda name: name.count("."))[:_LISTED]
