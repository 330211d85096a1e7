"""A network's own blocks, from its classifier down to its first layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

LEFT_OVER = "parameters outside any layer"


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a network whose weights are randomised together.

    Attributes
    ----------
    name : str
        Of the module; `LEFT_OVER` for weights that belong to the network itself.
    keys : tuple of str
        Its entries of the network's ``state_dict``.
    """

    name: str
    keys: tuple[str, ...]


def network_blocks(network: nn.Module, image_size: int) -> list[Block]:
    """Every weight of a network in exactly one block, the block that ends last first.

    A module is a block; a plain sequence or list with more than one convolution or linear layer in
    it is not, but each of its members is. Weights outside any layer (embeddings of positions, class
    tokens) come last.

    Parameters
    ----------
    network : torch.nn.Module
        On any device; only shapes are sent through it.
    image_size : int
        Side of the square input in pixels.

    Raises
    ------
    NetworkError
        The network cannot be run on such an image.
    """
    from medkd_core.networks.target_layers import output_shapes

    ended = list(output_shapes(network, image_size))
    names = sorted(_blocks(network), key=lambda name: _end(name, ended), reverse=True)
    left = dict.fromkeys(network.state_dict())
    blocks = []
    for name in names:
        keys = tuple(key for key in left if key.startswith(f"{name}."))
        blocks.append(Block(name, keys))
        for key in keys:
            del left[key]
    return [*blocks, Block(LEFT_OVER, tuple(left))] if left else blocks


def _blocks(module: nn.Module, prefix: str = "") -> Iterator[str]:
    for name, child in module.named_children():
        if _is_sequence_of_layers(child):
            yield from _blocks(child, f"{prefix}{name}.")
        elif child.state_dict():
            yield f"{prefix}{name}"


def _is_sequence_of_layers(module: nn.Module) -> bool:
    from torch import nn

    if not isinstance(module, nn.Sequential | nn.ModuleList):
        return False
    weighted = (isinstance(layer, nn.Conv2d | nn.Linear) for layer in module.modules())
    return sum(weighted) > 1


def _end(name: str, ended: list[str]) -> int:
    """When the last part of a module ended; -1 for one that was not used."""
    places = (i for i, one in enumerate(ended) if one == name or one.startswith(f"{name}."))
    return max(places, default=-1)
