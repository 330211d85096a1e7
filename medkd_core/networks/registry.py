"""What a user of a network must know about it; no network library is imported here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from medkd_core.errors import NetworkError
from medkd_core.imaging.recipe import IMAGENET_MEAN, IMAGENET_STD, InputRecipe

Triple = tuple[float, float, float]

Layout = Literal["nchw", "nhwc", "tokens"]
"""How a layer's output becomes (n, channels, h, w): it is that already; channels stand last; or it
is (n, tokens, channels), the tokens of a square grid row by row."""

TIMM_PREFIX = "timm:"
_TIMM_NAME = re.compile(r"timm:\w+(\.\w+)?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkFacts:
    """A network as published.

    Attributes
    ----------
    name : str
        ``ofa_595``, or ``timm:resnet50`` for a network that is timm's alone.
    label : str
        For the screen: ``OFA-595``.
    role : str
        What MedKD uses it as, unless told otherwise: ``student`` or ``teacher``.
    native_size : int
        Side of the square input in pixels that it was published for.
    interpolation : str
        ``bilinear`` or ``bicubic``.
    crop_fraction : float
        The published figures were taken on pictures resized to ``native_size / crop_fraction`` and
        cropped in the middle. MedKD crops nothing: a film's edge may matter.
    mean, std : tuple of float
        Normalisation of pixels in [0, 1].
    target_layer : str
        Module whose output a class activation map explains.
    layout : Layout
        How that output becomes (n, channels, h, w): ``nchw``, ``nhwc`` or ``tokens``.
    prefix_tokens : int
        Class and register tokens before those of the grid; they are left out.
    cheaper_layer : str or None
        A layer with fewer channels at the same resolution and of the same layout, for a faster
        map; None where the last stage has no narrower one.
    parameters : int
        Trainable weights with 1000 classes.
    macs : int
        Multiply-accumulates of one native input with 1000 classes: convolutions, linear layers
        and attention products.
    paper : str
    licence : str
        Of the published weights.
    timm_name : str or None
        Architecture in timm; None where MedKD has its own code.
    """

    name: str
    label: str
    role: Literal["student", "teacher"] = "teacher"
    native_size: int = 224
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"
    crop_fraction: float = 0.875
    mean: Triple = IMAGENET_MEAN
    std: Triple = IMAGENET_STD
    target_layer: str
    layout: Layout = "nchw"
    prefix_tokens: int = 0
    cheaper_layer: str | None = None
    parameters: int
    macs: int
    paper: str
    licence: str
    timm_name: str | None = None


_OFA_PAPER = "Cai et al., Once for All, ICLR 2020, arXiv:1908.09791"
_VGG_PAPER = "Simonyan and Zisserman, Very Deep Convolutional Networks, ICLR 2015, arXiv:1409.1556"

_FACTS = (
    NetworkFacts(
        name="ofa_595",
        label="OFA-595",
        role="student",
        native_size=236,
        target_layer="final_expand_layer",
        cheaper_layer="blocks.19",
        parameters=9_135_928,
        macs=595_189_032,
        paper=_OFA_PAPER,
        licence="MIT",
    ),
    NetworkFacts(
        name="ofa_595_s",
        label="OFA-595-S",
        role="student",
        mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0),
        target_layer="final_expand_layer",
        cheaper_layer="blocks.19",
        parameters=9_135_928,
        macs=512_861_680,
        paper=f"{_OFA_PAPER}; Ridnik et al., ImageNet-21K Pretraining, 2021, arXiv:2104.10972",
        licence="MIT",
    ),
    NetworkFacts(
        name="densenet201",
        label="DenseNet-201",
        interpolation="bicubic",
        target_layer="features",
        parameters=20_013_928,
        macs=4_291_365_888,
        paper="Huang et al., Densely Connected Convolutional Networks, CVPR 2017, arXiv:1608.06993",
        licence="BSD-3-Clause",
        timm_name="densenet201",
    ),
    NetworkFacts(
        name="visformer_s",
        label="Visformer-S",
        interpolation="bicubic",
        crop_fraction=0.9,
        target_layer="norm",
        parameters=40_219_592,
        macs=4_879_380_480,
        paper="Chen et al., Visformer, ICCV 2021, arXiv:2104.12533",
        licence="Apache-2.0",
        timm_name="visformer_small",
    ),
    NetworkFacts(
        name="autoformer_v2_t",
        label="AutoFormerV2-T",
        interpolation="bicubic",
        target_layer="norm",
        layout="tokens",
        parameters=28_328_674,
        macs=4_623_332_352,
        paper="Chen et al., Searching the Search Space of Vision Transformer, NeurIPS 2021, "
        "arXiv:2111.14725",
        licence="MIT",
    ),
    NetworkFacts(
        name="vgg19",
        label="VGG-19",
        target_layer="features.35",
        parameters=143_667_240,
        macs=19_632_062_464,
        paper=_VGG_PAPER,
        licence="BSD-3-Clause",
        timm_name="vgg19",
    ),
    NetworkFacts(
        name="vgg19_bn",
        label="VGG-19-BN",
        target_layer="features.51",
        parameters=143_678_248,
        macs=19_632_062_464,
        paper=_VGG_PAPER,
        licence="BSD-3-Clause",
        timm_name="vgg19_bn",
    ),
)

NETWORKS: Mapping[str, NetworkFacts] = MappingProxyType({facts.name: facts for facts in _FACTS})
"""Every network that MedKD has a name for; any other of timm is called ``timm:NAME``."""


def is_timm_name(name: str) -> bool:
    """Whether a name is written like one of timm: ``timm:resnet50``, ``timm:resnet50.a1_in1k``.

    timm itself, which knows whether there is such a network, is not asked.
    """
    return _TIMM_NAME.fullmatch(name) is not None


def network_facts(name: str) -> NetworkFacts:
    """What is known of a network.

    Parameters
    ----------
    name : str
        A key of `NETWORKS`, or ``timm:NAME``: then timm is imported and the network is looked at.

    Raises
    ------
    NetworkError
        There is no network of that name, or it is none that can be explained.
    """
    if name in NETWORKS:
        return NETWORKS[name]
    if is_timm_name(name):
        return _timm_facts(name)
    raise NetworkError(
        f"Cannot make a network called {name!r}",
        because="there is none of that name",
        cure=f"Known networks: {', '.join(NETWORKS)}, and timm:NAME for any other of timm.",
    )


def _timm_facts(name: str) -> NetworkFacts:
    try:
        from medkd_core.networks.timm_networks import timm_facts
    except ModuleNotFoundError as error:
        raise NetworkError(
            f"Cannot look at the network {name}",
            because=f"the package {error.name} is not installed",
            cure="Install MedKD with its training packages: pip install medkd.",
        ) from error
    return timm_facts(name)


def recipe_for(name: str, image_size: int | None = None) -> InputRecipe:
    """How a picture becomes the input that a network was published for.

    Parameters
    ----------
    name : str
        A key of `NETWORKS`, or ``timm:NAME``.
    image_size : int, optional
        Side of the input in pixels; the native one when left out.
    """
    facts = network_facts(name)
    return InputRecipe(
        size=image_size or facts.native_size,
        interpolation=facts.interpolation,
        mean=facts.mean,
        std=facts.std,
    )
