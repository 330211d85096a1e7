"""Which corner texts have room around a film: in a small pane they give way to the film.

- A corner has as many lines as a share of the pane's height holds, at least one. What comes first
  in a corner is what matters most; a lower corner of one line says the rest beside it.
- Films have side markers burned in at their upper edge: the share is smaller there. Of one line,
  the upper texts keep to the black beside the film where there is enough of it, else to their half.
- More lines stand in the black beside the film where they fit whole, as long as two thirds of the
  height stay without text.
- The left leaves the right at least room for the first part of each line.
- A line without room loses its last parts, those after a dot, and is then cut with "…".
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF

from medkd_viewer.joining import BETWEEN_PARTS
from medkd_viewer.reading.corner_texts import CornerTexts, Lines

LINE_HEIGHT = 17
_UPPER_SHARE, _LOWER_SHARE = 1 / 12, 1 / 8
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

    def rows(self, share: float) -> int:
        """Lines that a corner may lay over a share of the height."""
        return max(1, int(self.height * share / LINE_HEIGHT))


def fitted(texts: CornerTexts, room: Room, metrics: QFontMetricsF) -> CornerTexts:
    """The texts that have room, shortened where that helps."""
    top, more_above = _upper((texts.top_left, texts.top_right), room, metrics)
    bottom, more_below = _lower((texts.bottom_left, texts.bottom_right), room, metrics)
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


def _upper(sides: Sides, room: Room, metrics: QFontMetricsF) -> tuple[Sides, Sides]:
    """The lines over the film, and those that may stand beside it."""
    rows = room.rows(_UPPER_SHARE)
    first = _lines(sides, 0, rows)
    shown = _kept_apart(first, room, metrics) if rows == 1 else _shared(first, room.width, metrics)
    return shown, _beside(_lines(sides, rows, None), room, metrics)


def _lower(sides: Sides, room: Room, metrics: QFontMetricsF) -> tuple[Sides, Sides]:
    """The lines over the film, and those that may stand beside it."""
    rows = room.rows(_LOWER_SHARE)
    if rows == 1:
        sides = _in_one_line(sides[0]), _in_one_line(sides[1])
    shown = _shared(_lines(sides, 0, rows), room.width, metrics)
    return shown, _beside(_lines(sides, rows, None), room, metrics)


def _kept_apart(sides: Sides, room: Room, metrics: QFontMetricsF) -> Sides:
    half = (room.width - _BETWEEN) / 2
    left, right = (
        _shortened(lines, min(half, black) if black >= _ENOUGH_BLACK else half, metrics)
        for lines, black in zip(sides, room.black, strict=True)
    )
    return left, right


def _shared(sides: Sides, width: float, metrics: QFontMetricsF) -> Sides:
    width -= _BETWEEN
    firsts = tuple(line.split(BETWEEN_PARTS)[0] for line in sides[1])
    left = _shortened(sides[0], max(width / 2, width - widest(firsts, metrics)), metrics)
    return left, _shortened(sides[1], width - widest(left, metrics), metrics)


def _beside(sides: Sides, room: Room, metrics: QFontMetricsF) -> Sides:
    left, right = (
        tuple(line for line in lines if metrics.horizontalAdvance(line) <= black)
        for lines, black in zip(sides, room.black, strict=True)
    )
    return left, right


def _shortened(lines: Lines, width: float, metrics: QFontMetricsF) -> Lines:
    return tuple(shortened(line, width, metrics) for line in lines)


def _in_one_line(lines: Lines) -> Lines:
    return (BETWEEN_PARTS.join(lines),) if lines else ()


def _lines(sides: Sides, start: int, end: int | None) -> Sides:
    return sides[0][start:end], sides[1][start:end]


def _rows(sides: Sides) -> int:
    return max(map(len, sides))
