"""What is kept of a tissue tile to find its copies: marked points, a small picture, colours.

The points are SIFT's (Lowe, *Distinctive Image Features from Scale-Invariant Keypoints*, IJCV
2004), which turning and scaling hardly change. A mirrored copy shows other descriptors, but the
mirrored descriptor follows from the plain one: nothing has to be looked for twice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from medkd_core.datasets.tissue_groups.colours import spread_of_colours
from medkd_core.imaging.frame import FloatArray

_SIDE = 224
"""Pixels of a tile's longer side at which points are looked for."""
_SMALL_SIDE = 112
"""Pixels of the longer side of the picture that is kept."""
_POINTS = 256
_CONTRAST = 0.01
_COARSE = 6.0
"""Standard deviation, in pixels of the small picture, of the brightness that is taken away."""

# A descriptor is 4 rows by 4 columns of 8 directions, the columns along the point's own direction.
_MIRRORED = np.arange(128).reshape(4, 4, 8)[::-1][..., [0, 7, 6, 5, 4, 3, 2, 1]].ravel()


@dataclass(frozen=True, slots=True)
class Landmarks:
    """A tile as its copies are recognised by.

    Attributes
    ----------
    points : float32, (n, 2)
        Column and row in pixels of `picture`.
    descriptors : uint8, (n, 128)
    picture : int8, (rows, columns)
        Small grey picture, freed of coarse brightness.
    colours : float32, (864,)
    """

    points: FloatArray
    descriptors: NDArray[np.uint8]
    picture: NDArray[np.int8]
    colours: FloatArray

    def mirrored(self) -> Landmarks:
        """Those of the tile with left and right exchanged."""
        points = self.points * np.array([-1, 1], np.float32)
        points[:, 0] += self.picture.shape[1] - 1
        return replace(
            self,
            points=points,
            descriptors=self.descriptors[:, _MIRRORED],
            picture=np.ascontiguousarray(self.picture[:, ::-1]),
        )


def find_landmarks(image: FloatArray) -> Landmarks:
    """Look at a tile, float32, (rows, columns) or (rows, columns, 3), [0, 1]."""
    coloured = _resized(image if image.ndim == 3 else np.dstack([image] * 3), _SIDE)
    grey = cv2.transform(coloured, np.full((1, 3), 1 / 3))
    detector = cv2.SIFT.create(_POINTS, contrastThreshold=_CONTRAST, enable_precise_upscale=True)
    marks, descriptors = detector.detectAndCompute(np.rint(grey * 255).astype(np.uint8), None)
    # SIFT returns more points where several share the last place, and no array where there is none.
    points = np.array([mark.pt for mark in marks[:_POINTS]], np.float32).reshape(-1, 2)
    descriptors = np.zeros((0, 128)) if descriptors is None else descriptors[:_POINTS]
    picture = _fine(_resized(grey, _SMALL_SIDE))
    # Not the pixels' middles but their edges scale.
    points = (points + 0.5) * np.float32(max(picture.shape) / max(grey.shape)) - 0.5
    # OpenCV gives whole numbers from 0 to 255 as floating ones.
    return Landmarks(points, descriptors.astype(np.uint8), picture, spread_of_colours(coloured))


def no_landmarks() -> Landmarks:
    """Those of a tile that cannot be looked at: it is like no other."""
    return Landmarks(
        np.zeros((0, 2), np.float32),
        np.zeros((0, 128), np.uint8),
        np.zeros((_SMALL_SIDE, _SMALL_SIDE), np.int8),
        spread_of_colours(np.zeros((1, 1, 3), np.float32)),
    )


def unit_descriptors(descriptors: NDArray[np.uint8]) -> FloatArray:
    """Square roots of the descriptors at unit length: their dot product compares histograms better.

    RootSIFT (Arandjelović and Zisserman, *Three things everyone should know to improve object
    retrieval*, CVPR 2012, section 2).

    Returns
    -------
    float32, (n, 128)
    """
    roots = np.sqrt(descriptors.astype(np.float32))
    return roots / np.maximum(np.linalg.norm(roots, axis=1, keepdims=True), 1e-6)


def _resized(image: FloatArray, longer: int) -> FloatArray:
    rows, columns = image.shape[:2]
    scale = longer / max(rows, columns)
    size = (max(round(columns * scale), 1), max(round(rows * scale), 1))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.clip(cv2.resize(image, size, interpolation=how), 0, 1)


def _fine(small: FloatArray) -> NDArray[np.int8]:
    fine = small - cv2.GaussianBlur(small, (0, 0), _COARSE)
    # Three and a half standard deviations fill the range; a correlation does not know the scale.
    return np.clip(np.rint(fine * (36 / max(float(fine.std()), 1e-6))), -127, 127).astype(np.int8)
