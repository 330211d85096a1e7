"""A picture at the resolution of the screen: only what is seen is ever windowed or coloured."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from medkd_viewer.reading.viewport import PaneGeometry

Picture = NDArray[np.generic]
# The element types that OpenCV can resize and warp.
_WARPABLE = (np.uint8, np.uint16, np.int16, np.float32, np.float64)


@dataclass(frozen=True, slots=True)
class VisiblePart:
    """The part of a pane that a film covers, in device pixels.

    Attributes
    ----------
    left, top, width, height : int
    matrix : tuple of float
        The six numbers from film to this part's pixels; equal parts look the same.
    """

    left: int
    top: int
    width: int
    height: int
    matrix: tuple[float, ...]

    @property
    def is_empty(self) -> bool:
        """Nothing of the film is seen."""
        return self.width <= 0 or self.height <= 0


@lru_cache(maxsize=32)
def visible_part(geometry: PaneGeometry, device_ratio: float) -> VisiblePart:
    """What of the film a pane shows, at a device pixel ratio."""
    x0, y0, x1, y1 = geometry.film_bounds()
    area_left, area_top, area_width, area_height = geometry.area
    left = round(max(x0, area_left) * device_ratio)
    top = round(max(y0, area_top) * device_ratio)
    right = round(min(x1, area_left + area_width) * device_ratio)
    bottom = round(min(y1, area_top + area_height) * device_ratio)
    matrix = geometry.matrix * device_ratio
    matrix[:, 2] -= (left, top)
    if _is_whole_pixels(matrix):
        # Pixels of the film then meet pixels of the screen, instead of falling between two.
        matrix[:, 2] = np.rint(matrix[:, 2])
    return VisiblePart(left, top, right - left, bottom - top, tuple(matrix.ravel()))


def _is_whole_pixels(matrix: NDArray[np.float64]) -> bool:
    """Each pixel of the film is one of the screen, or two by two, or three by three, ..."""
    linear = matrix[:, :2]
    return bool(np.allclose(linear, np.rint(linear), atol=1e-6) and np.any(np.rint(linear)))


class Sampler:
    """Draws any part of a picture at any scale, from halved copies made when first needed.

    Parameters
    ----------
    picture : ndarray, (rows, columns) or (rows, columns, 3)
    film : (int, int), optional
        Columns and rows of the film that the picture covers, when it is coarser than the film.
    """

    def __init__(self, picture: Picture, film: tuple[int, int] | None = None) -> None:
        self._type = picture.dtype
        # Float32 does not hold every number of 32 bits.
        wide = np.float64 if picture.dtype.itemsize > 2 else np.float32
        warpable = picture if picture.dtype.type in _WARPABLE else picture.astype(wide)
        self._levels = [np.ascontiguousarray(warpable)]
        rows, columns = picture.shape[:2]
        film_columns, film_rows = film or (columns, rows)
        self._to_picture = np.diag([film_columns / columns, film_rows / rows])

    def sample(self, part: VisiblePart) -> Picture:
        """The part's pixels, (part.height, part.width[, 3]) of the picture's own type."""
        matrix = np.array(part.matrix).reshape(2, 3)
        matrix[:, :2] = matrix[:, :2] @ self._to_picture
        scale = math.sqrt(abs(np.linalg.det(matrix[:, :2])))
        level = self._level(max(0, int(math.log2(1 / scale))) if scale < 1 else 0)
        shrink = np.diag(
            [
                self._levels[0].shape[1] / level.shape[1],
                self._levels[0].shape[0] / level.shape[0],
            ]
        )
        matrix[:, :2] = matrix[:, :2] @ shrink
        drawn = cv2.warpAffine(
            level,
            _between_pixel_centres(matrix),
            (part.width, part.height),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return _as_type(drawn, self._type)

    def value(self, column: float, row: float) -> Picture | None:
        """The picture's value at a place of the film, or None outside."""
        picture = self._levels[0]
        x, y = np.linalg.inv(self._to_picture) @ np.array([column, row])
        if not (0 <= x < picture.shape[1] and 0 <= y < picture.shape[0]):
            return None
        return picture[int(y), int(x)]

    def _level(self, wanted: int) -> Picture:
        while len(self._levels) <= wanted and min(self._levels[-1].shape[:2]) > 2:
            last = self._levels[-1]
            half = (max(1, last.shape[1] // 2), max(1, last.shape[0] // 2))
            self._levels.append(cv2.resize(last, half, interpolation=cv2.INTER_AREA))
        return self._levels[min(wanted, len(self._levels) - 1)]


def _between_pixel_centres(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    # Ours maps corners to corners, OpenCV's pixel centres to pixel centres.
    moved = matrix.copy()
    moved[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5
    return moved


def _as_type(drawn: Picture, kind: np.dtype[np.generic]) -> Picture:
    if drawn.dtype == kind:
        return drawn
    if np.issubdtype(kind, np.integer):
        return np.rint(drawn).astype(kind)
    return drawn.astype(kind)
