"""The formulas of pytorch-grad-cam that need nothing but activations and gradients."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pytorch_grad_cam import GradCAM, GradCAMPlusPlus, HiResCAM, LayerCAM
from torch import nn

Array = NDArray[np.float64]

_FORMULAS = {
    "grad-cam": GradCAM,
    "grad-cam++": GradCAMPlusPlus,
    "hirescam": HiResCAM,
    "layer-cam": LayerCAM,
}


def gradient_evidence(
    method: str, network: nn.Module, activations: Array, gradients: Array
) -> Array:
    """Signed evidence (h, w) by a formula of pytorch-grad-cam.

    Parameters
    ----------
    method : str
        Of those that need gradients.
    network : torch.nn.Module
        In evaluation mode; it is neither run nor listened to.
    activations, gradients : float64, (channels, h, w)
    """
    # Given no layers, it registers no hooks that would have to be released.
    formula = _FORMULAS[method](network, [])
    evidence = formula.get_cam_image(None, None, None, activations[None], gradients[None], False)
    return np.asarray(evidence[0], np.float64)
