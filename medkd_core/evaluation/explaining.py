"""Where one network of a bundle looked on a frame, by any method, laid over the frame's pixels."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from medkd_core.bundles.schema import BundleManifest, NetworkEntry
from medkd_core.engines.protocol import Engine
from medkd_core.errors import ExplanationError
from medkd_core.explanation.other_methods import METHODS
from medkd_core.explanation.score_cam import (
    CONTRAST,
    DIALECTS,
    Explanation,
    contrast_cam,
    look,
    refined,
    score_cam,
)
from medkd_core.explanation.score_cam.compute import check_class
from medkd_core.imaging.frame import Frame
from medkd_core.imaging.preprocessing import map_to_image, network_input, view_image

if TYPE_CHECKING:
    from torch import nn

FloatArray = NDArray[np.float32]


METHOD_NAMES = (*DIALECTS, CONTRAST, *METHODS)
"""Score-CAM's dialects, the contrast map made of its passes, and what needs torch."""


def check_method(name: str) -> None:
    """Refuse a name that is not in `METHOD_NAMES`.

    Raises
    ------
    ExplanationError
        The message lists the names.
    """
    if name not in METHOD_NAMES:
        raise ExplanationError(
            f"Cannot explain by '{name}'",
            because="there is no method of that name",
            cure=f"Choose one of: {', '.join(METHOD_NAMES)}.",
        )


def picture_for(manifest: BundleManifest, entry: NetworkEntry, frame: Frame) -> FloatArray:
    """What a network sees of a frame: float32, (3, H, W), in its normalised units."""
    return network_input(view_image(frame, manifest.view), manifest.view, entry.recipe)


def laid_over(
    manifest: BundleManifest, entry: NetworkEntry, explanation: Explanation, frame: Frame
) -> FloatArray:
    """A map over the frame's own pixels.

    Returns
    -------
    float32, (rows, columns) of the frame, [0, 1]
        0 where the network did not see the frame.
    """
    overlay = map_to_image(
        explanation.input_map, manifest.view, entry.recipe, frame.rows, frame.columns
    )
    return overlay.clip(0, 1)


def explanations(
    entry: NetworkEntry,
    engine: Engine,
    network: Callable[[], nn.Module],
    image: FloatArray,
    class_index: int,
    *,
    method: str,
    preview: bool = False,
    in_stages: bool = False,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Iterator[Explanation]:
    """Compute a network's map; the last one yielded is the answer.

    Parameters
    ----------
    entry, engine
        The network: what the bundle says of it, how it is run.
    network : callable
        Gives the network itself, which other methods than Score-CAM's need.
    image : float32, (3, H, W)
        See `picture_for`.
    method : str
        One of `METHOD_NAMES`.
    preview : bool
        At most 32 masked passes; other methods than Score-CAM's know none and are exact.
    in_stages : bool
        The preview and its refinements are yielded before the exact map.
    class_index, progress, cancelled
        See `score_cam`.

    Raises
    ------
    ExplanationError
        No such class or method, or values that are not finite.
    NetworkError
        The method needs torch, which is not installed.
    OperationCancelled
        `cancelled` said so.
    """
    check_method(method)
    if not np.ptp(image, axis=(1, 2)).any():
        yield _of_nothing(engine, image, class_index, method)
    elif method in METHODS:
        from medkd_core.explanation.other_methods import cam

        yield cam(
            network(),
            entry.name,
            entry.recipe.size,
            image,
            class_index,
            method,
            target_layer=entry.target_layer,
            progress=progress,
            cancelled=cancelled,
        )
    elif method == CONTRAST:
        stages = contrast_cam(engine, image, class_index, progress=progress, cancelled=cancelled)
        yield from _chosen(stages, preview, in_stages)
    elif in_stages and not preview:
        yield from refined(
            engine, image, class_index, dialect=method, progress=progress, cancelled=cancelled
        )
    else:
        yield score_cam(
            engine,
            image,
            class_index,
            dialect=method,
            preview=preview,
            progress=progress,
            cancelled=cancelled,
        )


def _of_nothing(engine: Engine, image: FloatArray, class_index: int, method: str) -> Explanation:
    """No map: on a picture of one value there is no place to look at, whatever a method gives."""
    began = time.perf_counter()
    seen = look(engine, image)
    check_class(seen, class_index)
    return Explanation(
        native=np.zeros(seen.activations.shape[1:], np.float32),
        input_map=np.zeros(image.shape[1:], np.float32),
        class_index=class_index,
        method=method,
        exact=True,
        forwards=0,
        seconds=time.perf_counter() - began,
        logits=seen.logits,
        empty=True,
    )


def _chosen(stages: Iterator[Explanation], preview: bool, in_stages: bool) -> Iterator[Explanation]:
    for stage in stages:
        if preview or in_stages or stage.exact:
            yield stage
        if preview:
            return
