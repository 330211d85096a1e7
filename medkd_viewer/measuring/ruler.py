"""Distances, angles and areas on a film whose pixels may be oblong or of unknown size."""

from __future__ import annotations

import math
from dataclasses import dataclass

from medkd_core.imaging.frame import Spacing, SpacingBasis
from medkd_viewer.measuring.measurement import Kind, Measurement
from medkd_viewer.reading.film import pixel_aspect
from medkd_viewer.reading.viewport import Point


@dataclass(frozen=True, slots=True)
class Ruler:
    """Measures on a film.

    Millimetres are given only where it is known what they mean. The shape of a pixel is believed as
    the drawing does: a magnification that nobody knows changes no angle and no ratio.

    Parameters
    ----------
    spacing : Spacing or None
        Of the film's pixels.
    """

    spacing: Spacing | None

    @property
    def in_mm(self) -> bool:
        """Lengths come in mm; else in pixels."""
        return self.spacing is not None and self.spacing.basis is not SpacingBasis.UNKNOWN

    @property
    def basis(self) -> str:
        """How the millimetres are known; empty where lengths come in pixels."""
        return self.spacing.basis.value if self.spacing is not None and self.in_mm else ""

    def length(self, start: Point, end: Point) -> float:
        """Distance of two places, in mm or pixels."""
        wide, high = self._pixel if self.in_mm else (1.0, 1.0)
        return math.hypot((end[0] - start[0]) * wide, (end[1] - start[1]) * high)

    def area(self, region: Measurement) -> float:
        """Area inside the outline of an ellipse or rectangle, in mm² or pixels."""
        wide, high = self._pixel if self.in_mm else (1.0, 1.0)
        (x0, y0), (x1, y1) = region.points
        box = abs(x1 - x0) * wide * abs(y1 - y0) * high
        return box * math.pi / 4 if region.kind is Kind.ELLIPSE else box

    def angle(self, first: Point, vertex: Point, second: Point) -> float | None:
        """Angle between two arms in degrees, [0, 180]; None when an arm has no length."""
        ax, ay = self._arm(vertex, first)
        bx, by = self._arm(vertex, second)
        if not math.hypot(ax, ay) or not math.hypot(bx, by):
            return None
        return math.degrees(abs(math.atan2(ax * by - ay * bx, ax * bx + ay * by)))

    def heart_share(self, measurement: Measurement) -> float | None:
        """The heart's transverse diameter for one of the inner thorax (Danzer 1919).

        The line across the thorax gives the transverse direction, so the midline stands upright on
        it. The distances of the right and left heart border from that midline add up to the
        distance of the two borders along the thorax, at whatever heights the borders are and
        wherever the midline is.

        Returns
        -------
        float or None
            None when the thorax has no width.
        """
        right, left, border, other = measurement.points
        thorax_x, thorax_y = self._arm(right, left)
        heart_x, heart_y = self._arm(border, other)
        square = thorax_x**2 + thorax_y**2
        return abs(heart_x * thorax_x + heart_y * thorax_y) / square if square else None

    def _arm(self, start: Point, end: Point) -> Point:
        return end[0] - start[0], (end[1] - start[1]) * pixel_aspect(self.spacing)

    @property
    def _pixel(self) -> tuple[float, float]:
        if self.spacing is None:
            return 1.0, 1.0
        return self.spacing.column_mm, self.spacing.row_mm
