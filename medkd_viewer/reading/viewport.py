"""Which part of a film a pane shows; linked panes share one viewport."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Point = tuple[float, float]

SMALLEST_ZOOM = 0.25
LARGEST_ZOOM = 64.0
_LEAST_SEEN = 48.0
"""Pixels of a film that stay in its pane, wherever it is dragged."""


@dataclass(frozen=True, slots=True)
class Viewport:
    """The place that every linked pane has in its middle, and how large.

    Attributes
    ----------
    center : (float, float)
        Column and row of the film in the pane's middle; a pixel's centre lies at ``+ 0.5``.
    zoom : float
        1 shows the whole film, whatever the size of the pane.
    quarter_turns : int
        Clockwise quarter turns, 0 to 3.
    mirrored : bool
        Left and right are exchanged, before the turn.
    """

    center: Point
    zoom: float = 1.0
    quarter_turns: int = 0
    mirrored: bool = False


def whole_film(columns: int, rows: int) -> Viewport:
    """The viewport that shows a film upright and whole."""
    return Viewport(center=(columns / 2, rows / 2))


@dataclass(frozen=True, slots=True)
class PaneGeometry:
    """The way from a film's pixels to a pane's pixels and back.

    Attributes
    ----------
    viewport : Viewport
    film : (int, int)
        Columns and rows.
    area : (float, float, float, float)
        Left, top, width and height of the picture area in the pane.
    aspect : float
        Height of a film pixel for its width.
    """

    viewport: Viewport
    film: tuple[int, int]
    area: tuple[float, float, float, float]
    aspect: float = 1.0

    @property
    def scale(self) -> float:
        """Pane pixels for the width of one film pixel."""
        columns, rows = float(self.film[0]), self.film[1] * self.aspect
        if self.viewport.quarter_turns % 2:
            columns, rows = rows, columns
        _, _, width, height = self.area
        return self.viewport.zoom * min(width / columns, height / rows)

    @property
    def matrix(self) -> Matrix:
        """float64, (2, 3), read-only: pane = matrix @ (column, row, 1)."""
        return _matrix(self)

    def to_pane(self, column: float, row: float) -> Point:
        """Where a place of the film is in the pane."""
        x, y = self.matrix @ np.array([column, row, 1.0])
        return float(x), float(y)

    def to_film(self, x: float, y: float) -> Point:
        """Which place of the film a point of the pane shows; may lie outside the film."""
        matrix = self.matrix
        column, row = np.linalg.solve(matrix[:, :2], np.array([x, y]) - matrix[:, 2])
        return float(column), float(row)

    def film_bounds(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the whole film in the pane."""
        x0, y0 = self.to_pane(0, 0)
        x1, y1 = self.to_pane(*self.film)
        return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)

    def panned(self, dx: float, dy: float) -> Viewport:
        """The viewport after the film was dragged by (dx, dy) pane pixels, never out of sight."""
        left, top, right, bottom = self.film_bounds()
        x0, y0, width, height = self.area
        dx = _kept_in_view(dx, left, right, x0, x0 + width)
        dy = _kept_in_view(dy, top, bottom, y0, y0 + height)
        x, y = self.to_pane(*self.viewport.center)
        return replace(self.viewport, center=self.to_film(x - dx, y - dy))

    def zoomed(self, factor: float, x: float, y: float) -> Viewport:
        """The viewport after zooming while the place under (x, y) stays where it is.

        Beside the film its nearest place does: it is not zoomed out of sight.
        """
        zoom = min(max(self.viewport.zoom * factor, SMALLEST_ZOOM), LARGEST_ZOOM)
        held = np.clip(self.to_film(x, y), 0.0, self.film)
        kept = self.viewport.zoom / zoom
        column, row = held + (np.array(self.viewport.center) - held) * kept
        return replace(self.viewport, zoom=zoom, center=(float(column), float(row)))


def _kept_in_view(by: float, start: float, end: float, low: float, high: float) -> float:
    """How far a film from start to end may go, so that a strip of it stays between two edges."""
    strip = min(_LEAST_SEEN, end - start, high - low)
    return min(max(by, low + strip - end), high - strip - start)


def moved_to(viewport: Viewport, old: tuple[int, int], new: tuple[int, int]) -> Viewport:
    """The viewport that shows the same share of a film of another size, columns and rows."""
    if old == new:
        return viewport
    column, row = viewport.center
    return replace(viewport, center=(column / old[0] * new[0], row / old[1] * new[1]))


def turned(viewport: Viewport) -> Viewport:
    """One quarter turn further clockwise on the screen."""
    return replace(viewport, quarter_turns=(viewport.quarter_turns + 1) % 4)


def flipped(viewport: Viewport, *, horizontally: bool) -> Viewport:
    """Mirrored on the screen, whatever the turn.

    A mirror after a turn is the mirror before the opposite turn; up-down is left-right and half a
    turn.
    """
    turns = -viewport.quarter_turns if horizontally else 2 - viewport.quarter_turns
    return replace(viewport, mirrored=not viewport.mirrored, quarter_turns=turns % 4)


# A painted picture asks for it a score of times.
@lru_cache(maxsize=64)
def _matrix(geometry: PaneGeometry) -> Matrix:
    left, top, width, height = geometry.area
    linear = geometry.scale * _orientation(geometry.viewport) @ np.diag([1.0, geometry.aspect])
    middle = np.array([left + width / 2, top + height / 2])
    shift = middle - linear @ np.array(geometry.viewport.center)
    matrix = np.hstack([linear, shift[:, None]])
    matrix.flags.writeable = False
    return matrix


def _orientation(viewport: Viewport) -> Matrix:
    cosine, sine = ((1, 0), (0, 1), (-1, 0), (0, -1))[viewport.quarter_turns]
    turn = np.array([[cosine, -sine], [sine, cosine]], dtype=np.float64)
    mirror = np.diag([-1.0 if viewport.mirrored else 1.0, 1.0])
    return turn @ mirror
