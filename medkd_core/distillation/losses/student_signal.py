"""What a network that learns says of a batch, with gradient."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from medkd_core.distillation.losses.deciding_layer import deciding_layer
from medkd_core.distillation.losses.maps import class_map
from medkd_core.distillation.signals.signal import Signal
from medkd_core.networks.access import last_layer
from medkd_core.networks.registry import network_facts
from medkd_core.networks.target_layers import TargetLayer


class SignalReader:
    """Runs a network and gives its logits, and its pooled features and class map if asked for.

    The network is listened to by itself, so that it may be run through any wrapping of it: mixed
    precision, several processes.

    Parameters
    ----------
    network : torch.nn.Module
        The plain module, made by `create_network`.
    name : str
        Its name there.
    image_size : int
        Side of its square input in pixels.
    target_layer : str, optional
        Whose map is compared, or the last `deciding_layer` before it; the registry's when left out.
    features : bool
        Whether pooled features are wanted.
    maps : bool
        Whether maps are wanted, in some batches at least.

    Raises
    ------
    NetworkError
        There is no such layer, its output is no map, or nothing decides by places.
    """

    def __init__(
        self,
        network: nn.Module,
        name: str,
        image_size: int,
        target_layer: str | None = None,
        *,
        features: bool = False,
        maps: bool = False,
    ) -> None:
        layer = target_layer or network_facts(name).target_layer
        self._network = network
        self._layer = deciding_layer(network, layer, image_size) if maps else None
        self._classifier = last_layer(network)
        self._features = features

    def read(
        self, model: nn.Module, inputs: Tensor, labels: Tensor, *, maps: bool = False
    ) -> Signal:
        """Run a batch.

        Parameters
        ----------
        model : torch.nn.Module
            The network, or what wraps it.
        inputs : float32, (batch, 3, size, size)
        labels : int64, (batch,)
            The classes that the maps speak of.
        maps : bool
            Whether maps are wanted of this batch: they cost a second pass, forth and back, through
            what lies behind the target layer.

        Returns
        -------
        Signal
            Maps are signed and of any size; see `class_map`.
        """
        layer = self._layer if maps else None
        with self._listening(layer) as seen, _derivable_twice() if layer else nullcontext():
            logits = model(inputs)
        return Signal(
            logits=logits.float(),
            features=seen["features"].flatten(1).float() if self._features else None,
            maps=_class_map(seen, labels, layer) if layer else None,
        )

    @contextmanager
    def _listening(self, layer: TargetLayer | None) -> Iterator[dict[str, Tensor]]:
        """Keep what passes; a model's own output may have been converted, and lost its graph."""
        seen: dict[str, Tensor] = {}

        def keep_features(_module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            seen["features"] = inputs[0]

        def keep_map(_module: nn.Module, _inputs: object, output: Tensor) -> Tensor:
            seen["map"] = _in_graph(output)
            return seen["map"]

        def keep_logits(_module: nn.Module, _inputs: object, output: Tensor) -> None:
            seen["logits"] = output

        handles = []
        if self._features:
            handles.append(self._classifier.register_forward_pre_hook(keep_features))
        if layer:
            target = self._network.get_submodule(layer.name)
            handles.append(target.register_forward_hook(keep_map))
            handles.append(self._network.register_forward_hook(keep_logits))
        try:
            yield seen
        finally:
            for handle in handles:
                handle.remove()


def _class_map(seen: dict[str, Tensor], labels: Tensor, layer: TargetLayer) -> Tensor:
    return class_map(seen["logits"], seen["map"], labels, layer.layout, layer.prefix_tokens)


def _in_graph(output: Tensor) -> Tensor:
    """Behind frozen stages nothing has a gradient yet; a map needs one from its layer on."""
    return output if output.requires_grad else output.detach().requires_grad_().clone()


@contextmanager
def _derivable_twice() -> Iterator[None]:
    """Fused attention has no second derivative."""
    with sdpa_kernel(SDPBackend.MATH):
        yield
