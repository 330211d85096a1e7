"""Evidence computed by torch: one look at the image, then what each method asks of the network."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from medkd_core.explanation.other_methods.eigen import main_pattern
from medkd_core.explanation.other_methods.evidence import Evidence, no_map
from medkd_core.explanation.other_methods.methods import Method
from medkd_core.explanation.other_methods.target_layer import Seen, resting
from medkd_core.networks.target_layers import with_target_layer

FloatArray = NDArray[np.float32]
Array = NDArray[np.float64]
Report = Callable[[int, int], None]

LAYER_ROUNDING = 1e-5
"""Relative differences between a layer's cells that float32 leaves where there are none."""


def all_classes(
    network: nn.Module,
    name: str,
    image: FloatArray,
    method: Method,
    target_layer: str | None,
    report: Report,
) -> Evidence:
    """Evidence for every class; see `class_evidence`, whose checks were made.

    Parameters
    ----------
    report : callable
        Called with the steps finished and their total; may raise to end the work.
    """
    explained = with_target_layer(network, name, image.shape[-1], target_layer)
    weight = next(network.parameters())
    # A copy, because torch warns of arrays that cannot be written and refuses mirrored ones.
    placed = torch.from_numpy(image.copy())[None].to(weight.device, weight.dtype)
    with resting(network):
        report(0, 1)
        seen = Seen(explained, placed, differentiable=method.gradients)
        logits, activations = _array(seen.logits), _array(seen.activations)
        if _is_flat(activations):
            maps, forwards = np.zeros((len(logits), *activations.shape[1:])), 0
            report(1, 1)
        else:
            maps, forwards = _maps(method, network, seen, report)
    if not np.isfinite(maps).all():
        raise no_map("the evidence has values that are not finite numbers")
    return Evidence(logits.astype(np.float32), maps, activations.mean(axis=0), forwards)


def _maps(method: Method, network: nn.Module, seen: Seen, report: Report) -> tuple[Array, int]:
    if method.gradients:
        return _from_gradients(method, network, seen, report), 0
    if method.class_dependent:
        return _from_losses(seen, report)
    pattern = main_pattern(_array(seen.activations))
    report(1, 1)
    return np.repeat(pattern[None], len(seen.logits), axis=0), 0


def _from_gradients(method: Method, network: nn.Module, seen: Seen, report: Report) -> Array:
    from medkd_core.explanation.other_methods.formulas import gradient_evidence

    activations = _array(seen.activations)
    maps: list[Array] = []
    for gradients in seen.gradients():
        maps.append(gradient_evidence(method.name, network, activations, _array(gradients)))
        report(len(maps), len(seen.logits))
    return np.stack(maps)


def _from_losses(seen: Seen, report: Report) -> tuple[Array, int]:
    """Channels weighted by what each class's score loses when they are set to 0.

    The published weight is divided by the score itself, which turns the map of a class upside down
    when its score is negative, and else changes nothing that normalising leaves; it is not divided
    here. pytorch-grad-cam sets channels to -10^7 instead of 0 where a layer has negative values,
    which no network has seen; here it is 0 always, as published.
    """
    channels = seen.active_channels()
    losses = np.empty((len(channels), len(seen.logits)))
    done = 0
    for without in seen.without_channels(channels):
        losses[done : done + len(without)] = _array(seen.logits - without)
        done += len(without)
        report(done, len(channels))
    return np.tensordot(losses.T, _array(seen.activations[channels]), axes=1), len(channels)


def _is_flat(activations: Array) -> bool:
    spread = float(np.ptp(activations, axis=(1, 2)).max())
    return spread <= LAYER_ROUNDING * float(np.abs(activations).max())


def _array(tensor: Tensor) -> Array:
    array = tensor.detach().cpu().double().numpy()
    if not np.isfinite(array).all():
        raise no_map("the network answers with values that are not finite numbers")
    return array
