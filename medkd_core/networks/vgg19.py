"""VGG-19, without and with batch normalisation: a teacher.

Simonyan and Zisserman, *Very Deep Convolutional Networks for Large-Scale Image Recognition*,
ICLR 2015, arXiv:1409.1556 (configuration E); from timm.
"""

from __future__ import annotations

from timm.layers import ClassifierHead
from timm.models.vgg import VGG, ConvMlp
from torch import nn

_CONFIGURATION_E = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))
_HIDDEN_WIDTH = 4096
_FINAL_GRID = 7


def build_vgg19(num_classes: int = 1000, width: float = 1.0, batch_norm: bool = False) -> nn.Module:
    """VGG-19 with the channels of its convolutions and of its hidden layers scaled.

    Each layer has ``round(channels * width)`` channels, at least 4. Inputs of less than 224 pixels
    are averaged up to the 7 x 7 grid that the classifier reads, as timm does it.
    """
    layers: list[int | str] = []
    for channels, count in _CONFIGURATION_E:
        layers += [_scaled(channels, width)] * count + ["M"]
    network = VGG(layers, num_classes, norm_layer=nn.BatchNorm2d if batch_norm else None)
    if width != 1.0:
        _scale_classifier(network, num_classes, _scaled(_HIDDEN_WIDTH, width))
    return network


def _scale_classifier(network: VGG, num_classes: int, hidden: int) -> None:
    """Replace the classifier: timm fixes its hidden layers at 4096 channels."""
    network.pre_logits = ConvMlp(network.num_features, hidden, _FINAL_GRID)
    network.head = ClassifierHead(hidden, num_classes)
    network.head_hidden_size = hidden
    network._initialize_weights()


def _scaled(channels: int, width: float) -> int:
    return max(4, round(channels * width))
