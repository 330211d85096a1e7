"""A map by any method, by its name: the one place that knows what each method needs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from medkd_core.engines.protocol import Engine
from medkd_core.errors import ExplanationError
from medkd_core.explanation.other_methods import METHODS, cam
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

if TYPE_CHECKING:
    from torch import nn

FloatArray = NDArray[np.float32]

METHOD_NAMES = (*DIALECTS, CONTRAST, *METHODS)
"""Score-CAM's dialects, the contrast map made of its passes, and what needs torch."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A network that is asked where it looked.

    Attributes
    ----------
    name : str
        As in `create_network`.
    image_size : int
        Side of its square input in pixels.
    target_layer : str or None
        None: the registry's.
    engine : callable
        Gives what runs the network; called when a method needs it.
    network : callable
        Gives the network itself, which other methods than Score-CAM's need.
    """

    name: str
    image_size: int
    target_layer: str | None
    engine: Callable[[], Engine]
    network: Callable[[], nn.Module]


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


def explanations(
    subject: Subject,
    image: FloatArray,
    class_index: int,
    *,
    method: str,
    preview: bool = False,
    in_stages: bool = False,
    baseline: FloatArray | None = None,
    blank: bool = False,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Iterator[Explanation]:
    """Compute a network's map; the last one yielded is the answer.

    Parameters
    ----------
    subject : Subject
    image : float32, (3, H, W)
        In the network's normalised units.
    method : str
        One of `METHOD_NAMES`.
    preview : bool
        At most 32 masked passes; other methods than Score-CAM's know none and are exact.
    in_stages : bool
        The preview and its refinements are yielded before the exact map.
    blank : bool
        The film that the image was made of has one value everywhere, whatever was added to fit it
        into the network's input: there is no map.
    class_index, baseline, progress, cancelled
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
    if blank or not np.ptp(image, axis=(1, 2)).any():
        yield _of_nothing(subject.engine(), image, class_index, method)
    elif method in METHODS:
        yield cam(
            subject.network(),
            subject.name,
            subject.image_size,
            image,
            class_index,
            method,
            target_layer=subject.target_layer,
            progress=progress,
            cancelled=cancelled,
        )
    elif method == CONTRAST:
        stages = contrast_cam(
            subject.engine(),
            image,
            class_index,
            baseline=baseline,
            progress=progress,
            cancelled=cancelled,
        )
        yield from _chosen(stages, preview, in_stages)
    elif in_stages and not preview:
        yield from refined(
            subject.engine(),
            image,
            class_index,
            dialect=method,
            baseline=baseline,
            progress=progress,
            cancelled=cancelled,
        )
    else:
        yield score_cam(
            subject.engine(),
            image,
            class_index,
            dialect=method,
            preview=preview,
            baseline=baseline,
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
