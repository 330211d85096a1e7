"""What a user of a network must know about it; no network library is imported here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from medkd_core.errors import NetworkError
from medkd_core.imaging.recipe import IMAGENET_MEAN, IMAGENET_STD, InputRecipe

Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkFacts:
    """A network as published.

    Attributes
    ----------
    name : str
        Registry name: ``ofa_595``.
    label : str
        For the screen: ``OFA-595``.
    role : str
        What MedKD uses it as, unless told otherwise: ``student`` or ``teacher``.
    native_size : int
        Side of the square input in pixels that it was published for.
    interpolation : str
        ``bilinear`` or ``bicubic``.
    mean, std : tuple of float
        Normalisation of pixels in [0, 1].
    target_layer : str
        Module whose output a class activation map explains. An output of tokens
        (n, h * w, channels) is read row by row as (n, channels, h, w).
    cheaper_layer : str or None
        A layer with fewer channels at the same resolution, for a faster map.
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
    mean: Triple = IMAGENET_MEAN
    std: Triple = IMAGENET_STD
    target_layer: str
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
"""Every network that MedKD can make, by name."""


def network_facts(name: str) -> NetworkFacts:
    """What is known of a network.

    Raises
    ------
    NetworkError
        There is no network of that name.
    """
    try:
        return NETWORKS[name]
    except KeyError:
        raise NetworkError(
            f"Cannot make a network called {name!r}",
            because="there is none of that name",
            cure=f"Known networks: {', '.join(NETWORKS)}.",
        ) from None


def recipe_for(name: str, image_size: int | None = None) -> InputRecipe:
    """How a picture becomes the input that a network was published for.

    Parameters
    ----------
    name : str
        Registry name.
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
