"""What an engine needs of any network: logits, the target layer's output and the embedding."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn

from medkd_core.errors import NetworkError
from medkd_core.networks.registry import Layout

_EXPECTED = {
    "nchw": "(batch, channels, height, width)",
    "nhwc": "(batch, height, width, channels)",
    "tokens": "(batch, tokens of a square grid, channels)",
}


class Explained(nn.Module):
    """A network that also hands out what its target layer and its classifier see.

    The network itself is untouched: it is listened to while it runs.

    Parameters
    ----------
    network : torch.nn.Module
        Made by `create_network`, or any network of timm.
    target_layer : str
        Name of a module inside it: ``NetworkFacts.target_layer`` or another one.
    layout : Layout
        How that module's output becomes (n, channels, h, w).
    prefix_tokens : int
        Tokens before those of the grid.

    Raises
    ------
    NetworkError
        The network has no such module, or no classifier.
    """

    def __init__(
        self,
        network: nn.Module,
        target_layer: str,
        layout: Layout = "nchw",
        prefix_tokens: int = 0,
    ) -> None:
        super().__init__()
        try:
            network.get_submodule(target_layer)
        except AttributeError as error:
            raise NetworkError(
                f"Cannot explain the layer {target_layer!r}",
                because=f"{type(network).__name__} has no layer of that name",
            ) from error
        self.network = network
        self.target_layer = target_layer
        self.layout = layout
        self.prefix_tokens = prefix_tokens
        self._last_layer = (last_layer(network),)  # in a tuple: no second name for its weights

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(n, 3, H, W) -> logits (n, classes), features (n, channels, h, w), embeddings (n, d)."""
        seen: dict[str, Tensor] = {}
        with self._listening(seen):
            logits = self.network(images)
        features = as_map(seen["features"], self.layout, self.prefix_tokens)
        return logits, features, seen["embeddings"].flatten(1)

    @contextmanager
    def _listening(self, seen: dict[str, Tensor]) -> Iterator[None]:
        def keep_features(_module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
            seen["features"] = output

        def keep_embeddings(_module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            seen["embeddings"] = inputs[0]

        handles = (
            self.network.get_submodule(self.target_layer).register_forward_hook(keep_features),
            self._last_layer[0].register_forward_pre_hook(keep_embeddings),
        )
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()


def last_layer(network: nn.Module) -> nn.Module:
    """The layer that gives the logits: the first of `last_layers`.

    Raises
    ------
    NetworkError
        The network has no classifier.
    """
    return last_layers(network)[0]


def last_layers(network: nn.Module) -> list[nn.Module]:
    """The layers that give the logits; a distilled transformer averages those of two heads.

    Raises
    ------
    NetworkError
        The network has no classifier.
    """
    head = network.get_classifier() if hasattr(network, "get_classifier") else None  # type: ignore[operator]
    heads = head if isinstance(head, tuple | list) else [head]
    weighted = [
        [layer for layer in each.modules() if isinstance(layer, nn.Linear | nn.Conv2d)]
        for each in heads
        if isinstance(each, nn.Module)
    ]
    if not weighted or not all(weighted):
        raise NetworkError(
            f"Cannot use a network of the kind {type(network).__name__}",
            because="it has no classifier",
        )
    return [layers[-1] for layers in weighted]


def as_map(features: Tensor, layout: Layout, prefix_tokens: int) -> Tensor:
    """A layer's output as (n, channels, h, w).

    Raises
    ------
    NetworkError
        Its shape is not that of `layout`, or its tokens make no square.
    """
    if layout == "nchw" and features.ndim == 4:
        return features
    if layout == "nhwc" and features.ndim == 4:
        return features.permute(0, 3, 1, 2)
    tokens = features.shape[1] - prefix_tokens
    side = math.isqrt(max(tokens, 0))
    if layout != "tokens" or features.ndim != 3 or side == 0 or side**2 != tokens:
        raise NetworkError(
            f"Cannot read a layer's output of shape {tuple(features.shape)} as a map",
            because=f"it is not {_EXPECTED[layout]}",
            cure="Choose another target layer.",
        )
    return features[:, prefix_tokens:].transpose(1, 2).unflatten(2, (side, side))
