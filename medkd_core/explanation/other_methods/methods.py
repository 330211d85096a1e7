"""Which methods there are, and what each depends on; no network library is imported here.

Left out on purpose: XGrad-CAM, which equals Grad-CAM wherever pooling follows the layer (all our
networks but VGG-19) and elsewhere divides by the sum of a channel, which for Hardswish and after a
normalisation may be nothing; Eigen-Grad-CAM and KPCA-CAM, whose sign is chance; FullGrad, which
is no map of one layer; Shapley-CAM, which equals Grad-CAM wherever all that follows is linear.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from medkd_core.errors import ExplanationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A way to make a class activation map.

    Attributes
    ----------
    name : str
        ``grad-cam``.
    label : str
        For the screen: ``Grad-CAM``.
    gradients : bool
        It asks for derivatives, so that the network must be run by torch.
    class_dependent : bool
        Another class may give another map.
    head_dependent : bool
        The weights behind the target layer have a say in the map.
    remark : str
        What a reader should know before believing it.
    source : str
        Paper of the formula.
    """

    name: str
    label: str
    gradients: bool
    class_dependent: bool = True
    head_dependent: bool = True
    remark: str
    source: str


_METHODS = (
    Method(
        name="grad-cam",
        label="Grad-CAM",
        gradients=True,
        remark="Each channel has one weight, its mean gradient, wherever it is active.",
        source="Selvaraju et al., ICCV 2017, arXiv:1610.02391, equations 1 and 2",
    ),
    Method(
        name="grad-cam++",
        label="Grad-CAM++",
        gradients=True,
        remark="Only what raises the class counts, so that maps of classes are much alike; "
        "derived for activations that are never negative.",
        source="Chattopadhay et al., WACV 2018, arXiv:1710.11063, equation 19",
    ),
    Method(
        name="hirescam",
        label="HiResCAM",
        gradients=True,
        remark="Gradient times activation, cell by cell: what the class's score is made of, where "
        "all that follows the layer is linear. The same as Grad-CAM where pooling follows.",
        source="Draelos and Carin, 2020, arXiv:2011.08891",
    ),
    Method(
        name="layer-cam",
        label="LayerCAM",
        gradients=True,
        remark="As HiResCAM with negative gradients left out; made for earlier, finer layers.",
        source="Jiang et al., IEEE TIP 2021, doi:10.1109/TIP.2021.3089943",
    ),
    Method(
        name="eigen-cam",
        label="Eigen-CAM",
        gradients=False,
        class_dependent=False,
        head_dependent=False,
        remark="The main pattern of the activations, whatever was asked: neither the class nor the "
        "classifier has a say. Its sign is settled by a rule.",
        source="Muhammad and Yeasin, IJCNN 2020, arXiv:2008.00299; sign: Chung and Ying, "
        "Applied Sciences 2025, doi:10.3390/app15137562, equation 13",
    ),
    Method(
        name="ablation-cam",
        label="Ablation-CAM",
        gradients=False,
        remark="Each channel is worth what the class's score loses when the channel is set to 0.",
        source="Desai and Ramaswamy, WACV 2020",
    ),
)

METHODS: Mapping[str, Method] = MappingProxyType({method.name: method for method in _METHODS})
"""Every method but Score-CAM, whose ways are `score_cam.DIALECTS`."""


def method_named(name: str) -> Method:
    """The method of that name.

    Raises
    ------
    ExplanationError
        There is none; the message lists the names.
    """
    if name not in METHODS:
        raise ExplanationError(
            f"Cannot use the method '{name}'",
            because="there is none of that name",
            cure=f"Choose one of: {', '.join(METHODS)}.",
        )
    return METHODS[name]
