"""What is written around a film: corner texts, letters of the patient's sides, scale bar.

Nothing lies over anything else: what has no room is left out, whose film it is last of all.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from medkd_viewer.reading.corner_room import LINE_HEIGHT, Room, fitted, widest
from medkd_viewer.reading.corner_texts import CornerTexts, Lines
from medkd_viewer.reading.orientation import EdgeLetters
from medkd_viewer.reading.painting import draw_edged_text
from medkd_viewer.reading.scale_bar import ScaleBar, draw_scale_bar
from medkd_viewer.theme import ui_font

_MARGIN_X, _MARGIN_Y = 10.0, 7.0
_LETTER = 18.0
_BAR_SHARE = 0.75
"""Of the width: the most that the scale bar's label may take."""
_BAR_ENDS = 2.0 * (LINE_HEIGHT + 8)
"""Above and below a scale bar: its label hangs below, and the bar stands in the middle."""

_LEFT = Qt.AlignmentFlag.AlignLeft
_RIGHT = Qt.AlignmentFlag.AlignRight
_CENTRE = Qt.AlignmentFlag.AlignHCenter
_MIDDLE = Qt.AlignmentFlag.AlignVCenter

Area = tuple[float, float, float, float]
"""Left, top, width and height of what the film may cover, in a pane's pixels."""


@dataclass(frozen=True, slots=True)
class Annotations:
    """All that is written around one film.

    Attributes
    ----------
    texts : CornerTexts
    letters : EdgeLetters
    bar : ScaleBar or None
    film : (float, float)
        Left and right edge of the film in the pane.
    """

    texts: CornerTexts
    letters: EdgeLetters
    bar: ScaleBar | None
    film: tuple[float, float]


def longest_bar(area: Area) -> float:
    """How long a scale bar may be in an area, in pixels."""
    # One line of text above and below, and the bar's own label.
    beside_texts = area[3] - 2 * (_MARGIN_Y + LINE_HEIGHT) - _BAR_ENDS
    return min(area[3] * 0.4, beside_texts, 240.0)


def draw_annotations(painter: QPainter, area: Area, annotations: Annotations) -> None:
    """Paint them at the edges of an area."""
    left, top, width, height = area
    inner = QRectF(left + _MARGIN_X, top + _MARGIN_Y, width - 2 * _MARGIN_X, height - 2 * _MARGIN_Y)
    font = ui_font(12)
    black = annotations.film[0] - inner.left(), inner.right() - annotations.film[1]
    room = Room(inner.width(), inner.height(), black)
    texts = fitted(annotations.texts, room, QFontMetricsF(font))
    painter.setFont(font)
    _draw_texts(painter, inner, texts)
    beside = _free_band(inner, texts.top_right, texts.bottom_right)
    bar_width = _draw_bar(painter, beside, annotations.bar)
    painter.setFont(ui_font(13, bold=True))
    _draw_letters(painter, inner, texts, annotations.letters, bar_width)


def _draw_texts(painter: QPainter, inner: QRectF, texts: CornerTexts) -> None:
    _draw_lines(painter, inner, inner.top(), _LEFT, texts.top_left)
    _draw_lines(painter, inner, inner.top(), _RIGHT, texts.top_right)
    for side, lines in ((_LEFT, texts.bottom_left), (_RIGHT, texts.bottom_right)):
        _draw_lines(painter, inner, inner.bottom() - len(lines) * LINE_HEIGHT, side, lines)


def _draw_lines(
    painter: QPainter, inner: QRectF, top: float, side: Qt.AlignmentFlag, lines: Lines
) -> None:
    for number, line in enumerate(lines):
        place = QRectF(inner.left(), top + number * LINE_HEIGHT, inner.width(), LINE_HEIGHT)
        draw_edged_text(painter, place, (side | _MIDDLE).value, line)


def _free_band(inner: QRectF, above: Lines, below: Lines) -> QRectF:
    """What lines leave between them."""
    return inner.adjusted(0, len(above) * LINE_HEIGHT, 0, -len(below) * LINE_HEIGHT)


def _draw_bar(painter: QPainter, free: QRectF, bar: ScaleBar | None) -> float:
    """Paint the bar at the right edge; gives the width that it takes there."""
    if bar is None:
        return 0.0
    label = QFontMetricsF(painter.font()).horizontalAdvance(bar.label)
    if label > free.width() * _BAR_SHARE or bar.length + _BAR_ENDS > free.height():
        return 0.0
    return draw_scale_bar(painter, free.right(), free.center().y(), bar)


def _draw_letters(
    painter: QPainter, inner: QRectF, texts: CornerTexts, letters: EdgeLetters, right_taken: float
) -> None:
    above, below = (texts.top_left, texts.top_right), (texts.bottom_left, texts.bottom_right)
    free = _free_band(inner, max(above, key=len), max(below, key=len))
    row = QRectF(inner.left(), inner.center().y() - _LETTER / 2, inner.width(), _LETTER)
    if free.top() <= row.top() and row.bottom() <= free.bottom():
        draw_edged_text(painter, row, (_LEFT | _MIDDLE).value, letters.left)
        narrower = row.adjusted(0, 0, -right_taken, 0)
        draw_edged_text(painter, narrower, (_RIGHT | _MIDDLE).value, letters.right)
    if free.height() < 3 * _LETTER:
        return
    metrics = QFontMetricsF(ui_font(12))
    reaches = inner.width() / 2 - _LETTER
    above_taken = max(widest(lines, metrics) for lines in above) > reaches
    below_taken = max(widest(lines, metrics) for lines in below) > reaches
    upper = free.top() if above_taken else inner.top()
    lower = (free.bottom() if below_taken else inner.bottom()) - _LETTER
    for top, letter in ((upper, letters.top), (lower, letters.bottom)):
        place = QRectF(inner.left(), top, inner.width(), _LETTER)
        draw_edged_text(painter, place, (_CENTRE | _MIDDLE).value, letter)
