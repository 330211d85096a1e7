"""What is seen where a picture is masked out, named, so that none is chosen silently.

==========  =========================================================================
baseline    what is seen
==========  =========================================================================
mean        the training mean, 0 in the network's normalised units: grey, edges kept
black       intensity 0 before normalising
blurred     the picture itself without its detail: a Gaussian of `BLUR_SIGMA` of the
            shorter side, edges reflected
==========  =========================================================================
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from medkd_core.errors import ExplanationError

FloatArray = NDArray[np.float32]

BASELINES = ("mean", "black", "blurred")
DEFAULT_BASELINE = "mean"

BLUR_SIGMA = 10 / 224
"""Standard deviation as a share of the shorter side: 10 pixels at 224, as in Fong and Vedaldi,
ICCV 2017, arXiv:1704.03296, section 4.1."""


def baseline_image(
    name: str, image: FloatArray, mean: Sequence[float], std: Sequence[float]
) -> FloatArray:
    """What is seen where a mask is 0, in the network's normalised units.

    Parameters
    ----------
    name : {"mean", "black", "blurred"}
    image : float32, (3, H, W)
        In normalised units.
    mean, std : sequence of 3 floats
        With which intensities in [0, 1] are normalised, see `InputRecipe`.

    Returns
    -------
    float32, (3, 1, 1) or, blurred, (3, H, W)
        Either may be given to `Engine.masked_logits`.

    Raises
    ------
    ExplanationError
        No such baseline; the message lists the names.
    """
    check_baseline(name)
    if name == "mean":
        return np.zeros((3, 1, 1), np.float32)
    if name == "black":
        zero = -np.asarray(mean, np.float64) / np.asarray(std, np.float64)
        return zero.astype(np.float32).reshape(3, 1, 1)
    sigma = BLUR_SIGMA * min(image.shape[1:])
    return np.stack([cv2.GaussianBlur(channel, (0, 0), sigma) for channel in image])


def check_baseline(name: str) -> None:
    """Refuse a name that is not in `BASELINES`.

    Raises
    ------
    ExplanationError
        The message lists the names.
    """
    if name not in BASELINES:
        raise ExplanationError(
            f"Cannot use the baseline '{name}'",
            because="there is none of that name",
            cure=f"Choose one of: {', '.join(BASELINES)}.",
        )
