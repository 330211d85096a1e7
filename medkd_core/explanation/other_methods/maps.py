"""From evidence to the map that is looked at, in the same form and geometry as Score-CAM's."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from medkd_core.explanation.other_methods.evidence import class_evidence, no_map
from medkd_core.explanation.score_cam.explanation import Explanation
from medkd_core.explanation.score_cam.maps import ClassMap, weighted_map
from medkd_core.explanation.score_cam.sensitivity import sensitivity_among

if TYPE_CHECKING:
    from torch import nn

FloatArray = NDArray[np.float32]


def cam(
    network: nn.Module,
    name: str,
    image_size: int,
    image: FloatArray,
    class_index: int,
    method: str = "grad-cam",
    *,
    target_layer: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Explanation:
    """Compute the map of one image and one class.

    Parameters
    ----------
    class_index : int
    network, name, image_size, image, method, target_layer, progress, cancelled
        See `class_evidence`.

    Returns
    -------
    Explanation
        Its `input_map` is pytorch-grad-cam's: ReLU, normalised, up-sampled bilinearly from cell
        centres, normalised again. Its `forwards` are 0 for all methods but Ablation-CAM.

    Raises
    ------
    ExplanationError
        No such class, or what `class_evidence` says.
    NetworkError, OperationCancelled
        See `class_evidence`.
    """
    explanations = cam_all(
        network,
        name,
        image_size,
        image,
        method,
        target_layer=target_layer,
        progress=progress,
        cancelled=cancelled,
    )
    if not 0 <= class_index < len(explanations):
        raise no_map(f"there is no class {class_index}, only 0 to {len(explanations) - 1}")
    return explanations[class_index]


def cam_all(
    network: nn.Module,
    name: str,
    image_size: int,
    image: FloatArray,
    method: str = "grad-cam",
    *,
    target_layer: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> list[Explanation]:
    """Compute the maps of all classes from one look at the image; see `cam`."""
    began = time.perf_counter()
    evidence = class_evidence(
        network,
        name,
        image_size,
        image,
        method,
        target_layer=target_layer,
        progress=progress,
        cancelled=cancelled,
    )
    maps = [_as_map(signed, image.shape[1:]) for signed in evidence.maps]
    mean = _as_map(evidence.channel_mean, image.shape[1:])
    sensitivities = [
        sensitivity_among(found, [*maps[:index], *maps[index + 1 :]], mean)
        for index, found in enumerate(maps)
    ]
    seconds = time.perf_counter() - began
    return [
        Explanation(
            native=found.native,
            input_map=found.input_map,
            class_index=index,
            method=method,
            exact=True,
            forwards=evidence.forwards,
            seconds=seconds,
            logits=evidence.logits,
            empty=found.empty,
            sensitivity=sensitivity,
        )
        for index, (found, sensitivity) in enumerate(zip(maps, sensitivities, strict=True))
    ]


def _as_map(evidence: NDArray[np.float64], input_shape: tuple[int, ...]) -> ClassMap:
    # Evidence may be of any size, and pytorch-grad-cam divides by it plus 10^-7.
    scaled = (evidence / (np.abs(evidence).max() or 1.0)).astype(np.float32)
    # The weighted sum of a single channel, the evidence itself.
    return weighted_map(scaled[np.newaxis], np.ones(1), input_shape)
