"""A map as colours over a film, and the words that every exported picture carries."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from medkd_core.errors import ExplanationError

FloatArray = NDArray[np.float32]
Picture = NDArray[np.uint8]

COLOUR_MAPS = {
    "magma": cv2.COLORMAP_MAGMA,
    "inferno": cv2.COLORMAP_INFERNO,
    "viridis": cv2.COLORMAP_VIRIDIS,
    "cividis": cv2.COLORMAP_CIVIDIS,
    "turbo": cv2.COLORMAP_TURBO,
}
CAPTION = "AI - Research use only"
SMALLEST_LETTERS = 7
"""Height in pixels."""


def colour_table(name: str) -> Picture:
    """The 256 colours of a map, from its lowest to its highest value.

    Returns
    -------
    uint8, (256, 3)
        Red, green, blue.

    Raises
    ------
    ExplanationError
        There is no colour map of that name; the message lists the names.
    """
    if name not in COLOUR_MAPS:
        raise ExplanationError(
            f"Cannot use the colour map '{name}'",
            because="there is none of that name",
            cure=f"Choose one of: {', '.join(COLOUR_MAPS)}.",
        )
    levels = np.arange(256, dtype=np.uint8)[:, None]
    colours = cv2.applyColorMap(levels, COLOUR_MAPS[name])[:, 0, ::-1]
    return np.ascontiguousarray(colours, dtype=np.uint8)


def colourise(
    film: FloatArray,
    overlay: FloatArray,
    colour_map: str = "magma",
    opacity: float = 0.6,
    threshold: float = 0.2,
) -> Picture:
    """Lay a map over a film; it is the more opaque, the higher the map.

    Parameters
    ----------
    film : float32, (rows, columns) or (rows, columns, 3), [0, 1]
    overlay : float32, (rows, columns), [0, 1]
    colour_map : str
        One of `COLOUR_MAPS`.
    opacity : float, [0, 1]
        Of the map's highest value.
    threshold : float, [0, 1)
        Up to this value of the map the film is seen as it is.

    Returns
    -------
    uint8, (rows, columns, 3)
        Red, green, blue.

    Raises
    ------
    ExplanationError
        No such colour map, or a map of another size than the film.
    """
    if overlay.shape != film.shape[:2]:
        raise ExplanationError(
            "Cannot lay a map over a film",
            because=f"the map is {overlay.shape}, the film {film.shape[:2]}",
        )
    base = np.broadcast_to(film if film.ndim == 3 else film[..., None], (*overlay.shape, 3))
    colours = colour_table(colour_map)[np.rint(overlay.clip(0, 1) * 255).astype(np.uint8)]
    alpha = opacity * np.clip((overlay - threshold) / (1 - threshold), 0, 1)[..., None]
    mixed = base.clip(0, 1) * 255 * (1 - alpha) + colours * alpha
    return np.asarray(np.rint(mixed), dtype=np.uint8)


def burn_in_caption(picture: Picture, caption: str = CAPTION) -> Picture:
    """Write a line on a black strip into the lower left corner.

    Parameters
    ----------
    picture : uint8, (rows, columns, 3)
    caption : str
        ASCII only (what OpenCV's stroke font can draw).

    Returns
    -------
    uint8, (rows, columns, 3)
        A copy with the line as large as a third of the width, its letters at least 7 pixels high.
    """
    font, white = cv2.FONT_HERSHEY_SIMPLEX, (255, 255, 255)
    (unit_width, unit_height), _ = cv2.getTextSize(caption, font, 1.0, 1)
    scale = max(picture.shape[1] / 3 / unit_width, SMALLEST_LETTERS / unit_height)
    weight = max(1, round(scale))
    (width, height), _ = cv2.getTextSize(caption, font, scale, weight)
    bottom, margin = picture.shape[0], height // 2 + 1
    written = np.ascontiguousarray(picture).copy()
    written[max(0, bottom - height - 2 * margin) :, : width + 2 * margin] = 0
    cv2.putText(
        written, caption, (margin, bottom - margin), font, scale, white, weight, cv2.LINE_AA
    )
    return written
