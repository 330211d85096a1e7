"""Which corner texts have room around a film: in a small pane they give way to the film.

- A corner has as many lines as an eighth of the pane's height holds, at least one. What comes
  first in a corner is what matters most; a lower corner of one line says the rest beside it.
- Films have side markers burned in at their upper edge. In a pane with one line, the upper texts
  keep to the black beside the film where there is enough of it, else to their half of the line.
- More lines stand in the black beside the film where they fit whole, as long as two thirds of the
  height stay without text.
- The left leaves the right at least room for the first part of each line.
- A line without room loses its last parts, those after a dot, and is then cut with "…".
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF

from medkd_viewer.reading.corner_texts import BETWEEN_PARTS, CornerTexts, Lines

LINE_HEIGHT = 17
_SHARE_OF_HEIGHT = 1 / 8
_BETWEEN = 16.0
_ENOUGH_BLACK = 64.0
"""Pixels that say something: a name of eight letters."""
Sides = tuple[Lines, Lines]
"""Of the left and the right corner."""


@dataclass(frozen=True, slots=True)
class Room:
    """Where texts may stand, in a pane's pixels.

    Attributes
    ----------
    width, height : float
    black : (float, float)
        How much of the width lies left and right of the film.
    """

    width: float
    height: float
    black: tuple[float, float] = (0.0, 0.0)

    @property
    def rows(self) -> int:
        """Lines that each corner may lay over the film."""
        return max(1, int(self.height * _SHARE_OF_HEIGHT / LINE_HEIGHT))


def fitted(texts: CornerTexts, room: Room, metrics: QFontMetricsF) -> CornerTexts:
    """The texts that have room, shortened where that helps."""
    above, below = (texts.top_left, texts.top_right), (texts.bottom_left, texts.bottom_right)
    if room.rows == 1:
        below = _in_one_line(below[0]), _in_one_line(below[1])
        top = _kept_apart(above, room, metrics)
    else:
        top = _side_by_side(above, room, metrics)
    bottom = _side_by_side(below, room, metrics)
    more_above, more_below = _more(above, room, metrics), _more(below, room, metrics)
    taken = _rows(top) + _rows(bottom) + _rows(more_above) + _rows(more_below)
    if taken * LINE_HEIGHT <= room.height / 3:
        top = top[0] + more_above[0], top[1] + more_above[1]
        bottom = bottom[0] + more_below[0], bottom[1] + more_below[1]
    return CornerTexts(*top, *bottom)


def widest(lines: Lines, metrics: QFontMetricsF) -> float:
    """Width of the widest line, in a pane's pixels."""
    return max((metrics.horizontalAdvance(line) for line in lines), default=0.0)


def shortened(line: str, width: float, metrics: QFontMetricsF) -> str:
    """A line without the last of its parts, or cut, so that it is no wider than `width`."""
    parts = line.split(BETWEEN_PARTS)
    while len(parts) > 1 and metrics.horizontalAdvance(BETWEEN_PARTS.join(parts)) > width:
        parts.pop()
    return metrics.elidedText(BETWEEN_PARTS.join(parts), Qt.TextElideMode.ElideRight, width)


def _kept_apart(sides: Sides, room: Room, metrics: QFontMetricsF) -> Sides:
    """One line each, off the middle of the film."""
    half = (room.width - _BETWEEN) / 2
    left, right = (
        _first_lines(lines, room, min(half, black) if black >= _ENOUGH_BLACK else half, metrics)
        for lines, black in zip(sides, room.black, strict=True)
    )
    return left, right


def _side_by_side(sides: Sides, room: Room, metrics: QFontMetricsF) -> Sides:
    width = room.width - _BETWEEN
    firsts = tuple(line.split(BETWEEN_PARTS)[0] for line in sides[1][: room.rows])
    left_width = max(width / 2, width - widest(firsts, metrics))
    left = _first_lines(sides[0], room, left_width, metrics)
    return left, _first_lines(sides[1], room, width - widest(left, metrics), metrics)


def _first_lines(lines: Lines, room: Room, width: float, metrics: QFontMetricsF) -> Lines:
    return tuple(shortened(line, width, metrics) for line in lines[: room.rows])


def _more(sides: Sides, room: Room, metrics: QFontMetricsF) -> Sides:
    left, right = (
        tuple(line for line in lines[room.rows :] if metrics.horizontalAdvance(line) <= black)
        for lines, black in zip(sides, room.black, strict=True)
    )
    return left, right


def _in_one_line(lines: Lines) -> Lines:
    return (BETWEEN_PARTS.join(lines),) if lines else ()


def _rows(sides: Sides) -> int:
    return max(map(len, sides))
