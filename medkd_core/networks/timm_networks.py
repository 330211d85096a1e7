"""Networks that only timm knows, as teachers: what is known of them, and how they are made.

timm (PyTorch Image Models) describes each network's preprocessing; parameters, multiply-accumulates
and the target layer are found on a network without weights. Weights are never fetched here.
"""

from __future__ import annotations

import difflib
from functools import lru_cache
from typing import Any

import timm
import torch
from timm.models import PretrainedCfg, get_pretrained_cfg
from torch import nn

from medkd_core.errors import NetworkError
from medkd_core.networks.access import last_layer
from medkd_core.networks.complexity import count_macs, count_parameters
from medkd_core.networks.registry import TIMM_PREFIX, NetworkFacts
from medkd_core.networks.target_layers import find_target_layer, run_shape

_CLASSES = 1000


@lru_cache
def timm_facts(name: str) -> NetworkFacts:
    """What timm says of a network, and what is found by looking at it.

    The target layer is the last one whose output is still a map (`find_target_layer`) at the native
    size. Of a transformer with a class token it is the map of the other tokens after the last norm.

    Parameters
    ----------
    name : str
        ``timm:resnet50``; a tag after a dot chooses among published preprocessings.

    Raises
    ------
    NetworkError
        timm has no such network, it is no classifier of square colour pictures, or none of its
        layers makes a map.
    """
    cfg = _configuration(name)
    size = cfg.input_size[-1]
    if cfg.input_size != (3, size, size):
        shape = " x ".join(map(str, cfg.input_size))
        raise _unusable(name, f"it looks at pictures of {shape}, not at square colour ones")
    with torch.device("meta"):
        network = _build(name, cfg, _CLASSES, size).eval()
    found = find_target_layer(network, size)
    _check_answer(name, network, size)
    return NetworkFacts(
        name=name,
        label=f"{name.removeprefix(TIMM_PREFIX)} (timm)",
        native_size=size,
        interpolation="bilinear" if cfg.interpolation == "bilinear" else "bicubic",
        crop_fraction=cfg.crop_pct,
        mean=_triple(cfg.mean),
        std=_triple(cfg.std),
        target_layer=found.name,
        layout=found.layout,
        prefix_tokens=found.prefix_tokens,
        parameters=count_parameters(network),
        macs=count_macs(network, size),
        paper=cfg.paper_ids or cfg.paper_name or "not named by timm",
        licence=cfg.license or "not named by timm",
        timm_name=cfg.architecture,
    )


def build_timm(name: str, num_classes: int, image_size: int) -> nn.Module:
    """A network of timm with fresh weights, for images of `image_size` pixels.

    Raises
    ------
    NetworkError
        timm has no such network, or its architecture does not take images of that size.
    """
    return _build(name, _configuration(name), num_classes, image_size)


def _build(name: str, cfg: PretrainedCfg, num_classes: int, image_size: int) -> nn.Module:
    # Networks of a fixed size are told another one; those of any size know no such argument.
    sized = cfg.fixed_input_size and image_size != cfg.input_size[-1]
    size: dict[str, Any] = {"img_size": image_size} if sized else {}
    try:
        return timm.create_model(
            name.removeprefix(TIMM_PREFIX), pretrained=False, num_classes=num_classes, **size
        )
    except Exception as error:  # timm's architectures refuse numbers each in its own way
        raise NetworkError(
            f"Cannot make the network {name} for {num_classes} classes and {image_size} pixels",
            because=f"timm refuses ({error})".replace("\n", " "),
            cure=f"Its native size is {cfg.input_size[-1]} pixels.",
        ) from error


def _check_answer(name: str, network: nn.Module, size: int) -> None:
    """Refuse what gives no logits, or whose classifier cannot be listened to."""
    called: list[bool] = []
    handle = last_layer(network).register_forward_hook(lambda *_: called.append(True))
    logits = run_shape(network, size)
    handle.remove()
    if not isinstance(logits, torch.Tensor) or logits.shape != (1, _CLASSES):
        raise _unusable(name, "it does not answer with one number a class")
    if not called:
        raise _unusable(name, "what its classifier sees cannot be read")


def _configuration(name: str) -> PretrainedCfg:
    """timm's description of a network.

    Raises
    ------
    NetworkError
        There is no such network or tag; the message names close ones.
    """
    wanted = name.removeprefix(TIMM_PREFIX)
    architecture, _, tag = wanted.partition(".")
    known = timm.list_models()
    if architecture not in known:
        raise _unknown(name, architecture, known)
    tagged = timm.list_pretrained(f"{architecture}.*") if tag else []
    if tag and wanted not in tagged:
        raise _unknown(name, wanted, tagged)
    cfg = get_pretrained_cfg(wanted)
    if cfg is None:
        raise _unusable(name, "timm does not say what it looks at")
    return cfg


def _unknown(name: str, wanted: str, known: list[str]) -> NetworkError:
    near = ", ".join(TIMM_PREFIX + found for found in difflib.get_close_matches(wanted, known))
    return NetworkError(
        f"Cannot make a network called {name!r}",
        because="timm has none of that name",
        cure=f"Did you mean: {near}?" if near else "timm.list_models() lists those it has.",
    )


def _unusable(name: str, because: str) -> NetworkError:
    return NetworkError(
        f"Cannot use the network {name}", because=because, cure="Choose another network."
    )


def _triple(values: tuple[float, ...]) -> tuple[float, float, float]:
    first, second, third = values
    return first, second, third
