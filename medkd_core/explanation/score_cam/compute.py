"""From an image to its Score-CAM map."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from medkd_core.engines.protocol import Engine
from medkd_core.errors import OperationCancelled
from medkd_core.explanation.score_cam.aims import ClassAim
from medkd_core.explanation.score_cam.dialects import DEFAULT_DIALECT, Dialect
from medkd_core.explanation.score_cam.dialects import dialect as named_dialect
from medkd_core.explanation.score_cam.explanation import Explanation
from medkd_core.explanation.score_cam.maps import class_map
from medkd_core.explanation.score_cam.masks import channel_masks
from medkd_core.explanation.score_cam.passes import (
    Look,
    MaskedScores,
    look,
    looks,
    no_map,
    show_all,
    show_masks,
)
from medkd_core.explanation.score_cam.preview import PREVIEW_FORWARDS, stages
from medkd_core.explanation.score_cam.sensitivity import map_sensitivity

FloatArray = NDArray[np.float32]


def score_cam(
    engine: Engine,
    image: FloatArray,
    class_index: int,
    *,
    dialect: str = DEFAULT_DIALECT,
    preview: bool = False,
    baseline: FloatArray | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Explanation:
    """Compute the Score-CAM map of one image and one class.

    Parameters
    ----------
    engine : Engine
    image : float32, (3, H, W)
        In the network's normalised units.
    class_index : int
    dialect : str
        See `dialects`.
    preview : bool
        Show at most 32 masks and foretell the answers to the others, see `preview`.
    baseline : float32, (3, 1, 1) or (3, H, W), optional
        What is seen where a mask is 0; the training mean (0) when left out.
    progress : callable, optional
        Called with the masked images finished and their total.
    cancelled : callable, optional
        Asked between chunks; True ends the work.

    Raises
    ------
    ExplanationError
        No such dialect or class, an image of the wrong shape, or values that are not finite.
    OperationCancelled
        `cancelled` said so.
    """
    began = time.perf_counter()
    rules = named_dialect(dialect)
    seen = look(engine, image, baseline)
    check_class(seen, class_index)
    masks = channel_masks(seen.activations, engine.input_shape, rules)
    total = len(masks.distinct)
    if preview:
        report = reporter(min(total, PREVIEW_FORWARDS), progress, cancelled)
        scores, error = next(stages(engine, seen, masks, ClassAim(class_index, rules), report))
        return explained(scores, class_index, rules, began, error)
    report = reporter(total, progress, cancelled)
    scores = show_masks(engine, seen, masks, chunk_done=report)
    return explained(scores, class_index, rules, began, error=0)


def score_cam_all(
    engine: Engine,
    images: FloatArray,
    class_indices: Sequence[int] | None = None,
    *,
    dialect: str = DEFAULT_DIALECT,
    baseline: FloatArray | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> list[list[Explanation]]:
    """Compute the exact maps of several images and classes; the masked passes serve all classes.

    Parameters
    ----------
    engine : Engine
    images : float32, (n, 3, H, W)
        In the network's normalised units. They share batches.
    class_indices : sequence of int, optional
        All classes when left out.
    baseline : float32, (3, 1, 1) or (3, H, W), or one of these for each image, optional
        See `score_cam`.
    dialect, progress, cancelled
        See `score_cam`.

    Returns
    -------
    list of list of Explanation
        For each image one map for each class, as `score_cam` gives them; their seconds are those
        of the whole.

    Raises
    ------
    ExplanationError, OperationCancelled
        See `score_cam`.
    """
    began = time.perf_counter()
    rules = named_dialect(dialect)
    seen = looks(engine, images, baseline)
    classes = range(len(seen[0].logits)) if class_indices is None else class_indices
    for class_index in classes:
        check_class(seen[0], class_index)
    masks = [channel_masks(one.activations, engine.input_shape, rules) for one in seen]
    report = reporter(sum(len(each.distinct) for each in masks), progress, cancelled)
    scores = show_all(engine, seen, masks, report)
    return [
        [explained(of_image, index, rules, began, error=0) for index in classes]
        for of_image in scores
    ]


def check_class(seen: Look, class_index: int) -> None:
    """Refuse a class that the network does not have."""
    if not 0 <= class_index < len(seen.logits):
        raise no_map(f"there is no class {class_index}, only 0 to {len(seen.logits) - 1}")


def explained(
    scores: MaskedScores, class_index: int, rules: Dialect, began: float, error: float | None
) -> Explanation:
    """What the scores say of a class, with the time since `began` (`time.perf_counter`)."""
    found = class_map(scores, class_index, rules)
    return Explanation(
        native=found.native,
        input_map=found.input_map,
        class_index=class_index,
        method=rules.name,
        exact=bool(scores.shown.all()),
        forwards=int(scores.shown.sum()),
        seconds=time.perf_counter() - began,
        logits=scores.look.logits,
        empty=found.empty,
        sensitivity=map_sensitivity(scores, class_index, rules, found),
        error=error,
    )


def reporter(
    total: int, progress: Callable[[int, int], None] | None, cancelled: Callable[[], bool] | None
) -> Callable[[int], None]:
    """What to call with the number of masked images shown so far; it raises when cancelled."""

    def report(done: int) -> None:
        if cancelled is not None and cancelled():
            raise OperationCancelled
        if progress is not None:
            progress(done, total)

    report(0)
    return report
