"""One function that makes every network; the libraries it needs are imported when it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medkd_core.errors import NetworkError
from medkd_core.networks.registry import is_timm_name, network_facts

if TYPE_CHECKING:
    from torch import nn

SMALLEST_IMAGE = 32


def create_network(
    name: str, num_classes: int = 1000, width: float = 1.0, image_size: int | None = None
) -> nn.Module:
    """Make a network with fresh weights.

    Parameters
    ----------
    name : str
        ``ofa_595``, ``ofa_595_s``, ``densenet201``, ``visformer_s``, ``autoformer_v2_t``,
        ``vgg19`` or ``vgg19_bn``; or ``timm:NAME`` for any other network of timm, with a tag if
        its preprocessing matters: ``timm:resnet50.a1_in1k``. No weights are fetched.
    num_classes : int
    width : float
        Scale of the channels, for demos and quick looks; 1 is the published network, with the
        published state-dict keys. The rounding is each network's own: see its module. Those called
        ``timm:NAME`` have no other width than 1.
    image_size : int, optional
        Side of the square input in pixels; the native one when left out. The transformers take
        multiples of 32, the others anything from 32 on; those of timm what their architecture
        takes.

    Returns
    -------
    torch.nn.Module
        In training mode, on the default device. It maps float32 images (n, 3, size, size) to
        logits (n, num_classes); ``get_classifier()`` is its last layer.

    Raises
    ------
    NetworkError
        There is no such network, or it cannot be made with these numbers.
    """
    try:
        size = network_facts(name).native_size if image_size is None else image_size
        _check(name, num_classes, width, size)
        return _build(name, num_classes, width, size)
    except ModuleNotFoundError as error:
        raise without_training_packages(name, error) from error


def without_training_packages(name: str, error: ModuleNotFoundError) -> NetworkError:
    """What to say where a network is wanted and a package that makes it is not installed."""
    return NetworkError(
        f"Cannot make the network {name}",
        because=f"the package {error.name} is not installed",
        cure="Install MedKD with its training packages: pip install medkd.",
    )


def _build(name: str, num_classes: int, width: float, size: int) -> nn.Module:
    if is_timm_name(name):
        from medkd_core.networks.timm_networks import build_timm

        return build_timm(name, num_classes, size)
    if name in {"ofa_595", "ofa_595_s"}:
        from medkd_core.networks.ofa_595 import Ofa595

        return Ofa595(num_classes, width, smooth=name == "ofa_595_s")
    if name == "autoformer_v2_t":
        from medkd_core.networks.autoformer_v2_t import AutoFormerV2T

        return AutoFormerV2T(num_classes, width, size)
    if name == "visformer_s":
        from medkd_core.networks.visformer_s import build_visformer_s

        return build_visformer_s(num_classes, width, size)
    if name == "densenet201":
        from medkd_core.networks.densenet201 import build_densenet201

        return build_densenet201(num_classes, width)
    from medkd_core.networks.vgg19 import build_vgg19

    return build_vgg19(num_classes, width, batch_norm=name == "vgg19_bn")


def _check(name: str, num_classes: int, width: float, size: int) -> None:
    wrong = None
    if num_classes < 1:
        wrong = f"it was asked for {num_classes} classes"
    elif not 0 < width <= 4:
        wrong = f"a width of {width:g} is not between 0 and 4"
    elif width != 1 and is_timm_name(name):
        wrong = f"a network of timm has no width of {width:g}"
    elif size < SMALLEST_IMAGE:
        wrong = f"an input of {size} pixels is smaller than {SMALLEST_IMAGE}"
    if wrong:
        raise NetworkError(f"Cannot make the network {name}", because=wrong)
