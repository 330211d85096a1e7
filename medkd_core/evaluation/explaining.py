"""A network's map laid over a frame's pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from medkd_core.bundles.schema import BundleManifest, NetworkEntry
from medkd_core.explanation.score_cam import Explanation
from medkd_core.imaging.frame import Frame
from medkd_core.imaging.preprocessing import map_to_image

FloatArray = NDArray[np.float32]


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
