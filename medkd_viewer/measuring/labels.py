"""Where the text of a measurement stands: in the pane, off its lines, off other texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from medkd_viewer.measuring.strokes import Line
from medkd_viewer.reading.viewport import Point

Box = tuple[float, float, float, float]
"""Left, top, width and height."""

_GAP = 12.0
_MARGIN = 16.0
_CLEARANCE = 6.0
_MOST_POINTS = 5000


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
    others: Line,
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
    own, others : ndarray, (n, 2)
        The `seen_points` of the measurement, and of all others.
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
    inner = _grown(area, -_MARGIN)
    beside = _beside(size, near if len(near) else _ends(own))

    def disturbs(box: Box) -> tuple[bool, bool, bool]:
        close = _grown(box, _CLEARANCE)
        over_text = any(_overlap(box, other) for other in taken)
        return bool(_within(own, close).any()), over_text, bool(_within(others, close).any())

    # The first of those that disturb least: its own lines weigh more than texts, those more than
    # the lines of others.
    return min((_kept_in(inner, (*place, *size)) for place in beside), key=disturbs)


def _beside(size: tuple[float, float], near: Line) -> Iterator[Point]:
    """Upper left corners of the text, the best first: at the outermost handles, then at any."""
    width, height = size
    x, y = near[near[:, 0].argmax()]
    yield x + _GAP, y - height / 2
    x, y = near[near[:, 1].argmax()]
    yield x - width / 2, y + _GAP
    x, y = near[near[:, 0].argmin()]
    yield x - _GAP - width, y - height / 2
    x, y = near[near[:, 1].argmin()]
    yield x - width / 2, y - _GAP - height
    for x, y in near:
        for left in (x + _GAP, x - _GAP - width):
            for top in (y + _GAP, y - _GAP - height):
                yield left, top


def _ends(points: Line) -> Line:
    return points[[points[:, 0].argmax(), points[:, 1].argmax(), points[:, 0].argmin()]]


def _within(points: Line, box: Box) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    left, top, width, height = box
    x, y = points.T
    return (x >= left) & (x <= left + width) & (y >= top) & (y <= top + height)


def _kept_in(area: Box, box: Box) -> Box:
    left, top, width, height = box
    right, bottom = area[0] + area[2] - width, area[1] + area[3] - height
    return max(min(left, right), area[0]), max(min(top, bottom), area[1]), width, height


def _grown(box: Box, by: float) -> Box:
    return box[0] - by, box[1] - by, box[2] + 2 * by, box[3] + 2 * by


def _overlap(one: Box, other: Box) -> bool:
    apart_across = one[0] + one[2] <= other[0] or other[0] + other[2] <= one[0]
    apart_down = one[1] + one[3] <= other[1] or other[1] + other[3] <= one[1]
    return not (apart_across or apart_down)
