"""From evidence to the map that is looked at, in the same form and geometry as Score-CAM's."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from medkd_core.explanation.agreement import spearman
from medkd_core.explanation.other_methods.evidence import class_evidence, no_map
from medkd_core.explanation.score_cam.explanation import Explanation, Sensitivity
from medkd_core.explanation.score_cam.maps import ClassMap, weighted_map

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
    # A weighted sum of one channel, the evidence itself.
    maps = [weighted_map(one[None], np.ones(1), image.shape[1:]) for one in evidence.maps]
    sensitivities = _sensitivities(maps, evidence.channel_mean)
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
            sensitivity=None if found.empty else sensitivity,
        )
        for index, (found, sensitivity) in enumerate(zip(maps, sensitivities, strict=True))
    ]


def _sensitivities(
    maps: list[ClassMap], channel_mean: NDArray[np.float64]
) -> list[Sensitivity | None]:
    if len(maps) == 1:
        return [None]
    alike = np.array([[spearman(one.native, other.native) for other in maps] for one in maps])
    np.fill_diagonal(alike, -1)
    return [
        Sensitivity(float(others.max()), spearman(found.native, channel_mean))
        for others, found in zip(alike, maps, strict=True)
    ]
