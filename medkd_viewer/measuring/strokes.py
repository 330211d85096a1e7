"""The lines that a measurement is drawn with, and how far a pointer is from them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from medkd_core.imaging.frame import Spacing
from medkd_viewer.measuring.measurement import Kind, Measurement
from medkd_viewer.reading.viewport import PaneGeometry, Point

Line = NDArray[np.float64]
"""(n, 2): columns and rows of the film, or x and y of a pane."""

_ELLIPSE_SIDES = 128
_ARC_SIDES = 16
_ARC_SHARE = 0.3


def strokes(kind: Kind, points: Sequence[Point], spacing: Spacing | None) -> tuple[Line, ...]:
    """The lines of a measurement on the film; of an unfinished one those that are known.

    Parameters
    ----------
    kind : Kind
    points : sequence of (float, float)
        As in `Measurement`, perhaps fewer.
    spacing : Spacing or None
        Of the film's pixels: it settles what is upright on a thorax that was drawn aslant.
    """
    places = np.array(points, np.float64).reshape(-1, 2)
    if len(places) < 2:
        return ()
    if kind is Kind.RECTANGLE:
        (x0, y0), (x1, y1) = places
        return (np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]),)
    if kind is Kind.ELLIPSE:
        return (_ellipse(*places),)
    if kind is Kind.ANGLE and len(places) == 3:
        return places, _arc(*places)
    if kind is Kind.HEART_RATIO and len(places) == 4:
        return places[:2], _stair(places, spacing)
    return (places[:2],)


def on_pane(line: Line, geometry: PaneGeometry) -> Line:
    """A line of the film in the pixels of a pane."""
    matrix = geometry.matrix
    return np.asarray(line @ matrix[:, :2].T + matrix[:, 2])


def distance_to(line: Line, place: Point) -> float:
    """Distance of a place from a line of several pieces."""
    start, along = line[:-1], np.diff(line, axis=0)
    square = np.maximum((along**2).sum(axis=1), 1e-12)
    share = np.clip(((place - start) * along).sum(axis=1) / square, 0.0, 1.0)
    nearest = start + share[:, None] * along
    return float(np.hypot(*(nearest - place).T).min())


def may_reach(measurement: Measurement, place: Point, reach: float) -> bool:
    """A place of the film may be within reach of a measurement; quickly said, never wrongly no."""
    first = measurement.points[0]
    # All others are drawn no farther from their first point than twice their other points are.
    farthest = max(math.dist(first, point) for point in measurement.points)
    is_near = math.dist(first, place) <= 2 * farthest + reach
    return is_near or measurement.kind is Kind.HEART_RATIO


def grip(
    measurement: Measurement, place: Point, geometry: PaneGeometry, reach: float
) -> int | None:
    """Which handle of a measurement is nearest to a place of the pane, within reach."""
    away = [math.dist(geometry.to_pane(*handle), place) for handle in measurement.handles]
    nearest = min(range(len(away)), key=away.__getitem__)
    return nearest if away[nearest] <= reach else None


def _ellipse(first: Line, second: Line) -> Line:
    turn = np.linspace(0, 2 * np.pi, _ELLIPSE_SIDES + 1)
    middle, half = (first + second) / 2, (second - first) / 2
    return middle + np.stack([np.cos(turn), np.sin(turn)], axis=1) * half


def _arc(first: Line, vertex: Line, second: Line) -> Line:
    arms = np.stack([first - vertex, second - vertex])
    start, end = np.arctan2(arms[:, 1], arms[:, 0])
    sweep = (end - start + np.pi) % (2 * np.pi) - np.pi
    turn = start + np.linspace(0, sweep, _ARC_SIDES + 1)
    radius = _ARC_SHARE * np.hypot(*arms.T).min()
    return np.asarray(vertex + radius * np.stack([np.cos(turn), np.sin(turn)], axis=1))


def _stair(places: Line, spacing: Spacing | None) -> Line:
    """From border to border along the thorax, with a step where the borders' heights differ."""
    pixel = np.array([spacing.column_mm, spacing.row_mm] if spacing else [1.0, 1.0])
    right, left, border, other = places * pixel
    along = (left - right) / (np.hypot(*(left - right)) or 1.0)
    reach = ((other - border) @ along) * along / 2
    return np.stack([border, border + reach, other - reach, other]) / pixel
