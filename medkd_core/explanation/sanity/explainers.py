"""Maps of a set of images as a function of the network alone, by any method."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from medkd_core.engines.protocol import Engine
from medkd_core.errors import ExplanationError
from medkd_core.explanation.other_methods import METHODS, cam, class_evidence
from medkd_core.explanation.sanity.cascade import Explainer
from medkd_core.explanation.score_cam import CONTRAST, contrast_cam, score_cam

if TYPE_CHECKING:
    from torch import nn

FloatArray = NDArray[np.float32]


def explainer(
    method: str,
    name: str,
    image_size: int,
    images: Sequence[FloatArray],
    class_indices: Sequence[int],
    *,
    target_layer: str | None = None,
    signed: bool = False,
    preview: bool = False,
    cancelled: Callable[[], bool] | None = None,
) -> Explainer:
    """Settle everything but the network.

    Parameters
    ----------
    method : str
        A key of `METHODS`, a dialect of Score-CAM, or its contrast map.
    name : str
        Of the network, as in `create_network`.
    image_size : int
        Side of its square input in pixels.
    images : sequence of float32, (3, H, W)
        In the network's normalised units.
    class_indices : sequence of int
        The class to explain in each image, whatever another network would answer.
    target_layer : str, optional
        The registry's when left out.
    signed : bool
        The evidence before ReLU and normalising, on the target layer's grid; Score-CAM has none.
    preview : bool
        Of Score-CAM, at most 32 masks an image.
    cancelled : callable, optional
        Asked during each map; True ends the work.

    Returns
    -------
    callable
        From a network, which is run where its weights are, to one map an image: float32, (H, W),
        [0, 1], all 0 where there is no map; or signed, (h, w).

    Raises
    ------
    ExplanationError
        Signed maps were asked of Score-CAM; other mistakes are told when maps are made.
    """
    if method not in METHODS and signed:
        raise ExplanationError(
            "Cannot make signed maps by Score-CAM",
            because="its map is the positive part by definition",
            cure=f"Choose one of: {', '.join(METHODS)}.",
        )

    def one(network: nn.Module, image: FloatArray, class_index: int) -> FloatArray:
        if signed:
            evidence = class_evidence(
                network,
                name,
                image_size,
                image,
                method,
                target_layer=target_layer,
                cancelled=cancelled,
            )
            return evidence.maps[class_index].astype(np.float32)
        return cam(
            network,
            name,
            image_size,
            image,
            class_index,
            method,
            target_layer=target_layer,
            cancelled=cancelled,
        ).input_map

    def by_torch(network: nn.Module) -> list[FloatArray]:
        return [one(network, *pair) for pair in zip(images, class_indices, strict=True)]

    def by_score_cam(network: nn.Module) -> list[FloatArray]:
        from medkd_core.engines.torch_engine import TorchEngine

        place = str(next(network.parameters()).device)
        engine = TorchEngine(network, name, image_size, place, target_layer, reduced=False)
        return [
            by_masks(engine, image, class_index)
            for image, class_index in zip(images, class_indices, strict=True)
        ]

    def by_masks(engine: Engine, image: FloatArray, class_index: int) -> FloatArray:
        if method != CONTRAST:
            return score_cam(
                engine, image, class_index, dialect=method, preview=preview, cancelled=cancelled
            ).input_map
        stages = contrast_cam(engine, image, class_index, cancelled=cancelled)
        return (next(stages) if preview else [*stages][-1]).input_map

    return by_torch if method in METHODS else by_score_cam
