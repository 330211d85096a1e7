"""The stages of a network, from its input on, for whoever freezes some or trains them more slowly.

A stage of MedKD's own networks is all that works at one resolution, and of a transformer or of
OFA-595 the blocks of one width; the stem belongs to the first one, the classifier and what mixes
features for it are the last one. A network of timm is divided as timm does it coarsely
(``group_matcher``): the stem is a stage of its own, then each stage, or each block of a transformer
without stages, then the head.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from timm.models import group_parameters
from torch import nn

from medkd_core.errors import NetworkError
from medkd_core.networks.registry import is_timm_name

_OFA = (
    r"first_conv|blocks\.0\.",
    r"blocks\.[1-3]\.",
    r"blocks\.[4-7]\.",
    r"blocks\.([89]|1[01])\.",
    r"blocks\.1[2-5]\.",
    r"blocks\.1[6-9]\.",
)
_STAGES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "ofa_595": _OFA,
        "ofa_595_s": _OFA,
        "densenet201": (
            r"features\.(conv0|norm0|denseblock1|transition1)\b",
            r"features\.(denseblock2|transition2)\b",
            r"features\.(denseblock3|transition3)\b",
            r"features\.denseblock4\b",
        ),
        "visformer_s": (
            r"stem|patch_embed1|pos_embed1|stage1",
            r"patch_embed2|pos_embed2|stage2",
            r"patch_embed3|pos_embed3|stage3",
        ),
        "autoformer_v2_t": (
            r"patch_embed|layers\.0\.",
            r"layers\.1\.",
            r"layers\.2\.",
            r"layers\.3\.",
        ),
        "vgg19": (
            r"features\.[0-4]\.",
            r"features\.[5-9]\.",
            r"features\.1[0-8]\.",
            r"features\.(19|2[0-7])\.",
            r"features\.(2[89]|3\d)\.",
        ),
        "vgg19_bn": (
            r"features\.[0-6]\.",
            r"features\.([7-9]|1[0-3])\.",
            r"features\.(1[4-9]|2[0-6])\.",
            r"features\.(2[7-9]|3\d)\.",
            r"features\.[45]\d\.",
        ),
    }
)
"""What the names of a stage's weights begin with; all that matches none is the last stage."""


def stage_numbers(network: nn.Module, name: str) -> dict[str, int]:
    """The stage of each weight by its name, counted from 0 at the input.

    Parameters
    ----------
    network : torch.nn.Module
        Made by `create_network`.
    name : str
        Its name there.

    Raises
    ------
    NetworkError
        A network of timm that is not divided into stages.
    """
    if not is_timm_name(name):
        patterns = [re.compile(pattern) for pattern in _STAGES[name]]
        return {key: _matching(patterns, key) for key, _ in network.named_parameters()}
    group_matcher = getattr(network, "group_matcher", None)
    if group_matcher is None:
        raise NetworkError(
            f"Cannot divide the network {name} into stages",
            because="timm does not say where they begin",
            cure="Leave frozen_stages at 0 and layer_decay at 1.",
        )
    return dict(group_parameters(network, group_matcher(coarse=True), reverse=True))


def _matching(patterns: list[re.Pattern[str]], key: str) -> int:
    numbers = (number for number, pattern in enumerate(patterns) if pattern.match(key))
    return next(numbers, len(patterns))
