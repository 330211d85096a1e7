"""A network from its target layer on: what the layer gives, and what becomes of changes to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import torch
from torch import Tensor, nn

from medkd_core.networks.access import Explained, as_map

MOST_AT_ONCE = 64
BYTES_AT_ONCE = 32 * 2**20
"""Of changed outputs of the layer that are held at a time."""


class Seen:
    """What a network makes of one image, and would make of changes at its target layer.

    All changes are made to the layer's output while the network sees the single image: no graph is
    kept of what comes before the layer, and it is not repeated for each change.

    Parameters
    ----------
    explained : Explained
        A network that is `resting`.
    image : Tensor, (1, 3, H, W)
    differentiable : bool
        Whether `gradients` will be asked for.

    Attributes
    ----------
    logits : Tensor, (classes,)
    activations : Tensor, (channels, h, w)
        The target layer's output.
    """

    def __init__(self, explained: Explained, image: Tensor, *, differentiable: bool) -> None:
        self._explained = explained
        self._image = image
        self._outputs: list[Tensor] = []

        def keep(output: Tensor) -> Tensor:
            self._outputs.append(output.detach().requires_grad_(differentiable))
            return self._outputs[-1].clone()  # an activation that works in place may follow

        with torch.set_grad_enabled(differentiable):
            self.logits = self._run(keep)[0]
        self.activations = self._as_map(self._outputs[-1].detach())

    def gradients(self) -> Iterator[Tensor]:
        """Derivatives (channels, h, w) of each class's logit with respect to the activations.

        They are 0 where a logit depends on nothing that the layer gives.
        """
        for logit in self.logits:
            found: Tensor | None = None
            if logit.requires_grad:
                (found,) = torch.autograd.grad(
                    logit, self._outputs[-1], retain_graph=True, allow_unused=True
                )
            yield torch.zeros_like(self.activations) if found is None else self._as_map(found)

    def active_channels(self) -> Tensor:
        """Indices (k,) of the channels that are not 0 everywhere."""
        return self.activations.flatten(1).any(dim=1).nonzero()[:, 0]

    def without_channels(self, channels: Tensor) -> Iterator[Tensor]:
        """Logits (k, classes) with each of the channels set to 0, one at a time, in chunks."""
        size = self._outputs[-1].nbytes
        for chunk in channels.split(max(1, min(MOST_AT_ONCE, BYTES_AT_ONCE // size))):
            with torch.no_grad():
                yield self._run(partial(self._without, channels=chunk))

    def _without(self, output: Tensor, channels: Tensor) -> Tensor:
        copies = output.repeat(len(channels), *[1] * (output.ndim - 1))
        axis = 1 if self._explained.layout == "nchw" else -1
        copies.movedim(axis, 1)[torch.arange(len(channels)), channels] = 0
        return copies

    def _as_map(self, output: Tensor) -> Tensor:
        return as_map(output, self._explained.layout, self._explained.prefix_tokens)[0]

    def _run(self, change: Callable[[Tensor], Tensor]) -> Tensor:
        layer = self._explained.network.get_submodule(self._explained.target_layer)
        handle = layer.register_forward_hook(lambda _module, _inputs, output: change(output))
        try:
            return self._explained.network(self._image)
        finally:
            handle.remove()


@contextmanager
def resting(network: nn.Module) -> Iterator[None]:
    """A network in evaluation mode whose weights ask for no gradients; afterwards as it was.

    Its convolutions work in their own precision and always the same way, so that a film keeps its
    map.
    """
    modes = {module: module.training for module in network.modules()}
    wanted = {weight: weight.requires_grad for weight in network.parameters()}
    try:
        network.eval().requires_grad_(False)
        with torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False):
            yield
    finally:
        for module, mode in modes.items():
            module.training = mode
        for weight, flag in wanted.items():
            weight.requires_grad = flag
