"""Where one network of a bundle looked on a frame, laid back over the frame's own pixels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from medkd_core.bundles.schema import BundleManifest
from medkd_core.engines.protocol import Engine
from medkd_core.errors import ExplanationError
from medkd_core.explanation.score_cam import DEFAULT_DIALECT, Explanation, score_cam
from medkd_core.imaging.frame import Frame
from medkd_core.imaging.preprocessing import map_to_image, network_input, view_image

FloatArray = NDArray[np.float32]


def explain_frame(
    manifest: BundleManifest,
    engine: Engine,
    network_name: str,
    frame: Frame,
    class_index: int,
    *,
    dialect: str = DEFAULT_DIALECT,
    preview: bool = False,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> tuple[Explanation, FloatArray]:
    """Compute a network's Score-CAM map of a frame.

    Parameters
    ----------
    engine : Engine
        Of the network called `network_name` in the manifest.
    class_index, dialect, preview, progress, cancelled
        See `score_cam`.

    Returns
    -------
    Explanation
    float32, (rows, columns) of the frame, [0, 1]
        The map over the frame; 0 where the network did not see it.

    Raises
    ------
    ExplanationError
        No such network, class or dialect, or values that are not finite.
    OperationCancelled
        `cancelled` said so.
    """
    recipes = {entry.name: entry.recipe for entry in manifest.networks}
    if network_name not in recipes:
        raise ExplanationError(
            f"Cannot explain network '{network_name}'",
            because="the model has none of that name",
            cure=f"Choose one of: {', '.join(recipes)}.",
        )
    recipe = recipes[network_name]
    image = network_input(view_image(frame, manifest.view), manifest.view, recipe)
    explanation = score_cam(
        engine,
        image,
        class_index,
        dialect=dialect,
        preview=preview,
        progress=progress,
        cancelled=cancelled,
    )
    overlay = map_to_image(explanation.native, manifest.view, recipe, frame.rows, frame.columns)
    return explanation, overlay.clip(0, 1)
