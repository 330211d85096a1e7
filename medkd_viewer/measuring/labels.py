"""Where the text of a measurement stands: in the pane, off its lines, off other texts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from medkd_viewer.measuring.strokes import Line
from medkd_viewer.reading.viewport import Point

Box = tuple[float, float, float, float]
"""Left, top, width and height."""
Boxes = NDArray[np.float64]
"""(n, 4): left, top, width and height."""

_GAP = 12.0
_MARGIN = 16.0
_CLEARANCE = 6.0
_CELL = 6.0
_MOST_POINTS = 8000
_SPOTS = 9
_GRID = 16.0
_MOST_COMPARED = 32
# How much farther away, in pixels, a text may stand instead: over its own lines, over others', and
# over another text, which it never does.
_OWN_LINES, _OTHER_LINES, _OTHER_TEXT = 400.0, 250.0, 1e6
_BESIDE = 1.5 * _GAP


class Ground:
    """What lies where in an area, counted so that any box is looked up at once.

    Parameters
    ----------
    points : ndarray, (n, 2)
        All of them in the area.
    area : Box
    """

    def __init__(self, points: Line, area: Box) -> None:
        self._area = area
        columns, rows = (int(side / _CELL) + 1 for side in area[2:])
        self._sums = np.zeros((rows + 1, columns + 1), np.int32)
        column, row = self._cells(points).T
        np.add.at(self._sums, (row + 1, column + 1), 1)
        self._sums = self._sums.cumsum(axis=0, dtype=np.int32).cumsum(axis=1, dtype=np.int32)

    def disturbed(self, boxes: Boxes, own: Line) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Whether each box lies over some of its own points or close by, and over any others.

        Parameters
        ----------
        boxes : Boxes
            (n, 4), in the area.
        own : ndarray, (m, 2)
            Some of all points.
        """
        first = self._cells(boxes[:, :2] - _CLEARANCE)
        last = self._cells(boxes[:, :2] + boxes[:, 2:] + _CLEARANCE)
        (left, top), (right, bottom), (column, row) = first.T, last.T + 1, self._cells(own).T
        across = (column >= left[:, None]) & (column < right[:, None])
        down = (row >= top[:, None]) & (row < bottom[:, None])
        over_own = np.count_nonzero(across & down, axis=1)
        sums = self._sums
        over_any = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
        return over_own > 0, over_any > over_own

    def _cells(self, points: Line) -> NDArray[np.int64]:
        rows, columns = self._sums.shape
        cells = np.floor((points - self._area[:2]) / _CELL).astype(int)
        return np.asarray(cells.clip(0, (columns - 2, rows - 2)))


def seen_points(lines: Sequence[Line], area: Box) -> Line:
    """Points of lines in an area, so close that no text slips between; no line's very last one.

    Parameters
    ----------
    lines : sequence of ndarray, (n, 2)
        A single point is a line too.
    area : Box
    """
    starts = np.concatenate([np.empty((0, 2)), *(line[: max(1, len(line) - 1)] for line in lines)])
    ends = np.concatenate([np.empty((0, 2)), *(line[min(1, len(line) - 1) :] for line in lines)])
    low, high = np.minimum(starts, ends), np.maximum(starts, ends)
    left, top, width, height = area
    seen = ((high >= (left, top)) & (low <= (left + width, top + height))).all(axis=1)
    start, along = starts[seen], (ends - starts)[seen]
    counts = np.minimum(np.hypot(*along.T) / _CLEARANCE, _MOST_POINTS).astype(int) + 1
    piece = np.repeat(np.arange(len(counts)), counts)
    number = np.arange(len(piece)) - np.repeat(np.cumsum(counts) - counts, counts)
    points = start[piece] + (number / counts[piece])[:, None] * along[piece]
    return np.asarray(points[_within(points, area)])


def label_box(
    size: tuple[float, float],
    handles: Sequence[Point],
    area: Box,
    *,
    own: Line,
    everything: Ground,
    taken: Sequence[Box],
) -> Box | None:
    """A place for a text beside a measurement.

    Parameters
    ----------
    size : (float, float)
        Width and height of the text.
    handles : sequence of (float, float)
        The places that the text should be near.
    area : Box
        What the text must not leave.
    own : ndarray, (n, 2)
        The `seen_points` of the measurement.
    everything : Ground
        Those of all measurements.
    taken : sequence of Box
        Where other texts stand already.

    Returns
    -------
    Box or None
        None when nothing of the measurement is seen, or no place is without text.
    """
    if not len(own):
        return None
    near = np.array(handles)
    near = near[_within(near, area)]
    along = own[np.linspace(0, len(own) - 1, _SPOTS).astype(int)]
    inner, outermost = _grown(area, -_MARGIN), near if len(near) else along
    beside = _outside(size, outermost)
    places = [*beside, *_around(size, [*near, *along])]
    for some in (beside, places):
        boxes = _kept_in(inner, some, size)
        trouble = _trouble(boxes, own, everything, taken)
        if not trouble.min():
            return _box(boxes[trouble.argmin()])
    boxes = _kept_in(inner, [*places, *_grid(inner, size)], size)
    trouble = _trouble(boxes, own, everything, taken) + distances(boxes, own)
    return _box(boxes[trouble.argmin()]) if trouble.min() < _OTHER_TEXT else None


def leader(box: Box, own: Line, others: Line) -> tuple[Point, Point] | None:
    """A line from a text to its measurement; None where it stands beside it and no other is nearer.

    Parameters
    ----------
    own, others : ndarray, (n, 2)
        The `seen_points` of its measurement, and of all others.
    """
    boxes = np.array([box])
    away = float(distances(boxes, own)[0])
    nearest_other = float(distances(boxes, others)[0]) if len(others) else math.inf
    if away <= _BESIDE and away <= nearest_other:
        return None
    corner, size = boxes[0, :2], boxes[0, 2:]
    starts = np.clip(own, corner, corner + size)
    nearest = int(np.hypot(*(own - starts).T).argmin())
    (x0, y0), (x1, y1) = starts[nearest].tolist(), own[nearest].tolist()
    return (x0, y0), (x1, y1)


def distances(boxes: Boxes, points: Line) -> NDArray[np.float64]:
    """From each box to the nearest of some points; of very many points a share is looked at."""
    points = points[:: len(points) // _MOST_COMPARED + 1]
    low, high = boxes[:, None, :2], (boxes[:, :2] + boxes[:, 2:])[:, None]
    away = np.maximum(0.0, np.maximum(low - points, points - high))
    return np.asarray(np.hypot(away[..., 0], away[..., 1]).min(axis=1))


def _trouble(
    boxes: Boxes, own: Line, everything: Ground, taken: Sequence[Box]
) -> NDArray[np.float64]:
    over_own, over_others = everything.disturbed(boxes, own)
    lines = _OWN_LINES * over_own + _OTHER_LINES * over_others
    return np.asarray(lines + _OTHER_TEXT * _meet(boxes, taken))


def _grid(area: Box, size: tuple[float, float]) -> list[Point]:
    """Upper left corners of a text all over an area."""
    left, top, width, height = area
    across = np.arange(left, left + width - size[0], _GRID)
    down = np.arange(top, top + height - size[1], _GRID)
    return [(x, y) for x in across.tolist() for y in down.tolist()]


def _box(box: NDArray[np.float64]) -> Box:
    left, top, width, height = box.tolist()
    return left, top, width, height


def _outside(size: tuple[float, float], near: Line) -> list[Point]:
    """Upper left corners of a text beside the outermost places."""
    width, height = size
    (right, low), (left, high) = near.argmax(axis=0), near.argmin(axis=0)
    return [
        (near[right, 0] + _GAP, near[right, 1] - height / 2),
        (near[low, 0] - width / 2, near[low, 1] + _GAP),
        (near[left, 0] - _GAP - width, near[left, 1] - height / 2),
        (near[high, 0] - width / 2, near[high, 1] - _GAP - height),
    ]


def _around(size: tuple[float, float], places: Sequence[Line]) -> Iterator[Point]:
    """Upper left corners of a text on the four sides of any place, at first close by."""
    width, height = size
    for gap in (_GAP, 3 * _GAP):
        for x, y in places:
            for left in (x + gap, x - gap - width):
                for top in (y + gap, y - gap - height):
                    yield left, top


def _within(points: Line, box: Box) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    left, top, width, height = box
    x, y = points.T
    return (x >= left) & (x <= left + width) & (y >= top) & (y <= top + height)


def _kept_in(area: Box, places: Sequence[Point], size: tuple[float, float]) -> Boxes:
    left_top = np.array(area[:2])
    highest = np.maximum(left_top + area[2:] - np.array(size), left_top)
    kept = np.clip(np.array(places), left_top, highest)
    return np.hstack([kept, np.broadcast_to(size, kept.shape)])


def _grown(box: Box, by: float) -> Box:
    return box[0] - by, box[1] - by, box[2] + 2 * by, box[3] + 2 * by


def _meet(boxes: Boxes, taken: Sequence[Box]) -> NDArray[np.bool_]:
    """Whether each box lies over one of those that are taken."""
    others = np.array(taken).reshape(-1, 4)
    ends, other_ends = boxes[:, :2] + boxes[:, 2:], others[:, :2] + others[:, 2:]
    begins_before = boxes[:, None, :2] < other_ends
    ends_after = others[:, :2] < ends[:, None]
    return np.asarray((begins_before & ends_after).all(axis=2).any(axis=1))
