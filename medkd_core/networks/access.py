"""What an engine needs of any network: logits, the target layer's output and the embedding."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn

from medkd_core.errors import NetworkError


class Explained(nn.Module):
    """A network that also hands out what its target layer and its classifier see.

    The network itself is untouched: it is listened to while it runs.

    Parameters
    ----------
    network : torch.nn.Module
        Made by `create_network`, or any network of timm.
    target_layer : str
        Name of a module inside it: ``NetworkFacts.target_layer`` or another one.

    Raises
    ------
    NetworkError
        The network has no such module.
    """

    def __init__(self, network: nn.Module, target_layer: str) -> None:
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

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(n, 3, H, W) -> logits (n, classes), features (n, channels, h, w), embeddings (n, d)."""
        seen: dict[str, Tensor] = {}
        with _listening(self.network, self.target_layer, seen):
            logits = self.network(images)
        return logits, _as_map(seen["features"]), seen["embeddings"].flatten(1)


@contextmanager
def _listening(network: nn.Module, target_layer: str, seen: dict[str, Tensor]) -> Iterator[None]:
    def keep_features(_module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        seen["features"] = output

    def keep_embeddings(_module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        seen["embeddings"] = inputs[0]

    handles = (
        network.get_submodule(target_layer).register_forward_hook(keep_features),
        last_layer(network).register_forward_pre_hook(keep_embeddings),
    )
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def last_layer(network: nn.Module) -> nn.Module:
    """The layer that gives the logits; its name is the prefix of the head's weights."""
    layer: nn.Module = network.get_classifier()  # type: ignore[operator]
    return layer


def _as_map(features: Tensor) -> Tensor:
    """Tokens (n, h * w, channels), read row by row, become (n, channels, h, w)."""
    if features.ndim == 4:
        return features
    side = round(features.shape[1] ** 0.5)
    return features.transpose(1, 2).unflatten(2, (side, side))
