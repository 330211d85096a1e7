"""Visformer-S: a teacher, convolutions first and attention after.

Chen et al., *Visformer: The Vision-friendly Transformer*, ICCV 2021, arXiv:2104.12533; from timm.
"""

from __future__ import annotations

import timm
from torch import nn

from medkd_core.errors import NetworkError

_STEM_WIDTH = 32
_EMBED_DIM = 384
_DIVISOR = 24
_REDUCTION = 32


def build_visformer_s(
    num_classes: int = 1000, width: float = 1.0, image_size: int = 224
) -> nn.Module:
    """Visformer-S with its channels scaled and the number of heads kept.

    The middle stage has ``384 * width`` channels, rounded to a multiple of 24 (six heads, and
    eight groups in the first stage); the first has half and the last twice as many. The stem has
    ``round(32 * width)``, at least 4.

    Raises
    ------
    NetworkError
        `image_size` is no multiple of 32.
    """
    if image_size % _REDUCTION:
        raise NetworkError(
            f"Cannot make Visformer-S for {image_size} pixels",
            because="its side must be a multiple of 32",
            cure="Choose 224, or another multiple of 32.",
        )
    return timm.create_model(
        "visformer_small",
        num_classes=num_classes,
        img_size=image_size,
        init_channels=max(4, round(_STEM_WIDTH * width)),
        embed_dim=max(_DIVISOR, round(_EMBED_DIM * width / _DIVISOR) * _DIVISOR),
    )
