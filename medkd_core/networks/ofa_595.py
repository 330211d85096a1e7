"""OFA-595: the student, a MobileNetV3-like network found in the Once-for-All space.

Cai et al., *Once for All*, ICLR 2020, arXiv:1908.09791; the released sub-network
``flops@595M_top1@80.0_finetune@75``. State-dict keys and shapes are those of the released file.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class _Block:
    """An inverted bottleneck of the found network; ``swish`` stands for the later stages."""

    width: int
    kernel: int
    stride: int
    expansion: int
    swish: bool
    squeeze: bool


def _stage(width: int, stride: int, swish: bool, squeeze: bool, found: str) -> tuple[_Block, ...]:
    """Blocks of a stage; `found` lists kernel and expansion of each: ``"5x4 3x6"``."""
    pairs = [pair.split("x") for pair in found.split()]
    return tuple(
        _Block(width, int(kernel), stride if i == 0 else 1, int(expansion), swish, squeeze)
        for i, (kernel, expansion) in enumerate(pairs)
    )


_STEM_WIDTH = 24
_BLOCKS = (
    *_stage(24, 1, swish=False, squeeze=False, found="3x1"),
    *_stage(32, 2, swish=False, squeeze=False, found="3x3 5x4 3x3"),
    *_stage(48, 2, swish=False, squeeze=True, found="5x4 5x4 3x6 5x3"),
    *_stage(96, 2, swish=True, squeeze=False, found="7x6 5x6 3x3 5x4"),
    *_stage(136, 1, swish=True, squeeze=True, found="3x6 5x6 7x6 3x4"),
    *_stage(192, 2, swish=True, squeeze=True, found="3x6 3x6 5x6 3x3"),
)
_EXPANDED_WIDTH = 1152
_MIXED_WIDTH = 1536


class Ofa595(nn.Module):
    """OFA-595 with its channels scaled by `width`, each rounded to a multiple of 8.

    Parameters
    ----------
    num_classes : int
    width : float
        1 is the published network.
    smooth : bool
        False: hard swish and hard sigmoid, as released by the authors. True: swish, sigmoid, no
        dropout and a 1 x 1 convolution as classifier, as in the ImageNet-21K-P release.
    """

    def __init__(self, num_classes: int = 1000, width: float = 1.0, smooth: bool = False) -> None:
        super().__init__()
        swish, gate = (nn.SiLU, nn.Sigmoid) if smooth else (nn.Hardswish, nn.Hardsigmoid)
        channels = _scaled(_STEM_WIDTH, width)
        expanded, mixed = _scaled(_EXPANDED_WIDTH, width), _scaled(_MIXED_WIDTH, width)
        self.first_conv = _convolution(3, channels, kernel=3, stride=2, activation=swish())
        self.blocks = nn.Sequential()
        for block in _BLOCKS:
            out = _scaled(block.width, width)
            self.blocks.append(_InvertedBottleneck(block, channels, out, swish, gate))
            channels = out
        self.final_expand_layer = _convolution(channels, expanded, activation=swish())
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.feature_mix_layer = nn.Sequential(
            OrderedDict(conv=nn.Conv2d(expanded, mixed, 1, bias=False), act=swish())
        )
        self.classifier = _classifier(mixed, num_classes, smooth)
        self.apply(_initialise)

    def get_classifier(self) -> nn.Module:
        """The last layer, as timm's networks name it."""
        return self.classifier.get_submodule("linear")

    def forward(self, images: Tensor) -> Tensor:
        """(n, 3, height, width) -> logits (n, classes)."""
        features = self.final_expand_layer(self.blocks(self.first_conv(images)))
        return self.classifier(self.feature_mix_layer(self.pool(features)))


class _InvertedBottleneck(nn.Module):
    def __init__(
        self,
        block: _Block,
        channels_in: int,
        channels_out: int,
        swish: type[nn.Module],
        gate: type[nn.Module],
    ) -> None:
        super().__init__()
        middle = channels_in * block.expansion
        activation = swish if block.swish else nn.ReLU
        layers = OrderedDict[str, nn.Module]()
        if block.expansion > 1:
            layers["inverted_bottleneck"] = _convolution(
                channels_in, middle, activation=activation()
            )
        layers["depth_conv"] = _convolution(
            middle, middle, block.kernel, block.stride, groups=middle, activation=activation()
        )
        if block.squeeze:
            layers["depth_conv"].add_module("se", _SqueezeExcitation(middle, gate()))
        layers["point_linear"] = _convolution(middle, channels_out)
        self.mobile_inverted_conv = nn.Sequential(layers)
        self.shortcut = block.stride == 1 and channels_in == channels_out

    def forward(self, x: Tensor) -> Tensor:
        y = self.mobile_inverted_conv(x)
        return x + y if self.shortcut else y


class _SqueezeExcitation(nn.Module):
    def __init__(self, channels: int, gate: nn.Module) -> None:
        super().__init__()
        hidden = _scaled(channels // 4)
        self.fc = nn.Sequential(
            OrderedDict(
                reduce=nn.Conv2d(channels, hidden, 1),
                relu=nn.ReLU(),
                expand=nn.Conv2d(hidden, channels, 1),
                gate=gate,
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        return x * self.fc(x.mean((2, 3), keepdim=True))


def _scaled(channels: int, width: float = 1.0) -> int:
    """Nearest multiple of 8, at least 8 and never more than 10 % below what was asked for."""
    wanted = channels * width
    rounded = max(8, int(wanted + 4) // 8 * 8)
    return rounded if rounded >= 0.9 * wanted else rounded + 8


def _convolution(
    channels_in: int,
    channels_out: int,
    kernel: int = 1,
    stride: int = 1,
    groups: int = 1,
    activation: nn.Module | None = None,
) -> nn.Sequential:
    layers = OrderedDict[str, nn.Module](
        conv=nn.Conv2d(
            channels_in, channels_out, kernel, stride, kernel // 2, groups=groups, bias=False
        ),
        bn=nn.BatchNorm2d(channels_out),
    )
    if activation is not None:
        layers["act"] = activation
    return nn.Sequential(layers)


def _classifier(channels: int, num_classes: int, smooth: bool) -> nn.Sequential:
    if smooth:
        return nn.Sequential(
            OrderedDict(linear=nn.Conv2d(channels, num_classes, 1), flatten=nn.Flatten())
        )
    return nn.Sequential(
        OrderedDict(
            flatten=nn.Flatten(), dropout=nn.Dropout(0.2), linear=nn.Linear(channels, num_classes)
        )
    )


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out")
    elif isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, std=0.01)
    if isinstance(module, nn.Conv2d | nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)
