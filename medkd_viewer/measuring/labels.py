"""Where the text of a measurement stands: in the pane, off its lines, off other texts."""

from __future__ import annotations

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

    def under(self, boxes: Boxes) -> NDArray[np.int32]:
        """How many points lie under each box or close by; (n,)."""
        left, top = (self._cells(boxes[:, :2] - _CLEARANCE)).T
        right, bottom = (self._cells(boxes[:, :2] + boxes[:, 2:] + _CLEARANCE) + 1).T
        sums = self._sums
        inside = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
        return np.asarray(inside)

    def _cells(self, points: Line) -> NDArray[np.int64]:
        rows, columns = self._sums.shape
        cells = np.floor((points - self._area[:2]) / _CELL).astype(int)
        return np.asarray(cells.clip(0, (columns - 2, rows - 2)))


def seen_points(lines: Sequence[Line], area: Box) -> Line:
    """Points of lines in an area, close enough that no text slips between two of them.

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
    counts = np.minimum(np.hypot(*along.T) / _CLEARANCE, _MOST_POINTS).astype(int) + 2
    piece = np.repeat(np.arange(len(counts)), counts)
    number = np.arange(len(piece)) - np.repeat(np.cumsum(counts) - counts, counts)
    points = start[piece] + (number / (counts[piece] - 1))[:, None] * along[piece]
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
        None when nothing of the measurement is seen.
    """
    if not len(own):
        return None
    near = np.array(handles)
    near = near[_within(near, area)]
    along = own[np.linspace(0, len(own) - 1, _SPOTS).astype(int)]
    beside = (*_outside(size, near if len(near) else along), *_around(size, [*near, *along]))
    boxes = _kept_in(_grown(area, -_MARGIN), np.array(beside), size)
    over_own = Ground(own, area).under(boxes)
    over_others = everything.under(boxes) > over_own
    # Over other lines is bad, over another text worse, over its own lines worst.
    disturbs = 4 * (over_own > 0) + 2 * _meet(boxes, taken) + over_others
    left, top, width, height = map(float, boxes[disturbs.argmin()])
    return left, top, width, height


def _outside(size: tuple[float, float], near: Line) -> Iterator[Point]:
    """Upper left corners of a text beside the outermost places."""
    width, height = size
    x, y = near[near[:, 0].argmax()]
    yield x + _GAP, y - height / 2
    x, y = near[near[:, 1].argmax()]
    yield x - width / 2, y + _GAP
    x, y = near[near[:, 0].argmin()]
    yield x - _GAP - width, y - height / 2
    x, y = near[near[:, 1].argmin()]
    yield x - width / 2, y - _GAP - height


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


def _kept_in(area: Box, places: Line, size: tuple[float, float]) -> Boxes:
    left_top = np.array(area[:2])
    highest = np.maximum(left_top + area[2:] - np.array(size), left_top)
    kept = np.clip(places, left_top, highest)
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
