"""Maps of a set of images as a function of the network alone, by any method."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from medkd_core.engines.protocol import Engine
from medkd_core.errors import ExplanationError
from medkd_core.explanation.any_method import Subject, explanations
from medkd_core.explanation.other_methods import METHODS, class_evidence
from medkd_core.explanation.sanity.cascade import Explainer

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
    if signed and method not in METHODS:
        raise ExplanationError(
            "Cannot make signed maps by Score-CAM",
            because="its map is the positive part by definition",
            cure=f"Choose one of: {', '.join(METHODS)}.",
        )

    def evidence(network: nn.Module, image: FloatArray, class_index: int) -> FloatArray:
        found = class_evidence(
            network,
            name,
            image_size,
            image,
            method,
            target_layer=target_layer,
            cancelled=cancelled,
        )
        return found.maps[class_index].astype(np.float32)

    def overlay(subject: Subject, image: FloatArray, class_index: int) -> FloatArray:
        *_, found = explanations(
            subject, image, class_index, method=method, preview=preview, cancelled=cancelled
        )
        return found.input_map

    def maps(network: nn.Module) -> list[FloatArray]:
        pairs = zip(images, class_indices, strict=True)
        if signed:
            return [evidence(network, *pair) for pair in pairs]
        engine = cache(lambda: _engine(network, name, image_size, target_layer))
        subject = Subject(name, image_size, target_layer, engine, lambda: network)
        return [overlay(subject, *pair) for pair in pairs]

    return maps


def _engine(network: nn.Module, name: str, image_size: int, target_layer: str | None) -> Engine:
    """Runs the network where its weights are."""
    from medkd_core.engines.torch_engine import TorchEngine

    place = str(next(network.parameters()).device)
    return TorchEngine(network, name, image_size, place, target_layer, reduced=False)
