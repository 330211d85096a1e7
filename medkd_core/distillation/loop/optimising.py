"""Which weights learn, and how fast each of them does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim import AdamW, Optimizer

from medkd_core.errors import NetworkError
from medkd_core.jobs.spec import TrainingSpec
from medkd_core.networks.stages import stage_numbers


def freeze(network: nn.Module, name: str, spec: TrainingSpec) -> list[nn.Module]:
    """Stop the first stages from learning.

    Parameters
    ----------
    network : torch.nn.Module
        Its frozen weights no longer require a gradient.
    name : str
        As in `create_network`.
    spec : TrainingSpec
        ``frozen_stages`` and ``freeze_normalisation``.

    Returns
    -------
    list of torch.nn.Module
        Normalisations that must stay in evaluation mode: those of frozen stages, or all.

    Raises
    ------
    NetworkError
        The network has no stages, or too few of them.
    """
    frozen = _frozen_names(network, name, spec.frozen_stages) if spec.frozen_stages else set()
    for key, weight in network.named_parameters():
        weight.requires_grad_(key not in frozen)
    return [
        module
        for key, module in network.named_modules()
        if isinstance(module, _BatchNorm)
        and (spec.freeze_normalisation or f"{key}.weight" in frozen)
    ]


def _frozen_names(network: nn.Module, name: str, stages: int) -> set[str]:
    numbers = stage_numbers(network, name)
    last = max(numbers.values())
    if stages > last:
        raise NetworkError(
            f"Cannot freeze {stages} stages of {name}",
            because=f"it has {last + 1}, and the last one must learn",
            cure=f"Set frozen_stages to {last} or less.",
        )
    return {key for key, number in numbers.items() if number < stages}


def make_optimizer(
    network: nn.Module, name: str, others: Iterable[nn.Parameter], spec: TrainingSpec
) -> AdamW:
    """AdamW over all weights that learn.

    Loshchilov and Hutter, Decoupled Weight Decay Regularization, ICLR 2019, arXiv:1711.05101.
    Biases and the weights of normalisations do not decay. With ``layer_decay`` d the learning rate
    of stage s of S is scaled by ``d**(S - 1 - s)`` (Clark et al., ELECTRA, ICLR 2020,
    arXiv:2003.10555, appendix A); each group of the optimiser has its factor as ``lr_scale``.

    Parameters
    ----------
    network : torch.nn.Module
    name : str
        As in `create_network`.
    others : iterable of Parameter
        What learns besides the network: at full speed and without decay.
    spec : TrainingSpec

    Raises
    ------
    NetworkError
        The network has no stages, and ``layer_decay`` asks for them.
    """
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    scales = _learning_scales(network, name, spec.layer_decay)
    for key, weight in network.named_parameters():
        if weight.requires_grad:
            decay = 0.0 if weight.ndim <= 1 or key.endswith(".bias") else spec.weight_decay
            groups.setdefault((scales.get(key, 1.0), decay), []).append(weight)
    if rest := list(others):
        groups.setdefault((1.0, 0.0), []).extend(rest)
    return AdamW(
        [
            {"params": weights, "weight_decay": decay, "lr_scale": scale}
            for (scale, decay), weights in groups.items()
        ],
        lr=spec.learning_rate,
    )


def _learning_scales(network: nn.Module, name: str, layer_decay: float) -> dict[str, float]:
    if layer_decay == 1:
        return {}
    numbers = stage_numbers(network, name)
    last = max(numbers.values())
    return {key: layer_decay ** (last - number) for key, number in numbers.items()}


def set_learning_rate(optimizer: Optimizer, rate: float) -> None:
    """Give every group its own part of the rate."""
    group: dict[str, Any]
    for group in optimizer.param_groups:
        group["lr"] = rate * group["lr_scale"]
