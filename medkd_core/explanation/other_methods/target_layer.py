"""A network from its target layer on: what the layer gives, and what becomes of changes to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import accumulate, chain

import torch
from torch import Tensor, nn

from medkd_core.explanation.other_methods.evidence import no_map
from medkd_core.networks.access import Explained, as_map

MOST_AT_ONCE = 64
BYTES_AT_ONCE = 8 * 2**20
"""Of changed outputs of the layer that are held at a time."""


class Seen:
    """What a network makes of one image, and would make of changes at its target layer.

    The graph for gradients begins at the layer: none is kept of what comes before it. What the
    network's own parts gave before the layer is remembered, and not computed again for each change.

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

    Raises
    ------
    ExplanationError
        The layer is not run exactly once for an image.
    """

    def __init__(self, explained: Explained, image: Tensor, *, differentiable: bool) -> None:
        self._explained = explained
        self._image = image
        self._layer = explained.network.get_submodule(explained.target_layer)
        runs = Counter[nn.Module]()
        earlier: dict[nn.Module, Tensor] = {}

        def note(module: nn.Module, _inputs: object, output: Tensor) -> Tensor | None:
            runs[module] += 1
            if module is self._layer:
                self._output = output.detach().requires_grad_(differentiable)
                return self._output.clone()  # what follows may work in place
            if isinstance(output, Tensor) and self._layer not in runs:
                earlier[module] = output.clone()
            return None

        with _listening(self._parts(), note), torch.set_grad_enabled(differentiable):
            self.logits = explained.network(image)[0]
        if runs[self._layer] != 1:
            raise no_map(f"the layer is run {runs[self._layer]} times for an image, not once")
        self._earlier = {module: given for module, given in earlier.items() if runs[module] == 1}
        self.activations = self._as_map(self._output.detach())

    def _parts(self) -> set[nn.Module]:
        """The layer, and whatever stands beside it or beside a module that it is in."""
        network, *names = self._explained.network, *self._explained.target_layer.split(".")
        around = ["", *accumulate(names, "{}.{}".format)][:-1]
        beside = (network.get_submodule(name).children() for name in around)
        return {self._layer, *chain.from_iterable(beside)}

    def gradients(self) -> Iterator[Tensor]:
        """Derivatives (channels, h, w) of each class's logit with respect to the activations.

        They are 0 where a logit depends on nothing that the layer gives.
        """
        for logit in self.logits:
            found: Tensor | None = None
            if logit.requires_grad:
                (found,) = torch.autograd.grad(
                    logit, self._output, retain_graph=True, allow_unused=True
                )
            yield torch.zeros_like(self.activations) if found is None else self._as_map(found)

    def active_channels(self) -> Tensor:
        """Indices (k,) of the channels that are not 0 everywhere."""
        return self.activations.flatten(1).any(dim=1).nonzero()[:, 0]

    def without_channels(self, channels: Tensor) -> Iterator[Tensor]:
        """Logits (k, classes) with each of the channels set to 0, one at a time, in chunks."""
        size = self._output.nbytes
        for chunk in channels.split(max(1, min(MOST_AT_ONCE, BYTES_AT_ONCE // size))):
            given = {**self._earlier, self._layer: self._without(chunk)}
            with _giving(given), torch.no_grad():
                logits = self._explained.network(self._image)
            yield logits

    def _without(self, channels: Tensor) -> Tensor:
        """The layer's output once for each channel, with that channel set to 0."""
        copies = self._output.detach().repeat(len(channels), *[1] * (self._output.ndim - 1))
        axis = 1 if self._explained.layout == "nchw" else -1
        each = torch.arange(len(channels), device=channels.device)
        copies.movedim(axis, 1)[each, channels] = 0
        return copies

    def _as_map(self, output: Tensor) -> Tensor:
        return as_map(output, self._explained.layout, self._explained.prefix_tokens)[0]


@contextmanager
def _listening(modules: set[nn.Module], note: Callable[..., Tensor | None]) -> Iterator[None]:
    handles = [module.register_forward_hook(note) for module in modules]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def _giving(outputs: Mapping[nn.Module, Tensor]) -> Iterator[None]:
    """Modules that give what was computed before, whatever they are given."""
    with ExitStack() as restored:
        for module, output in outputs.items():
            restored.callback(_restore_forward, module, vars(module).get("forward"))
            module.forward = lambda *_inputs, output=output, **_options: output.clone()
        yield


def _restore_forward(module: nn.Module, own: Callable[..., Tensor] | None) -> None:
    # A bound method left behind would call this module from within a copy of it.
    del module.forward
    if own is not None:
        module.forward = own


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
