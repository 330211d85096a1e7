"""DenseNet-201: a teacher.

Huang et al., *Densely Connected Convolutional Networks*, CVPR 2017, arXiv:1608.06993; from timm.
"""

from __future__ import annotations

import timm
from torch import nn

_GROWTH_RATE = 32


def build_densenet201(num_classes: int = 1000, width: float = 1.0) -> nn.Module:
    """DenseNet-201 with its growth rate scaled.

    Each layer adds ``round(32 * width)`` channels; the stem has twice and a bottleneck four times
    as many, as published.
    """
    growth_rate = max(1, round(_GROWTH_RATE * width))
    return timm.create_model("densenet201", num_classes=num_classes, growth_rate=growth_rate)
