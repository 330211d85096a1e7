"""Where the text of a measurement stands: in the pane, off its lines, off other texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from medkd_viewer.measuring.strokes import Line
from medkd_viewer.reading.viewport import Point

Box = tuple[float, float, float, float]
"""Left, top, width and height."""

_GAP = 12.0
_CLEARANCE = 6.0
_MOST_POINTS = 5000


def label_box(
    size: tuple[float, float],
    lines: Sequence[Line],
    handles: Sequence[Point],
    area: Box,
    taken: Sequence[Box] = (),
) -> Box | None:
    """A place for a text beside a measurement.

    Parameters
    ----------
    size : (float, float)
        Width and height of the text.
    lines : sequence of ndarray, (n, 2)
        What the measurement is drawn with, in the pixels of the pane.
    handles : sequence of (float, float)
        The places that the text should be near.
    area : Box
        What the text must not leave.
    taken : sequence of Box
        Where other texts stand already.

    Returns
    -------
    Box or None
        None when nothing of the measurement is seen.
    """
    drawn = np.concatenate([_dense(line, area) for line in lines] or [np.array(handles)])
    drawn = drawn[_within(drawn, area)]
    if not len(drawn):
        return None
    near = np.array(handles)
    near = near[_within(near, area)]
    beside = _beside(size, near if len(near) else _ends(drawn))
    places = [_kept_in(area, (*place, *size)) for place in beside]
    clear = [box for box in places if not _within(drawn, _grown(box, _CLEARANCE)).any()]
    free = [box for box in clear if not any(_overlap(box, other) for other in taken)]
    return (free or clear or places)[0]


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


def _dense(line: Line, area: Box) -> Line:
    """Points of a line in an area, close enough that no text slips between two of them."""
    pieces = [line[:0]]
    for start, end in pairwise(line):
        low, size = np.minimum(start, end), np.abs(end - start)
        if _overlap((*low - 1, *size + 2), area):
            count = min(int(np.hypot(*size) / _CLEARANCE) + 2, _MOST_POINTS)
            pieces.append(start + np.linspace(0, 1, count)[:, None] * (end - start))
    return np.concatenate(pieces)


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
