"""A canvas measured in centimetres of body, so that a drawing is the same at every resolution."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline, PchipInterpolator

from medkd_core.imaging.frame import FloatArray

Points = NDArray[np.float64]

_SUBPIXEL_BITS = 4


class Canvas:
    """A square film laid over body coordinates.

    Body coordinates are centimetres, x to the image's right (the patient's left) and y down, with
    the origin in the middle of the chest at the height of the hila.

    Parameters
    ----------
    side : int
        Pixels of a side.
    field : float
        Centimetres of a side.
    center : (float, float)
        Body point in the middle of the film.
    tilt : float
        Degrees by which the body is turned clockwise on the film.
    """

    def __init__(
        self, side: int, field: float, center: tuple[float, float] = (0, 0), tilt: float = 0
    ) -> None:
        self.side = side
        self.pixels_per_cm = side / field
        angle = np.deg2rad(tilt)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        self._turn = turn * self.pixels_per_cm
        self._shift = (side - 1) / 2 - self._turn @ np.asarray(center, float)

    @cached_property
    def grid(self) -> tuple[FloatArray, FloatArray]:
        """Body x and y of every pixel, each float32, (side, side)."""
        inverse = np.linalg.inv(self._turn).astype(np.float32)
        steps = np.arange(self.side, dtype=np.float32)
        column, row = steps - np.float32(self._shift[0]), steps - np.float32(self._shift[1])
        x = inverse[0, 0] * column[None, :] + inverse[0, 1] * row[:, None]
        y = inverse[1, 0] * column[None, :] + inverse[1, 1] * row[:, None]
        return x, y

    def fill(self, *outlines: ArrayLike, softness: float = 0) -> FloatArray:
        """Coverage in [0, 1] of outlines, each (n, 2), with edges blurred by `softness` cm."""
        layer = np.zeros((self.side, self.side), np.uint8)
        for outline in outlines:
            cv2.fillPoly(layer, [self._fixed(outline)], 255, cv2.LINE_AA, _SUBPIXEL_BITS)
        return self.blur(self._unit(layer), softness)

    def stroke(self, lines: Sequence[ArrayLike], width: float, blur: float = 0) -> FloatArray:
        """Coverage in [0, 1] of open lines, each (n, 2), `width` cm wide.

        A line thinner than a pixel is drawn a pixel wide and fainter.
        """
        pixels = width * self.pixels_per_cm
        layer = np.zeros((self.side, self.side), np.uint8)
        strength = round(255 * min(1.0, pixels))
        fixed = [self._fixed(line) for line in lines]
        thickness = max(1, round(pixels))
        cv2.polylines(layer, fixed, False, strength, thickness, cv2.LINE_AA, _SUBPIXEL_BITS)
        return self.blur(self._unit(layer), blur)

    def blur(self, image: FloatArray, sigma: float) -> FloatArray:
        """Gaussian blur with a standard deviation in cm; wide ones are computed on a small copy."""
        pixels = sigma * self.pixels_per_cm
        if pixels < 0.25:
            return image
        if pixels < 6:
            return cv2.GaussianBlur(image, (0, 0), pixels, borderType=cv2.BORDER_REPLICATE)
        small_side = max(16, round(self.side * 4 / pixels))
        small = cv2.resize(image, (small_side, small_side), interpolation=cv2.INTER_AREA)
        small = cv2.GaussianBlur(small, (0, 0), 4, borderType=cv2.BORDER_REPLICATE)
        return cv2.resize(small, (self.side, self.side), interpolation=cv2.INTER_CUBIC)

    def depth(self, coverage: FloatArray) -> FloatArray:
        """Distance in cm of every covered pixel from the border of a coverage."""
        inside = (coverage > 0.5).astype(np.uint8)
        # The film's edge is not the body's: beyond it the body goes on.
        inside = cv2.copyMakeBorder(inside, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
        distance = cv2.distanceTransform(inside, cv2.DIST_L2, 5)[1:-1, 1:-1]
        return distance / np.float32(self.pixels_per_cm)

    def dome(self, coverage: FloatArray, reach: float) -> FloatArray:
        """Rounded thickness in [0, 1]: 0 at the border, 1 from `reach` cm inside on."""
        missing = 1 - np.minimum(self.depth(coverage) / np.float32(reach), 1)
        return np.sqrt(1 - missing * missing)

    def cloud(self, rng: np.random.Generator, sizes: Sequence[float]) -> FloatArray:
        """Smooth random field in about [-1, 1], a sum of octaves with grains of `sizes` cm."""
        field = np.zeros((self.side, self.side), np.float32)
        extent = self.side / self.pixels_per_cm
        for size in sizes:
            cells = max(4, round(extent / size))
            grain = rng.uniform(-1, 1, (cells, cells)).astype(np.float32)
            field += cv2.resize(grain, (self.side, self.side), interpolation=cv2.INTER_CUBIC)
        return field / np.float32(np.sqrt(len(sizes)))

    def _fixed(self, points: ArrayLike) -> NDArray[np.int32]:
        pixels = np.asarray(points, float) @ self._turn.T + self._shift
        return np.round(pixels * (1 << _SUBPIXEL_BITS)).astype(np.int32)

    @staticmethod
    def _unit(layer: NDArray[np.uint8]) -> FloatArray:
        return layer.astype(np.float32) * np.float32(1 / 255)


def closed_curve(points: ArrayLike, samples: int = 120) -> Points:
    """Smooth closed curve through points, (n, 2) -> (samples, 2)."""
    corners = np.asarray(points, float)
    corners = np.vstack([corners, corners[:1]])
    return _along(CubicSpline, corners, samples, bc_type="periodic")


def open_curve(points: ArrayLike, samples: int = 60) -> Points:
    """Curve through points that never overshoots them, (n, 2) -> (samples, 2)."""
    return _along(PchipInterpolator, np.asarray(points, float), samples)


def _along(
    spline: type[CubicSpline] | type[PchipInterpolator],
    corners: Points,
    samples: int,
    **options: str,
) -> Points:
    chord = np.sqrt(np.linalg.norm(np.diff(corners, axis=0), axis=1))
    position = np.concatenate([[0], np.cumsum(chord)])
    curve = spline(position, corners, **options)
    result: Points = curve(np.linspace(0, position[-1], samples))
    return result


def ribbon(line: Points, width: ArrayLike) -> Points:
    """Outline of a band around a line, (n, 2) -> (2n, 2); `width` may change along the line."""
    tangent = np.gradient(line, axis=0)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-9)
    normal = np.column_stack([-tangent[:, 1], tangent[:, 0]])
    half = np.broadcast_to(np.asarray(width, float) / 2, len(line))[:, None]
    return np.vstack([line + normal * half, (line - normal * half)[::-1]])


def ellipse(center: ArrayLike, radii: tuple[float, float], turn: float = 0) -> Points:
    """Outline of an ellipse turned by `turn` degrees, (48, 2)."""
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    flat = np.column_stack([np.cos(angle) * radii[0], np.sin(angle) * radii[1]])
    c, s = np.cos(np.deg2rad(turn)), np.sin(np.deg2rad(turn))
    return flat @ np.array([[c, s], [-s, c]]) + np.asarray(center, float)
