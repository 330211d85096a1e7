"""A network's map as it is laid over a film: colours, threshold and contours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from medkd_core.explanation.colours import colour_table

FloatArray = NDArray[np.float32]
Pixels = NDArray[np.uint8]

COLOUR_MAPS = ("magma", "inferno", "viridis", "cividis")
"""Those of even steps in brightness, so that a map reads the same in grey."""
CONTOUR_STEPS = 4
# Map values over which the edge at the threshold fades, so that it is drawn without steps.
_EDGE = 0.03
_LARGEST_SIDE = 1024


@dataclass(frozen=True, slots=True)
class MapStyle:
    """How every map of the window is drawn.

    Attributes
    ----------
    visible : bool
    opacity : float
        0 is invisible, 1 hides the film.
    threshold : float
        Map values below it are not drawn, [0, 1).
    colours : str
        One of `COLOUR_MAPS`.
    drawing : {"fill", "contours"}
    """

    visible: bool = True
    opacity: float = 0.55
    threshold: float = 0.35
    colours: str = "magma"
    drawing: Literal["fill", "contours"] = "fill"


def shrunk(overlay: FloatArray) -> FloatArray:
    """A map small enough to keep many of: its smallest detail is still larger than a pixel.

    Parameters
    ----------
    overlay : float32, (rows, columns), [0, 1]

    Returns
    -------
    float32, at most 1024 on its longer side
    """
    longest = max(overlay.shape)
    if longest <= _LARGEST_SIDE:
        return overlay
    rows, columns = (max(1, side * _LARGEST_SIDE // longest) for side in overlay.shape)
    return np.asarray(cv2.resize(overlay, (columns, rows), interpolation=cv2.INTER_AREA))


def filled(values: FloatArray, style: MapStyle) -> Pixels:
    """Colour a map for laying over a film.

    Parameters
    ----------
    values : float32, (rows, columns), [0, 1]

    Returns
    -------
    uint8, (rows, columns, 4)
        Blue, green, red, alpha; premultiplied.
    """
    # Four bytes as one number: OpenCV looks that up ten times faster than NumPy does four bytes.
    coloured = cv2.LUT(_steps(values), _overlay_table(style).view(np.int32))
    return np.asarray(coloured).view(np.uint8).reshape(*values.shape, 4)


def contour_levels(style: MapStyle) -> tuple[float, ...]:
    """Map values that a contour is drawn at, from the threshold upwards."""
    step = (1 - style.threshold) / CONTOUR_STEPS
    return tuple(style.threshold + step * i for i in range(CONTOUR_STEPS))


def contours(values: FloatArray, level: float) -> list[NDArray[np.int32]]:
    """Closed outlines, (points, 2) columns and rows, of where the map reaches a level."""
    inside = (values >= level).astype(np.uint8)
    outlines, _ = cv2.findContours(inside, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    return [np.asarray(outline[:, 0, :], dtype=np.int32) for outline in outlines]


@lru_cache(maxsize=8)
def _overlay_table(style: MapStyle) -> Pixels:
    """Blue, green, red, alpha of 256 map values."""
    values = np.linspace(0, 1, 256)
    alpha = np.clip((values - style.threshold) / _EDGE + 0.5, 0, 1) * style.opacity
    table = np.empty((256, 4), np.uint8)
    table[:, :3] = np.rint(colour_table(style.colours)[:, ::-1] * alpha[:, None])
    table[:, 3] = np.rint(alpha * 255)
    return table


def _steps(values: FloatArray) -> Pixels:
    # Rounds and clips in one pass.
    return np.asarray(cv2.convertScaleAbs(np.maximum(values, 0), alpha=255)).reshape(values.shape)
