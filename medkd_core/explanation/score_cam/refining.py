"""A preview that becomes the exact map on screen, with a stated error on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from medkd_core.engines.protocol import Engine
from medkd_core.explanation.score_cam.aims import ClassAim
from medkd_core.explanation.score_cam.compute import check_class, explained, reporter
from medkd_core.explanation.score_cam.dialects import DEFAULT_DIALECT
from medkd_core.explanation.score_cam.dialects import dialect as named_dialect
from medkd_core.explanation.score_cam.explanation import Explanation
from medkd_core.explanation.score_cam.masks import channel_masks
from medkd_core.explanation.score_cam.passes import look
from medkd_core.explanation.score_cam.preview import stages

FloatArray = NDArray[np.float32]


def refined(
    engine: Engine,
    image: FloatArray,
    class_index: int,
    *,
    dialect: str = DEFAULT_DIALECT,
    baseline: FloatArray | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Iterator[Explanation]:
    """Compute a Score-CAM map in stages: after 32 masked passes, 64, 128, ..., all of them.

    Parameters
    ----------
    engine, image, class_index, dialect, baseline, progress, cancelled
        See `score_cam`.

    Yields
    ------
    Explanation
        The last one is exact. Each states its `error`, see `stated_error`.

    Raises
    ------
    ExplanationError, OperationCancelled
        See `score_cam`.
    """
    began = time.perf_counter()
    rules = named_dialect(dialect)
    seen = look(engine, image, baseline)
    check_class(seen, class_index)
    masks = channel_masks(seen.activations, engine.input_shape, rules)
    report = reporter(len(masks.distinct), progress, cancelled)
    for scores, error in stages(engine, seen, masks, ClassAim(class_index, rules), report):
        yield explained(scores, class_index, rules, began, error)
